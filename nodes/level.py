"""level: one level of a hierarchy is sampled and voted on; its winner is carried down."""

from collections.abc import Callable
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from manyminds.calls.ask import ask
from manyminds.fence import in_one_line
from manyminds.members import Member
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.prompts import Prompt
from manyminds.reading.answers import Extractor
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on, totals
from manyminds.settings import Context


class LevelResult(TypedDict):
    """What a level asked and found, by which members, with which votes, at what cost."""

    ask: str
    answer: str
    members: list[str]
    votes: list[dict[str, Any]]
    calls: int
    cost: float | None


class Poll(NamedTuple):
    """What a level asks, and the Agent Forest that it asks.

    Attributes:
        ask: the question of the level.
        forest: the forest, as a member.
        voters: who is sampled in it.
        extract: how to read the winner's answer.
        last: whether its answer is the answer.
    """

    ask: str
    forest: Member
    voters: list[str]
    extract: Extractor
    last: bool


def level(
    poll: Callable[[State], Poll], *, name: str, method: str, prompt: Prompt, context: Context
) -> Node:
    """Return the node of one level.

    Args:
        poll: from the state to what each member is asked.
        name: of the node.
        method: name of the method.
        prompt: with the variables `question`, `found` and `ask`.
        context: the builder's settings.

    Raises:
        QuorumError: while running, if the level found no answer.
    """

    async def run(state: State) -> Update:
        if state.get("final") is not None:
            return {}  # the budget ended the run in a level before this one
        done: list[LevelResult] = state["levels"]
        at, this = len(done), poll(state)
        messages = prompt.render([], question=state["question"], found=_found(done), ask=this.ask)
        ctx = RunContext.of(state, method, context)
        candidate = await ask(
            this.forest, messages, ctx, role="level", index=at, draw=at, layer=at + 1
        )
        spent = spent_on([candidate])
        over = ctx.exhausted() if candidate["status"] != "ok" and done else None
        if over is not None:
            final = {**candidate, "status": "ok", "error": None, "text": done[-1]["answer"]}
            note = f"{over} in level {at + 1}: the answer is that of level {at}"
            return {"final": final, "notes": [note], "spent": spent}
        require([candidate], 1)
        total = totals(spent)
        result = LevelResult(
            ask=this.ask,
            answer=this.extract.extract(candidate["text"]) or candidate["text"],
            members=this.voters,
            votes=[dict(group) for group in candidate.get("ballot", {}).get("groups", [])],
            calls=total["calls"],
            cost=total["cost"] if total["unpriced"] < total["calls"] else None,
        )
        return {
            "levels": [*done, result],
            "layer": at + 1,
            "spent": spent,
            "final": candidate if this.last else None,
        }

    return Node(run, name)


def _found(done: list[LevelResult]) -> str:
    lines = [
        f"{n}. {level['ask']} {in_one_line(level['answer'])}" for n, level in enumerate(done, 1)
    ]
    return "\n".join(lines) or "(nothing yet)"
