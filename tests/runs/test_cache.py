"""A cache of answers: a repeated run is free, and no two samples are one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from helpers.registry import NAMES, QUESTION, small
from helpers.server import Body, Server, default_reply
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.cache.memory import InMemoryCache
from langgraph.cache.sqlite import SqliteCache

from manyminds import Budget, Context, Member, Price, create_agent_forest, create_moa
from manyminds.compiled_method import CompiledMethod
from manyminds.runs.cache import cache_key

PRICE = Price(input=1.0, output=1.0)
CACHES: dict[str, Callable[[Path], Any]] = {
    "memory": lambda _path: InMemoryCache[Any](),
    "sqlite": lambda path: SqliteCache[Any](path=str(path / "cache.db")),
}
each_cache = pytest.mark.parametrize("kind", list(CACHES))


def nothing(_body: Body, _k: int) -> str:
    return ""


def forest(server: Server, model: str = "m", samples: int = 4, **member: Any) -> CompiledMethod:
    one = Member(f"{model}@{server.url}", price=PRICE, **member)
    return create_agent_forest(one, samples=samples, extract="text").compile()


@every_way
@each_cache
async def test_a_repeated_run_is_free(kind: str, way: str, tmp_path: Path) -> None:
    context = Context(cache=CACHES[kind](tmp_path))
    with Server(lambda _body, k: f"sample {k}") as server:
        app = forest(server)
        first = await call(app, way, user(), context=context)
        again = await call(app, way, user(), context=context)
        assert len(server.requests) == 4
    assert sorted(c["text"] for c in first["candidates"]) == [f"sample {k}" for k in range(4)]
    texts = [[c["text"] for c in run["candidates"]] for run in (first, again)]
    assert texts[0] == texts[1]
    assert again["answer"] == first["answer"]
    paid, free = first["report"], again["report"]
    assert (paid["calls"], paid["requests"], paid["reused"]) == (4, 4, 0) and paid["cost"] > 0
    assert (free["calls"], free["requests"], free["reused"]) == (4, 0, 4)
    assert free["cost"] == 0 and free["tokens"] == {"input": 0, "output": 0}
    assert {c.get("reused") for c in again["candidates"]} == {"cache"}


async def test_it_lasts_beyond_the_program_on_disk(tmp_path: Path) -> None:
    with Server() as server:
        for _ in range(2):
            await forest(server).ainvoke(user(), context=Context(cache=CACHES["sqlite"](tmp_path)))
        assert len(server.requests) == 4


async def test_more_samples_are_only_asked_for_what_is_missing() -> None:
    context = Context(cache=InMemoryCache())
    with Server() as server:
        await forest(server, samples=3).ainvoke(user(), context=context)
        more = await forest(server, samples=5).ainvoke(user(), context=context)
        assert len(server.requests) == 5
    assert more["report"]["reused"] == 3 and more["report"]["requests"] == 2


async def test_it_is_off_by_default() -> None:
    with Server() as server:
        app = forest(server)
        for _ in range(2):
            result = await app.ainvoke(user())
            assert result["report"]["reused"] == 0
        assert len(server.requests) == 8


@pytest.mark.parametrize(
    ("other", "misses"),
    [
        ({}, 0),
        ({"name": "another-name"}, 0),
        ({"model": "other"}, 4),
        ({"params": {"temperature": 0.1}}, 4),
        ({"role": "You doubt everything."}, 4),
    ],
)
async def test_what_is_another_call(other: dict[str, Any], misses: int) -> None:
    context = Context(cache=InMemoryCache())
    with Server() as server:
        await forest(server).ainvoke(user(), context=context)
        await forest(server, **other).ainvoke(user(), context=context)
        assert len(server.requests) == 4 + misses


async def test_another_question_is_another_call() -> None:
    context = Context(cache=InMemoryCache())
    with Server() as server:
        for question in ("Why?", "How?"):
            await forest(server).ainvoke(user(question), context=context)
        assert len(server.requests) == 8


async def test_a_failure_is_not_kept() -> None:
    context = Context(cache=InMemoryCache())
    with Server() as server:
        server.reply = nothing
        moa = create_moa([f"a@{server.url}", f"b@{server.url}"], layers=2).compile()
        with pytest.raises(Exception, match="answered"):
            await moa.ainvoke(user(), context=context)
        server.reply = default_reply
        server.clear()
        result = await moa.ainvoke(user(), context=context)
        assert len(server.requests) == 3 and result["report"]["reused"] == 0


FOREIGN: tuple[Any, ...] = (
    *(None, "x", 7, [1], {}, {"text": "hi"}, {"text": 7, "status": "ok", "member": "m"}),
    {"text": "hi", "status": "failed", "member": "m"},
    {"text": "hi", "status": "ok", "member": "m", "content": "x"},
    {"text": "hi", "status": "ok", "member": "m", "tool_calls": {}},
    {"text": "hi", "status": "ok", "member": "m", "reasoning": 7},
)


class Foreign(InMemoryCache[Any]):
    """A cache whose entries another program has changed."""

    def __init__(self, entry: Any) -> None:
        super().__init__()
        self.entry = entry

    async def aget(self, keys: Any) -> Any:
        """Return what is there, with other entries."""
        return dict.fromkeys(await super().aget(keys) or keys, self.entry)


@pytest.mark.parametrize("entry", FOREIGN, ids=str)
async def test_an_entry_that_is_no_answer_is_asked_for_anew(entry: Any) -> None:
    with Server() as server:
        result = await forest(server).ainvoke(user(), context=Context(cache=Foreign(entry)))
        assert len(server.requests) == 4 and result["report"]["degraded"] is None
        assert all(one["text"].startswith("answer") for one in result["candidates"])


async def test_hits_take_nothing_from_a_budget() -> None:
    cache = InMemoryCache[Any]()
    with Server() as server:
        await forest(server).ainvoke(user(), context=Context(cache=cache))
        context = Context(cache=cache, budget=Budget(calls=1))
        result = await forest(server, samples=5).ainvoke(user(), context=context)
        assert result["report"]["calls"] == 5 and len(server.requests) == 5


@pytest.mark.parametrize("name", NAMES)
async def test_every_method_is_free_the_second_time(name: str) -> None:
    context = Context(cache=InMemoryCache())
    app = small(name).compile()
    first = await app.ainvoke(user(QUESTION), context=context)
    again = await app.ainvoke(user(QUESTION), context=context)
    assert again["answer"] == first["answer"]
    report = again["report"]
    assert report["calls"] == report["reused"] == first["report"]["calls"]
    assert report["requests"] == 0 and report["simulated"]


def test_messages_are_known_by_what_they_say() -> None:
    one, two = (HumanMessage("Why?", id=id) for id in ("1", "2"))
    assert cache_key([one], {"a": 1, "b": 2}) == cache_key([two], {"b": 2, "a": 1})
    others: list[list[BaseMessage]] = [
        [AIMessage("Why?")],
        [HumanMessage("Why")],
        [one, two],
        [HumanMessage("Why?", name="x")],
    ]
    keys = {cache_key(messages, {}) for messages in others} | {cache_key([one], {})}
    assert len(keys) == len(others) + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"temperature": 1}, {"temperature": 1.0}),
        ({"stop": ["a"]}, {"stop": ["b"]}),
        ({"stop": None}, {"stop": 0}),
        ({"a": "b"}, {"a": "b", "c": "d"}),
        ({}, {"seed": 0}),
    ],
)
def test_other_parameters_are_another_question(one: Any, other: Any) -> None:
    first = cache_key([HumanMessage("Why?")], one)
    assert (
        cache_key([HumanMessage("Why?")], other) != first == cache_key([HumanMessage("Why?")], one)
    )


def test_pictures_and_tool_calls_belong_to_what_was_asked() -> None:
    def picture(url: str) -> BaseMessage:
        return HumanMessage([{"type": "image_url", "image_url": {"url": url}}])

    def call(name: str) -> BaseMessage:
        return AIMessage("", tool_calls=[{"name": name, "args": {"x": 1}, "id": "1"}])

    asked: list[list[BaseMessage]] = [
        [picture("a")],
        [picture("b")],
        [call("search")],
        [call("add")],
        [AIMessage("")],
    ]
    assert len({cache_key(messages, {}) for messages in asked}) == len(asked)
    assert cache_key([picture("a")], {}) == cache_key([picture("a")], {})


def test_a_message_that_was_changed_in_place_is_another_question() -> None:
    prompt: list[BaseMessage] = [HumanMessage("Why?")]
    before = cache_key(prompt, {})
    prompt[0].content = "How?"
    assert cache_key(prompt, {}) != before


def test_members_are_known_by_their_models() -> None:
    same = [Member("m@http://localhost:1/v1", name=name) for name in ("a", "b")]
    other = Member("m@http://localhost:2/v1")
    assert same[0].identity == same[1].identity != other.identity
    assert Member("simulated:small").identity != Member("simulated:medium").identity
