"""One async function as a graph node that also serves synchronous `invoke`, at full concurrency.

LangGraph refuses an async-only node under `invoke`, and runs synchronous ones in a pool of a few
threads. Here the one async function runs on the caller's loop, or on a loop of our own.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import time
from types import FunctionType, MethodType
from typing import Any, TypeAlias, TypeGuard, cast

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.runtime import get_runtime
from langgraph.types import Send

from manyminds.aio import background_loop, in_thread
from manyminds.errors import InputError, RunError
from manyminds.records.events import decided
from manyminds.runs.scope import known_scope, spent_by

State: TypeAlias = Mapping[str, Any]
Update: TypeAlias = dict[str, Any]
NodeFunction: TypeAlias = Callable[[Any], Awaitable[Update]] | Callable[[Any], Update]


class Node(Runnable[Any, Update]):
    """A node of a method: from the state to a partial update."""

    def __init__(self, function: Callable[[Any], Awaitable[Update]], name: str) -> None:
        self.name = name
        self.function = function

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Update:
        """Run on the background loop and wait; LangGraph calls this from a worker thread."""
        running = asyncio.run_coroutine_threadsafe(self._run(input, config), background_loop())
        try:
            return running.result()
        except BaseException:
            running.cancel()
            raise

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Update:
        """Run on the caller's loop."""
        return await self._run(input, config)

    async def _run(self, input: Any, config: RunnableConfig | None) -> Update:
        at = time()
        try:
            update = await self.function(input)
        except RunError as error:
            if isinstance(input, Mapping):
                state = cast("State", input)
                if error.spent is None:
                    error.spent = spent_by(state.get("run")) or state.get("spent")
                common = known_scope(state.get("run"))
                if common is not None and common.recorder is not None:
                    common.recorder.failed(state["run"], error)
            raise
        if config is not None:  # a node that another one calls is told of by that
            self._tell(input, update, at, config)
        return update

    def _tell(self, state: State, update: Update, at: float, config: RunnableConfig) -> None:
        run: str = update["run"] if "run" in update else state.get("run", "")
        layer: int = update["layer"] if "layer" in update else state.get("layer", 0)
        common = known_scope(run)
        if common is None:
            return
        for event in decided(run, common.method, layer, update):
            get_runtime().stream_writer(event)
            if common.recorder is not None:
                common.recorder.event(event)
        if common.recorder is not None:
            name = str(config.get("metadata", {}).get("langgraph_node", self.name))
            common.recorder.node(run, name, layer, update, at=at)


class Route(Runnable[Any, Any]):
    """Where a conditional edge goes: a pure function of the state, called the same way both times.

    A plain function would run in a thread under `ainvoke`, an async one fail under `invoke`.
    """

    def __init__(self, function: Callable[[Any], str | list[str] | list[Send]]) -> None:
        self.name = function.__name__
        self.function = function

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Say where to go next."""
        return self.function(input)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Say where to go next."""
        return self.function(input)


def is_node(role: object) -> TypeGuard[NodeFunction]:
    """Tell whether a role argument is a node (a plain function) rather than a member."""
    return isinstance(role, FunctionType | MethodType | partial | Node)


def as_node(runnable: Runnable[Any, Any]) -> NodeFunction:
    """Make a Runnable from state to update usable as a custom node.

    Role arguments (`judge=`, `aggregator=`, ...) take a Runnable for a member that is asked with
    messages; wrap it with this when it reads the state and returns an update instead.
    """

    async def run(state: Any) -> Update:
        return cast(Update, await runnable.ainvoke(state))

    return run


def custom(function: NodeFunction, name: str) -> Node:
    """Return a host's own function as a node, checking that it returns an update.

    A synchronous one runs in a thread, so that it may block, or `invoke` another graph.

    Raises:
        InputError: while running, if it returns something that is no mapping.
    """

    async def run(state: Any) -> Update:
        if inspect.iscoroutinefunction(function):
            update: object = await function(state)
        else:
            update = await in_thread(_THREADS, function, state)
            update = await update if inspect.isawaitable(update) else update
        if not isinstance(update, Mapping):
            kind = type(update).__name__
            raise InputError(
                f"the node `{name}` returned {kind}: return a dict with the keys it updates"
            )
        return dict(cast("Mapping[str, Any]", update))

    return Node(run, name)


_THREADS = 256
