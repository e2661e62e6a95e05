"""proposer: answers the question, from the second layer on with the layer before to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from manyminds.calls.ask import ask
from manyminds.limits.quorum import layer_deadline
from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context


def proposer(
    member: Member,
    *,
    method: str,
    layers: Sequence[Sequence[Member]],
    prompt: Prompt,
    params: Mapping[str, Any],
    quorum: float,
    context: Context,
) -> Node:
    """Return the node of one proposer (Mixture-of-Agents, arXiv 2406.04692).

    The first layer is asked the bare conversation; later ones also read the answers of the layer
    just before, and no older ones.

    Args:
        member: who proposes; the node has its name.
        method: name of the method.
        layers: the proposers of each layer, this member among them.
        prompt: the synthesis prompt, with the variable `answers`.
        params: sampling defaults of the role.
        quorum: good answers that each layer needs.
        context: the builder's settings.
    """
    indices = [[m.name for m in row].index(member.name) if member in row else -1 for row in layers]

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, method, context)
        layer = state["layer"]
        messages = addressed(state["messages"], member)
        if layer > 1:
            references = [candidate["text"] for candidate in usable(state)]
            messages = prompt.render(messages, answers=numbered(references))
        candidate = await ask(
            member,
            messages,
            ctx,
            role="proposer",
            index=indices[layer - 1],
            draw=sum(index >= 0 for index in indices[: layer - 1]),
            layer=layer,
            params=params,
            deadline=layer_deadline(ctx, layer, asked=len(layers[layer - 1]), quorum=quorum),
        )
        return {"candidates": [candidate], "spent": spent_on([candidate])}

    return Node(run, member.name)
