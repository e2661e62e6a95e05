import asyncio
import threading
from functools import partial
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from manyminds import InputError, as_node
from manyminds.nodes.node import Node, Route, custom, is_node
from manyminds.testing import ScriptedChatModel


class Numbers(TypedDict, total=False):
    n: int
    where: str


def graph_of(node: Any) -> Any:
    graph = StateGraph(Numbers)
    graph.add_node("only", node)
    graph.add_edge(START, "only")
    return graph.compile()


async def add_one(state: Any) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"n": state["n"] + 1, "where": threading.current_thread().name}


async def test_one_function_serves_both_ways() -> None:
    app = graph_of(Node(add_one, "only"))
    here = await app.ainvoke({"n": 1})
    there = app.invoke({"n": 1})
    assert here["n"] == there["n"] == 2
    assert here["where"] == threading.current_thread().name
    assert there["where"] == "manyminds-loop"


def test_many_synchronous_nodes_share_the_one_loop() -> None:
    met = 0

    async def meet(_state: Any) -> dict[str, Any]:
        nonlocal met
        met += 1
        while met < 40:
            await asyncio.sleep(0.001)
        return {}

    graph = StateGraph(Numbers)
    for nth in range(40):
        graph.add_node(f"n{nth}", Node(meet, f"n{nth}"))
        graph.add_edge(START, f"n{nth}")
    graph.compile().invoke({"n": 0}, {"max_concurrency": 40})
    assert met == 40


async def test_errors_come_out_as_they_are() -> None:
    async def fail(_state: Any) -> dict[str, Any]:
        raise InputError("give something else")

    app = graph_of(Node(fail, "only"))
    for wait in (app.ainvoke({"n": 1}), asyncio.to_thread(app.invoke, {"n": 1})):
        with pytest.raises(InputError, match="give something else"):
            await wait


def sync_node(state: Any) -> dict[str, Any]:
    return {"n": state["n"] * 10, "where": threading.current_thread().name}


class Host:
    def method(self, state: Any) -> dict[str, Any]:
        return sync_node(state)

    async def later(self, state: Any) -> dict[str, Any]:
        return sync_node(state)


@pytest.mark.parametrize(
    "function",
    [
        sync_node,
        Host().method,
        Host().later,
        partial(sync_node),
        partial(Host().later),
        as_node(RunnableLambda(sync_node)),
        Node(Host().later, "x").ainvoke,
    ],
    ids=["function", "method", "async", "partial", "async partial", "runnable", "node"],
)
async def test_every_kind_of_custom_node(function: Any) -> None:
    assert is_node(function)
    app = graph_of(custom(function, "only"))
    assert (await app.ainvoke({"n": 1}))["n"] == 10 == app.invoke({"n": 1})["n"]


async def test_a_synchronous_custom_node_does_not_run_on_the_loop() -> None:
    app = graph_of(custom(sync_node, "only"))
    names = {(await app.ainvoke({"n": 1}))["where"], app.invoke({"n": 1})["where"]}
    assert not names & {threading.current_thread().name, "manyminds-loop"}


@pytest.mark.parametrize("value", [None, "text", ["a"], 3])
async def test_what_is_no_update_is_refused(value: Any) -> None:
    def now(_state: Any) -> Any:
        return value

    async def later(_state: Any) -> Any:
        return value

    for function in (now, later):
        kind = type(value).__name__
        with pytest.raises(InputError, match=f"node `mine` returned {kind}: return a dict"):
            await graph_of(custom(function, "mine")).ainvoke({"n": 1})


def test_a_member_is_no_node() -> None:
    for member in (
        ScriptedChatModel(),
        RunnableLambda(sync_node),
        "openai:x",
        None,
        [ScriptedChatModel()],
    ):
        assert not is_node(member)


async def test_routes_are_the_same_both_ways() -> None:
    def fan(state: Any) -> list[Send]:
        return [Send("leaf", {"n": k}) for k in range(state["n"])]

    seen: list[int] = []

    async def leaf(state: Any) -> dict[str, Any]:
        seen.append(state["n"])
        return {}

    graph = StateGraph(Numbers)
    graph.add_node("first", Node(leaf, "first"))
    graph.add_node("leaf", Node(leaf, "leaf"))
    graph.add_edge(START, "first")
    graph.add_conditional_edges("first", Route(fan), ["leaf"])
    app = graph.compile()
    assert ("first", "leaf") in {(e.source, e.target) for e in app.get_graph().edges}
    app.invoke({"n": 3})
    await app.ainvoke({"n": 2})
    assert sorted(seen[1:4]) == [0, 1, 2] and sorted(seen[5:]) == [0, 1]
