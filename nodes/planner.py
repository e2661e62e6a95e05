"""planner: splits a question into levels that are easier to get right."""

from collections.abc import Mapping, Sequence
from typing import Any

from manyminds.calls.ask import ask
from manyminds.fence import in_one_line
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt
from manyminds.reading import roles
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context


def planner(
    chain: Sequence[Member],
    *,
    method: str,
    prompt: Prompt,
    most: int,
    params: Mapping[str, Any],
    context: Context,
) -> Node:
    """Return the planner's node: it sets `plan`, the questions of the levels.

    A plan that cannot be read is asked for once more, then of the next in the chain. Without any
    plan the question itself is the only level, and the run is marked as degraded.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, method, context)
        asked = []
        for nth, member in enumerate(member for member in chain for _ in range(2)):
            messages = prompt.render(addressed(state["messages"], member), most=str(most))
            candidate = await ask(
                member, messages, ctx, role="planner", index=nth, draw=nth, params=params
            )
            asked.append(candidate)
            plan = read_plan(candidate["text"], most)
            if plan:
                return {"plan": plan, "spent": spent_on(asked)}
        note = "no plan could be read: the question was voted on as one level"
        return {"plan": [state["question"]], "notes": [note], "spent": spent_on(asked)}

    return Node(run, "planner")


def read_plan(reply: str, most: int) -> list[str]:
    """Return the questions of a plan, each in one line; empty where none can be read."""
    return [in_one_line(question) for question in roles.read_plan(reply) or []][:most]
