"""role_writer: writes a role for each proposer, from what the data and the task are like."""

import json
from collections.abc import Sequence
from hashlib import sha256

from langchain_core.messages import BaseMessage
from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore

from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.panel import METHOD, Panel
from manyminds.nodes.persona import addressed
from manyminds.nodes.reply_schema import object_schema
from manyminds.nodes.role_call import ask_role
from manyminds.prompts import Prompt, escaped
from manyminds.reading.verdicts import read_roles
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on

ROLE = "role_writer"
NAMESPACE = ("manyminds", "roles")
TASK = "Answer the question correctly and completely."
INSTEAD = "the proposers answered without roles"
_SCHEMA = object_schema("panel", {"roles": {"type": "array", "items": {"type": "string"}}})


def role_writer(
    chain: Sequence[Member],
    panel: Panel,
    *,
    prompt: Prompt,
    description: str | None = None,
    task: str | None = None,
) -> Node:
    """Return the node that sets `roles` (Sparse Mixture-of-Agents, arXiv 2411.03284).

    Where the host compiled the graph with a store, roles for a described data set are written once
    and found there by later runs. A reply that cannot be read is asked for once more, then of the
    next in the chain; without any the proposers have no roles, and the run is marked as degraded.

    Args:
        chain: who writes, and who takes over when that one fails.
        panel: the panel.
        prompt: with the variables `count`, `description` and `task`.
        description: what the questions are like; None: only the one at hand is known.
        task: what is to be done with them; None: to answer.
    """
    count = len(panel.proposers)
    about = json.dumps([description, task, count, prompt.ref])
    key = sha256(about.encode()).hexdigest()

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, panel.context)
        store = get_runtime().store if description is not None else None
        found = await _kept(store, key, count)
        if found is not None:
            return {"roles": found}
        spent = ctx.exhausted(1 + panel.calls)
        if spent is not None:
            return {"notes": [f"{spent}: {INSTEAD}"]}
        values = {
            "count": str(count),
            "description": description or f"The one at hand:\n{escaped(ctx.question)}",
            "task": task or TASK,
        }

        def messages(member: Member) -> list[BaseMessage]:
            return addressed(prompt.render([], **values), member)

        reply = await ask_role(
            chain,
            messages,
            ctx,
            parse=lambda text: read_roles(text, count),
            schema=_SCHEMA,
            role=ROLE,
            layer=0,
            draw=lambda member: panel.draw(member, ROLE, 0),
        )
        if store is not None and reply.value is not None:
            await store.aput(NAMESPACE, key, {"roles": reply.value})
        return {
            "roles": reply.value or [],
            "spent": spent_on(reply.asked),
            "notes": reply.notes(ROLE.replace("_", " "), INSTEAD),
        }

    return Node(run, ROLE)


async def _kept(store: BaseStore | None, key: str, count: int) -> list[str] | None:
    """Return the roles that an earlier run left in the store, if they are what is needed."""
    item = None if store is None else await store.aget(NAMESPACE, key)
    kept = None if item is None else item.value.get("roles")
    if not isinstance(kept, list) or len(kept) != count:
        return None
    return [str(role) for role in kept]
