"""The journal by itself: its answers, their run, and how long it keeps them."""

import asyncio
import json
from typing import Any

import pytest
from helpers.graphs import a_run
from helpers.lives import forget_all
from langgraph.graph import START, StateGraph
from langgraph.store.base import Op, Result
from langgraph.store.memory import InMemoryStore
from typing_extensions import TypedDict

from manyminds import Member
from manyminds.calls.ask import blank
from manyminds.runs import journal
from manyminds.runs.journal import Journal
from manyminds.runs.journal_backends import StoreBackend
from manyminds.state import Candidate


class Slow(InMemoryStore):
    """A store whose operations take a while, and are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.batches = 0
        self.broken = False

    async def abatch(self, ops: Any) -> list[Result]:
        listed: list[Op] = list(ops)
        self.operations += len(listed)
        self.batches += 1
        await asyncio.sleep(0.01)
        if self.broken:
            raise OSError("the disk is full")
        return self.batch(listed)


def answer(text: str = "ok") -> Candidate:
    candidate = blank(Member("simulated:small"), a_run(), role="r", index=0, draw=0, layer=1)
    candidate["text"] = text
    return candidate


async def test_what_is_put_is_there_in_another_life() -> None:
    store = InMemoryStore()
    assert await Journal(StoreBackend(store, "run")).get("a") is None
    await Journal(StoreBackend(store, "run")).put("a", answer("mine"))
    assert await Journal(StoreBackend(store, "run")).get("a") == answer("mine")
    assert await Journal(StoreBackend(store, "another")).get("a") is None


async def test_many_readers_at_once_read_the_store_once() -> None:
    store = Slow()
    await Journal(StoreBackend(store, "run")).put("a", answer())
    store.operations = 0
    known = Journal(StoreBackend(store, "run"))
    found = await asyncio.gather(*(known.get("a") for _ in range(50)))
    assert found == [answer()] * 50 and store.operations == 1


async def test_a_put_that_is_cancelled_is_finished() -> None:
    store = Slow()
    known = Journal(StoreBackend(store, "run"))
    await known.get("opened")
    putting = asyncio.create_task(known.put("a", answer()))
    await asyncio.sleep(0.002)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await Journal(StoreBackend(store, "run")).get("a") == answer()


@pytest.mark.parametrize("times", [2, 5])
async def test_so_is_one_that_is_cancelled_again_and_again(times: int) -> None:
    """As a graph does it whose nodes are cancelled while they end what they called."""
    store = Slow()
    known = Journal(StoreBackend(store, "run"))
    await known.get("a")
    putting = asyncio.create_task(known.put("a", answer()))
    for _ in range(times):
        await asyncio.sleep(0.001)
        putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await Journal(StoreBackend(store, "run")).get("a") == answer()


async def test_clearing_takes_this_run_and_no_other() -> None:
    store = InMemoryStore()
    for run in ("one", "one-nested", "two"):
        await Journal(StoreBackend(store, run)).put("a", answer(run))
    assert await Journal(StoreBackend(store, "one-nested"), clear=True).get("a") is None
    assert await Journal(StoreBackend(store, "one")).get("a") == answer("one")
    assert await Journal(StoreBackend(store, "one"), clear=True).get("a") is None
    assert [item.namespace[3] for item in store.search(())] == ["two"]


async def test_any_text_is_kept_as_it_is() -> None:
    store, odd = InMemoryStore(), "a\x00b\ud800c"
    await Journal(StoreBackend(store, "run")).put("a", answer(odd))
    found = await Journal(StoreBackend(store, "run")).get("a")
    assert found is not None and found["text"] == odd
    text = store.search(())[0].value["candidate"]
    assert text.isascii() and "\x00" not in text and json.loads(text)["text"] == odd


class Asked(TypedDict):
    run: str
    conversation: str
    done: bool


async def _begun(state: Asked) -> dict[str, str]:
    run, _ = await journal.begin(state["run"], state["conversation"], lambda _run: False)
    if state["done"]:
        await journal.end(run, state["conversation"])
    return {"run": run}


def app(store: InMemoryStore | None) -> Any:
    graph = StateGraph(Asked)
    graph.add_node("begin", _begun)
    graph.add_edge(START, "begin")
    return graph.compile(store=store)


@pytest.mark.parametrize(
    ("conversation", "done", "thread", "goes_on"),
    [
        ("same", False, "t", True),
        ("same", True, "t", False),
        ("other", False, "t", False),
        ("same", False, "another", False),
    ],
)
async def test_which_run_goes_on(conversation: str, done: bool, thread: str, goes_on: bool) -> None:
    store = InMemoryStore()
    first = {"run": "first", "conversation": "same", "done": done}
    await app(store).ainvoke(first, {"configurable": {"thread_id": "t"}})
    forget_all()
    second = {"run": "second", "conversation": conversation, "done": False}
    result = await app(store).ainvoke(second, {"configurable": {"thread_id": thread}})
    assert result["run"] == ("first" if goes_on else "second")


@pytest.mark.parametrize("store", [None, InMemoryStore()])
async def test_without_a_thread_or_a_store_every_run_is_new(store: InMemoryStore | None) -> None:
    config: Any = {} if store is not None else {"configurable": {"thread_id": "t"}}
    for run in ("first", "second"):
        given = {"run": run, "conversation": "same", "done": False}
        assert (await app(store).ainvoke(given, config))["run"] == run


async def test_what_comes_in_while_the_store_is_busy_is_written_at_once() -> None:
    store = Slow()
    known = Journal(StoreBackend(store, "run"))
    await known.get("opened")
    store.batches = 0
    await asyncio.gather(*(known.put(str(number), answer(str(number))) for number in range(100)))
    assert store.batches <= 2
    again = Journal(StoreBackend(store, "run"))
    assert [await again.get(str(number)) for number in range(100)] == [
        answer(str(number)) for number in range(100)
    ]


async def test_a_put_that_fails_is_kept_as_the_failure_and_nothing_is_written_any_more() -> None:
    store = Slow()
    known = Journal(StoreBackend(store, "run"))
    await known.get("opened")
    store.broken = True
    await asyncio.gather(*(known.put(str(number), answer()) for number in range(3)))
    assert str(known.failure) == "the disk is full"
    assert await known.get("2") == answer(), "what is paid stays usable in this process"
    store.broken = False
    await known.put("a", answer("kept"))
    assert await Journal(StoreBackend(store, "run")).get("a") is None
