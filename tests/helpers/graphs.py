"""Running graphs in tests: the four ways of calling, and what a stream shows."""

from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.types import StreamMode

from manyminds.compiled_method import CompiledMethod
from manyminds.runs.context import RunContext
from manyminds.runs.scope import forget
from manyminds.settings import Context

WAYS = ("invoke", "ainvoke", "stream", "astream")
every_way = pytest.mark.parametrize("way", WAYS)


def user(text: str = "What is six times seven?") -> dict[str, Any]:
    """Return the input of a method for one question."""
    return {"messages": [("user", text)]}


async def call(
    app: CompiledMethod,
    way: str,
    given: Mapping[str, Any] | None,
    config: RunnableConfig | None = None,
    context: Any = None,
) -> dict[str, Any]:
    """Run a graph in one of the four ways and return its last state.

    The synchronous ways are called as in a notebook: while a loop is running in this thread.
    """
    if way == "invoke":
        return app.invoke(given, config, context=context)
    if way == "ainvoke":
        return await app.ainvoke(given, config, context=context)
    if way == "stream":
        state: dict[str, Any]
        *_, state = app.stream(given, config, context=context, stream_mode="values")
        return state
    last: dict[str, Any] = {}
    async for state in app.astream(given, config, context=context, stream_mode="values"):
        last = state
    return last


MESSAGES: list[StreamMode] = ["messages", "custom"]


class Shown:
    """What a caller that streams messages sees: by namespace, the pieces in order."""

    def __init__(self) -> None:
        self.pieces: list[tuple[tuple[str, ...], BaseMessage]] = []
        self.events: list[dict[str, Any]] = []

    def texts(self, *, whole: bool, depth: int | None = None) -> list[str]:
        """Return texts of whole messages, or of tokens; `depth` counts the graphs around."""
        return [
            message.text
            for space, message in self.pieces
            if isinstance(message, AIMessageChunk) is not whole
            and message.text
            and (depth is None or len(space) == depth)
        ]

    @property
    def ids(self) -> set[str | None]:
        """The ids of the messages seen."""
        return {message.id for _, message in self.pieces}


async def shown(
    app: CompiledMethod, given: Mapping[str, Any], *, subgraphs: bool = False, way: str = "astream"
) -> Shown:
    """Stream messages and custom events, and return what was seen."""
    seen = Shown()

    def take(part: Any) -> None:
        space, mode, data = part if subgraphs else ((), *part)
        if mode == "custom":
            seen.events.append(data)
        else:
            seen.pieces.append((space, data[0]))

    if way == "stream":
        for part in app.stream(given, stream_mode=MESSAGES, subgraphs=subgraphs):
            take(part)
    else:
        async for part in app.astream(given, stream_mode=MESSAGES, subgraphs=subgraphs):
            take(part)
    return seen


def a_run(id: str = "r", **settings: Any) -> RunContext:
    """Return a new run outside any graph, for tests of what nodes are made of."""
    forget(id)
    defaults: dict[str, Any] = {"concurrency": 256, "seed": 0}
    context = Context(**(defaults | settings))
    return RunContext(id=id, method="test", question_id="q", question="Why?", settings=context)
