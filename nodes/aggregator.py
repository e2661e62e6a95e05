"""aggregator: one answer out of many, written by a member that reads them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from manyminds.errors import QuorumError
from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.node import State, Update
from manyminds.nodes.role_call import RoleReply
from manyminds.nodes.step import Ask, Run
from manyminds.prompts import FilledPrompt
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
        instead = last_resort or _typical
        return written(reply, ask.role, lambda: instead(state))

    return run


def written(reply: RoleReply[str], role: str, instead: Callable[[], Candidate]) -> Update:
    """Return the update of a role that has written the answer.

    Args:
        reply: Reply of the role.
        role: Name of the role.
        instead: Function to the candidate that is the answer if nobody has written.
    """
    if reply.reply is None:
        note = f"no {role} answered ({reply.why}): the answer is one member's own, verbatim"
        return {"final": instead(), "notes": [note]}
    return {"final": reply.reply, "notes": reply.notes(role, "")}


def _typical(state: State) -> Candidate:
    return most_alike(usable(state))


def most_alike(references: Sequence[Candidate]) -> Candidate:
    """Return the candidate that is most like the others: the last resort of every role.

    Raises:
        QuorumError: There is none.
    """
    if not references:
        raise QuorumError("there is no answer to fall back on: keep at least one candidate")
    winner = consensus([candidate["text"] for candidate in references])["winner"]
    return references[winner or 0]
