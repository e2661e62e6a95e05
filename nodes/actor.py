"""actor: a proposer in a role; the role and what others answered go into one system message."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import ask
from manyminds.limits.quorum import layer_deadline
from manyminds.nodes.channels import usable
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.panel import METHOD, Panel
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on


def actor(
    place: int, panel: Panel, *, prompt: Prompt, plain: Prompt, params: Mapping[str, Any]
) -> Node:
    """Return the node of a proposer that answers in its role, the one in `roles` at its place.

    From the second layer on it also reads the answers of the layer before that were kept. Where it
    has no role it is asked like any proposer.

    Args:
        place: among the proposers, from 0; the node has that member's name.
        panel: the panel.
        prompt: for one with a role, with the variables `role` and `answers`.
        plain: for one without, from the second layer on, with the variable `answers`.
        params: sampling defaults.
    """
    member = panel.proposers[place]

    def messages(state: State) -> list[BaseMessage]:
        given = addressed(state["messages"], member)
        first, roles = state["layer"] == 1, state["roles"]
        answers = "" if first else numbered(candidate["text"] for candidate in usable(state))
        if place < len(roles):
            return prompt.render(given, role=roles[place], answers=answers)
        return given if first else plain.render(given, answers=answers)

    async def run(state: State) -> Update:
        layer = state["layer"]
        ctx = RunContext.of(state, METHOD, panel.context)
        candidate = await ask(
            member,
            messages(state),
            ctx,
            role="proposer",
            index=place,
            draw=layer - 1,
            layer=layer,
            params=params,
            deadline=layer_deadline(ctx, layer, asked=len(panel.proposers), quorum=panel.quorum),
        )
        return {"candidates": [candidate], "spent": spent_on([candidate])}

    return Node(run, member.name)
