"""aggregator: one answer out of many, written by a member that reads them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from manyminds.aio import in_thread
from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.node import State, Update
from manyminds.nodes.overflow import fitting
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import WORKERS, most_alike
from manyminds.prompts import FilledPrompt
from manyminds.state import Candidate

Fill: TypeAlias = Callable[[State], FilledPrompt]
"""Function from the state to the prompt with the answers in it."""


def aggregator(
    chain: Sequence[Member],
    fill: Fill,
    *,
    params: Mapping[str, Any] | None = None,
    last_resort: Callable[[State], Candidate] | None = None,
) -> Run:
    """Return the step of a member that writes the answer out of the candidates.

    The members of the chain are asked in order. If all fail, one of the candidates is the answer,
    verbatim, and the run is marked as degraded.

    Args:
        chain: Member that writes, then those that take over.
        fill: Function from the state to the prompt.
        params: Sampling defaults of the role.
        last_resort: Function from the state to the candidate that is the answer if all fail.
            Default: the one that is most like the others.
    """

    async def run(state: State, ask: Ask) -> Update:
        shown, shortened = await fitting(state, ask, chain[0], fill)
        question = await in_thread(WORKERS, fill, shown)  # equal answers are shown once
        reply = await ask.writer(chain, question, layer=ask.layer + 1, params=params, stream=True)
        if reply.reply is not None:
            return {"final": reply.reply, "notes": [*shortened, *reply.notes(ask.role, "")]}
        note = f"no {ask.role} answered ({reply.why}): the answer is one member's own, verbatim"
        if last_resort is not None:
            return {"final": last_resort(state), "notes": [note]}
        final, notes = await most_alike(ask.run, usable(state))
        return {"final": final, "notes": [note, *notes]}

    return run
