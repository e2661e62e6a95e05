"""Both places that a journal may be kept in, by themselves."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

from manyminds.runs.journal_backends import CheckpointBackend, JournalBackend, StoreBackend

Slot: TypeAlias = Callable[[str], JournalBackend]


@pytest.fixture(params=["store", "SQLite store", "saver", "SQLite saver", "SQLite, asynchronous"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Slot]:
    """Return what makes the shelf of a run, each time anew as a new process would."""
    path = str(tmp_path / "some.db")
    match request.param:
        case "store":
            store = InMemoryStore()
            yield lambda run: StoreBackend(store, run)
        case "SQLite store":
            with SqliteStore.from_conn_string(path) as kept:
                kept.setup()
                yield lambda run: StoreBackend(kept, run)
        case "saver":
            memory = InMemorySaver()
            yield lambda run: CheckpointBackend(memory, "thread", run)
        case "SQLite saver":
            with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
                yield lambda run: CheckpointBackend(SqliteSaver(connection), "thread", run)
        case _:
            async with AsyncSqliteSaver.from_conn_string(path) as saver:
                yield lambda run: CheckpointBackend(saver, "thread", run)


async def test_what_is_written_is_there_for_who_comes_later(place: Slot) -> None:
    assert await place("one").load() == {}
    first = place("one")
    await first.write({"a": "1", "b/0": "two\nlines"})
    await first.write({f"c{number}": str(number) for number in range(2_000)})
    found = await place("one").load()
    assert found["a"] == "1" and found["b/0"] == "two\nlines" and len(found) == 2_002
    assert await place("another").load() == {}


async def test_a_later_life_adds_to_what_is_there(place: Slot) -> None:
    await place("one").write({"a": "1"})
    later = place("one")
    assert await later.load() == {"a": "1"}
    await later.write({"b": "2"})
    assert await place("one").load() == {"a": "1", "b": "2"}


async def test_what_is_cleared_is_not_found_again(place: Slot) -> None:
    await place("one").write({"a": "1"})
    await place("two").write({"a": "2"})
    shelf = place("one")
    await shelf.clear()
    assert await place("one").load() == {}
    await shelf.write({"b": "3"})
    assert await place("one").load() == {"b": "3"}
    assert await place("two").load() == {"a": "2"}


async def test_answers_among_checkpoints_are_none_of_the_graph_and_go_with_the_thread() -> None:
    saver = InMemorySaver()
    shelf = CheckpointBackend(saver, "thread", "one")
    await shelf.write({"a": "1"})
    assert saver.get_tuple({"configurable": {"thread_id": "thread", "checkpoint_ns": ""}}) is None
    saver.delete_thread("thread")
    assert await CheckpointBackend(saver, "thread", "one").load() == {}
