"""Memory over runs: notes in LangGraph's store, where the graph was compiled with one."""

from collections.abc import Sequence
from typing import Any

from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore

from manyminds.fence import escaped
from manyminds.runs.journal_backends import called

ROOT = "manyminds"


async def recalled(area: str, key: str) -> list[str]:
    """Return the notes of earlier runs, oldest first; none without a store.

    Args:
        area: Name of the method or the role whose notes they are.
        key: Subject of the notes.
    """
    store = _store()
    item = None if store is None else await called(store, "get", (ROOT, area), key)
    kept: list[Any] = [] if item is None else item.value.get("notes", [])
    return [str(note) for note in kept]


async def remember(area: str, key: str, notes: Sequence[str]) -> None:
    """Put notes where the next run finds them; without a store they end with this one."""
    store = _store()
    if store is not None:
        await called(store, "put", (ROOT, area), key, {"notes": list(notes)})


def listed(notes: Sequence[str]) -> str:
    """Return notes as a prompt lists them."""
    return "\n".join(f"- {escaped(note)}" for note in notes)


def _store() -> BaseStore | None:
    return get_runtime().store
