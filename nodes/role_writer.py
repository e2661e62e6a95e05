"""role_writer: writes a role for each proposer, from what the data and the task are like."""

import json
from collections.abc import Sequence
from hashlib import sha256

from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore

from manyminds.members import Member
from manyminds.nodes.node import State, Update
from manyminds.nodes.reply_schema import object_schema
from manyminds.nodes.step import Ask, Run
from manyminds.prompts import Prompt, escaped
from manyminds.reading.verdicts import read_roles
from manyminds.runs.journal_backends import called

NAMESPACE = ("manyminds", "roles")
TASK = "Answer the question correctly and completely."
INSTEAD = "the proposers answered without roles"
_SCHEMA = object_schema("panel", {"roles": {"type": "array", "items": {"type": "string"}}})


def role_writer(
    chain: Sequence[Member],
    prompt: Prompt,
    *,
    count: int,
    reserve: int,
    description: str | None = None,
    task: str | None = None,
) -> Run:
    """Return the step that sets `roles` (Sparse Mixture-of-Agents, arXiv 2411.03284).

    With a description, and where the graph is compiled with a store, roles are written once and
    found there by later runs. If no reply can be read, the proposers have no roles, and the run is
    marked as degraded. `roles_from` says where the roles come from.

    Args:
        chain: Member that writes, then those that take over.
        prompt: Prompt with the variables `count`, `description` and `task`.
        count: Number of roles.
        reserve: Calls of the first layer up to the answer, which the budget must leave room for.
        description: What the questions are like. None: only the one at hand is known.
        task: What is to be done with them. None: to answer.
    """
    about = json.dumps([description, task, count, prompt.ref])
    key = sha256(about.encode()).hexdigest()

    async def run(state: State, ask: Ask) -> Update:
        store = get_runtime().store if description is not None else None
        found = await _stored(store, key, count)
        if found is not None:
            return {"roles": found, "roles_from": "store"}
        spent = ask.run.exhausted(1 + reserve)
        if spent is not None:
            return {"roles_from": "fallback", "notes": [f"{spent}: {INSTEAD}"]}
        reply = await ask.verdict(
            chain,
            prompt.fill(
                count=str(count),
                description=description or f"The one at hand:\n{escaped(state['question'])}",
                task=task or TASK,
            ),
            parse=lambda text: read_roles(text, count),
            schema=_SCHEMA,
        )
        if store is not None and reply.value is not None:
            await called(store, "put", NAMESPACE, key, {"roles": reply.value})
        return {
            "roles": reply.value or [],
            "roles_from": reply.source,
            "notes": reply.notes("role writer", INSTEAD),
        }

    return run


async def _stored(store: BaseStore | None, key: str, count: int) -> list[str] | None:
    """Return the roles that an earlier run left in the store, if they are what is needed."""
    item = None if store is None else await called(store, "get", NAMESPACE, key)
    roles = None if item is None else item.value.get("roles")
    if not isinstance(roles, list) or len(roles) != count:
        return None
    return [str(role) for role in roles]
