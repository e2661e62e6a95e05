"""A run that is resumed with other members or options goes on; what it has stays."""

import inspect
from typing import Any

import pytest
from helpers.graphs import user
from helpers.registry import NAMES, QUESTION, small
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import InputError, Member
from manyminds.method_graph import MethodGraph
from manyminds.registry import methods


def team(**sizes: str) -> list[Member]:
    """Return simulated members of these names and sizes."""
    return [Member(f"simulated:{size}", name=name) for name, size in sizes.items()]


BEFORE = {"a": "small", "b": "medium", "c": "large"}
TEAMS = {
    "fewer": team(a="small", b="medium"),
    "another": team(a="small", b="medium", d="large"),
    "one": team(z="large"),
    "another order": team(c="large", b="medium", a="small"),
    "more": team(**BEFORE, d="small"),
}
OPTIONS = ("samples", "layers", "rounds", "refinements", "tries", "population", "steps", "window")


async def resumed_at_every_node(name: str, after: MethodGraph) -> None:
    for node in small(name, *team(**BEFORE)).nodes:
        saver = InMemorySaver()
        thread: Any = {"configurable": {"thread_id": "t"}}
        before = small(name, *team(**BEFORE))
        first = before.compile(checkpointer=saver, interrupt_after=[node])
        earlier = await first.ainvoke(user(QUESTION), thread)
        app = after.compile(checkpointer=saver)
        if not (await app.aget_state(thread)).next:
            continue
        result = await app.ainvoke(None, thread)
        assert result["answer"].strip(), node
        assert result["report"]["calls"] >= len(earlier.get("candidates", [])), node


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "members",
    [
        pytest.param(members, id=change, marks=[] if change == "fewer" else pytest.mark.slow)
        for change, members in TEAMS.items()
    ],
)
async def test_with_other_members(name: str, members: list[Member]) -> None:
    await resumed_at_every_node(name, small(name, *members))


@pytest.mark.slow
@pytest.mark.parametrize("value", [1, 2, 4])
@pytest.mark.parametrize("name", NAMES)
async def test_with_other_options(name: str, value: int) -> None:
    taken = inspect.signature(methods()[name].create()).parameters
    changed: dict[str, Any] = {key: value for key in OPTIONS if key in taken}
    if "window" in changed:
        changed["window"] = value + 1
    for key in changed:
        rebuild = small(name, *team(**BEFORE)).rebuild
        assert rebuild is not None
        try:
            graph = rebuild({key: changed[key]})
        except InputError:  # a method of one layer is none
            continue
        await resumed_at_every_node(name, graph)
