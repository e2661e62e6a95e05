"""role_writer: writes a role for each proposer, from a description of the data and the task."""

import json
from collections.abc import Sequence
from hashlib import sha256

from manyminds.members import Member
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.prompts import Prompt, escaped
from manyminds.reading.schemas import object_schema
from manyminds.reading.verdicts import read_roles
from manyminds.runs import memory

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
    """Return the step that sets `proposer_roles` (Sparse Mixture-of-Agents, arXiv 2411.03284).

    With a description, and where the graph is compiled with a store, roles are written once and
    found there by later runs. If no reply can be read, the proposers have no roles, and the run is
    marked as degraded. `roles_from` says where the roles come from.

    Args:
        chain: Member that writes, then those that take over.
        prompt: Prompt with the variables `count`, `description` and `task`.
        count: Number of roles.
        reserve: Calls of the first layer up to the answer, which the budget must leave room for.
        description: Description of the questions. None: only the current one is known.
        task: Task, as a text. None: to answer.
    """
    about = json.dumps([description, task, count, prompt.ref])
    key = sha256(about.encode()).hexdigest()

    async def run(state: State, ask: Ask) -> Update:
        found = await memory.recalled("roles", key) if description is not None else []
        if len(found) == count:
            return {"proposer_roles": found, "roles_from": "store"}
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
        if description is not None and reply.value is not None:
            await memory.remember("roles", key, reply.value)
        return {
            "proposer_roles": reply.value or [],
            "roles_from": reply.source,
            "notes": reply.notes("role writer", INSTEAD),
        }

    return run
