"""lessons: what failed tries taught, read from the host's store and written to it."""

from typing import Any

from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore

from manyminds.nodes.node import Node, State, Update
from manyminds.runs.context import RunContext
from manyminds.runs.journal_backends import called
from manyminds.settings import Context

NAMESPACE = ("manyminds", "reflexion")


def recall(task: str | None, *, memory: int, method: str, context: Context) -> Node:
    """Return the node that takes up the lessons of earlier runs, where the host has a store.

    Args:
        task: what the lessons are about; None: the question itself.
        memory: lessons at most.
        method: name of the method.
        context: the builder's settings.
    """

    async def run(state: State) -> Update:
        store = _store()
        if store is None:
            return {}
        item = await called(
            store, "get", NAMESPACE, _key(task, RunContext.of(state, method, context))
        )
        kept: list[Any] = [] if item is None else item.value.get("lessons", [])
        return {"lessons": [str(lesson) for lesson in kept][-memory:]}

    return Node(run, "memory")


async def remember(task: str | None, lessons: list[str], run: RunContext) -> None:
    """Put the lessons where the next run finds them; without a store they end with this one."""
    store = _store()
    if store is not None:
        await called(store, "put", NAMESPACE, _key(task, run), {"lessons": lessons})


def _store() -> BaseStore | None:
    return get_runtime().store


def _key(task: str | None, run: RunContext) -> str:
    """Lessons about one question, or one task; the samples of a forest keep theirs apart."""
    return f"{run.question_id if task is None else task}:{run.base}"
