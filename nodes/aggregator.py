"""aggregator: one answer out of many, written by a member that reads them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from manyminds.errors import QuorumError
from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import in_worker
from manyminds.prompts import FilledPrompt
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.votes import consensus

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
        reply = await ask.writer(
            chain, fill(state), layer=ask.layer + 1, params=params, stream=True
        )
        if reply.reply is not None:
            return {"final": reply.reply, "notes": reply.notes(ask.role, "")}
        note = f"no {ask.role} answered ({reply.why}): the answer is one member's own, verbatim"
        if last_resort is not None:
            return {"final": last_resort(state), "notes": [note]}
        final, notes = await most_alike(ask.run, usable(state))
        return {"final": final, "notes": [note, *notes]}

    return run


async def most_alike(
    ctx: RunContext, references: Sequence[Candidate]
) -> tuple[Candidate, list[str]]:
    """Return the candidate that is most like the others, and notes: the last resort of every role.

    The texts are compared in a worker thread, within the run's seconds and the caps of a vote.
    Where the seconds end first, the first candidate is taken.

    Raises:
        QuorumError: There is none.
    """
    first = first_of(references)
    texts = [candidate["text"] for candidate in references]
    ballot = await in_worker(ctx, lambda: consensus(texts))
    if ballot is None:
        note = "the run's seconds ended before the answers were compared: the first is taken"
        return first, [note]
    return references[ballot["winner"] or 0], list(ballot.get("notes", []))


def first_of(references: Sequence[Candidate]) -> Candidate:
    """Return the first candidate.

    Raises:
        QuorumError: There is none.
    """
    if not references:
        raise QuorumError("there is no answer to fall back on: keep at least one candidate")
    return references[0]
