"""Fails where a version of LangGraph no longer sets the private keys that the journal reads."""

from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from manyminds.runs.langgraph_internals import checkpointer, replay_state


class Seen(TypedDict):
    n: int


async def test_langgraph_still_sets_what_the_journal_reads() -> None:
    seen: list[tuple[object, object]] = []

    async def node(state: Seen) -> dict[str, int]:
        seen.append((checkpointer(), replay_state()))
        return {"n": state["n"] + 1}

    graph: Any = StateGraph(Seen)
    graph.add_node("inside", node)
    graph.add_edge(START, "inside")
    outer: Any = StateGraph(Seen)
    outer.add_node("graph", graph.compile())
    outer.add_edge(START, "graph")
    saver = InMemorySaver()
    app = outer.compile(checkpointer=saver)
    config = {"configurable": {"thread_id": "t"}}
    await app.ainvoke({"n": 0}, config)
    assert seen == [(saver, None)]
    first = [each async for each in app.aget_state_history(config)][-1]
    await app.ainvoke(None, first.config)
    assert seen[1][0] is saver and seen[1][1] is not None
