"""aggregator: one answer out of many, written by a member that reads them all."""

from collections.abc import Mapping, Sequence
from typing import Any

from manyminds.errors import QuorumError
from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.fallback import first_answer, why
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate
from manyminds.votes.votes import consensus


def aggregator(
    chain: Sequence[Member],
    *,
    method: str,
    prompt: Prompt,
    params: Mapping[str, Any],
    context: Context,
    layers: Sequence[Sequence[Member]] = (),
) -> Node:
    """Return the aggregator's node.

    The members of the chain are tried in order. Should all fail, the candidate that is most like
    the others is the answer, verbatim, and the run is marked as degraded.

    Args:
        chain: the aggregator and who takes over when it fails.
        method: name of the method.
        prompt: the synthesis prompt, with the variable `answers`.
        params: sampling defaults of the role.
        context: the builder's settings.
        layers: the proposers of each layer: an aggregator among them was asked before.
    """
    proposed = [{member.name for member in row} for row in layers]

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, method, context)
        references = usable(state)
        answers = numbered(candidate["text"] for candidate in references)
        final, tried = await first_answer(
            chain,
            lambda member: prompt.render(addressed(state["messages"], member), answers=answers),
            ctx,
            role="aggregator",
            layer=state["layer"] + 1,
            draw=lambda member: sum(member.name in names for names in proposed[: state["layer"]]),
            params=params,
            stream=True,
        )
        update: Update = {"spent": spent_on(tried)}
        if final is None:
            instead = "the answer is one member's own, verbatim"
            note = f"no aggregator answered ({why(tried)}): {instead}"
            return {**update, "final": most_alike(references), "notes": [note]}
        notes = [f"{final['member']} aggregated after another failed"] if tried[1:] else []
        return {**update, "final": final, "notes": notes}

    return Node(run, "aggregator")


def most_alike(references: Sequence[Candidate]) -> Candidate:
    """Return the candidate that is most like the others: the last resort of every role.

    Raises:
        QuorumError: there is none.
    """
    if not references:
        raise QuorumError("there is no answer to fall back on: keep at least one candidate")
    winner = consensus([candidate["text"] for candidate in references])["winner"]
    return references[winner or 0]
