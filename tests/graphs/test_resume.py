"""A run that died goes on: what was answered is not asked again, and nothing is forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import user
from helpers.lives import THREAD, Log, dying, forget_all, live, on_disk, witnessed
from helpers.registry import NAMES, QUESTION, SIMULATED, small
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore
from langgraph.store.sqlite.aio import AsyncSqliteStore
from langgraph.types import Overwrite

from manyminds import Budget, Context, Member, create_agent_forest, create_moa, using
from manyminds.testing import ScriptedChatModel, ScriptedReply

every_method = pytest.mark.parametrize("name", NAMES)
kept_in = pytest.mark.parametrize("stored", [True, False], ids=["store", "checkpoints"])
SAME = ("calls", "tokens", "missing", "degraded")


_undisturbed: dict[str, tuple[Log, dict[str, Any]]] = {}


async def undisturbed(name: str) -> tuple[Log, dict[str, Any]]:
    """Return what is asked and the result of a run that nothing disturbs."""
    if name not in _undisturbed:
        log = Log()
        _undisturbed[name] = log, await witnessed(name, log).compile().ainvoke(user(QUESTION))
    return _undisturbed[name]


def same(result: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Tell whether a run has the answer and the sums of one that nothing disturbed."""
    old, new = expected["report"], result["report"]
    return result["answer"] == expected["answer"] and all(old[key] == new[key] for key in SAME)


@pytest.mark.parametrize("how", ["raised", "cancelled"])
@kept_in
@every_method
async def test_no_answer_is_asked_for_twice(
    name: str, stored: bool, how: str, tmp_path: Path
) -> None:
    plain, expected = await undisturbed(name)
    calls = plain.asked.total()
    log = Log(last=max(1, (calls + 1) // 2), how=how)
    with dying():
        await live(tmp_path, name, log, resumed=False, stored=stored)
    assert log.answered.total() < calls
    log.last = None
    result = await live(tmp_path, name, log, resumed=True, stored=stored)
    assert set(log.answered.values()) == {1}
    assert same(result, expected)


@every_method
async def test_interrupted_before_every_node(name: str, tmp_path: Path) -> None:
    plain, expected = await undisturbed(name)
    log, lives = Log(), 0
    result = await live(tmp_path, name, log, resumed=False, interrupt_before="*")
    while not result.get("report"):
        lives += 1
        assert lives < 100
        result = await live(tmp_path, name, log, resumed=True, interrupt_before="*")
    assert lives >= 2
    assert log.asked == plain.asked
    assert same(result, expected)


@kept_in
@every_method
def test_synchronously(name: str, stored: bool, tmp_path: Path) -> None:
    expected = small(name).compile().invoke(user(QUESTION))
    log = Log(last=(expected["report"]["calls"] + 1) // 2)

    def life(given: Any) -> dict[str, Any]:
        forget_all()
        with (
            SqliteSaver.from_conn_string(str(tmp_path / "checkpoints.db")) as saver,
            SqliteStore.from_conn_string(str(tmp_path / "store.db")) as store,
        ):
            store.setup()
            graph = witnessed(name, log)
            app = graph.compile(checkpointer=saver, store=store if stored else None)
            return app.invoke(given, THREAD, context=Context(recorder=log))

    with dying():
        life(user(QUESTION))
    log.last = None
    result = life(None)
    assert set(log.answered.values()) == {1}
    assert same(result, expected)


def moa(log: Log) -> Any:
    """Return a MoA of three proposers, two layers and an aggregator: five calls in all."""
    return witnessed("moa", log)


async def test_a_store_without_a_thread_keeps_nothing() -> None:
    log, store = Log(), InMemoryStore()
    app = moa(log).compile(store=store)
    for _ in range(2):
        await app.ainvoke(user(QUESTION))
    assert set(log.asked.values()) == {2}
    assert store.search(()) == []


@pytest.mark.parametrize("store", [None, InMemoryStore()])
async def test_finished_nodes_are_kept_with_or_without_a_store(store: InMemoryStore | None) -> None:
    log = Log()
    app = moa(log).compile(
        checkpointer=InMemorySaver(), store=store, interrupt_before=["aggregator"]
    )
    await app.ainvoke(user(QUESTION), THREAD)
    before = log.asked.total()
    await app.ainvoke(None, THREAD)
    assert set(log.asked.values()) == {1} and log.asked.total() == before + 1


async def test_a_thread_without_a_checkpointer_goes_on_when_asked_the_same_again() -> None:
    log, store = Log(last=3), InMemoryStore()
    app = moa(log).compile(store=store)
    with dying():
        await app.ainvoke(user(QUESTION), THREAD, context=Context(recorder=log))
    answered = log.answered.total()
    result = await app.ainvoke(user(QUESTION), THREAD)
    assert answered and set(log.answered.values()) == {1}
    assert result["report"]["calls"] == log.answered.total()


async def test_runs_at_once_on_one_thread_take_nothing_from_each_other() -> None:
    """A question that is sent twice, such as by a double click."""
    slow = ScriptedChatModel(ScriptedReply("The answer is 4.", delay=0.02))
    app = create_moa([slow, slow], layers=2).compile(
        checkpointer=InMemorySaver(), store=InMemoryStore()
    )
    context = Context(budget=Budget(calls=3))
    results = await asyncio.gather(
        *(app.ainvoke(user(QUESTION), THREAD, context=context) for _ in range(3))
    )
    reports = [result["report"] for result in results]
    assert len({report["run"] for report in reports}) == 3
    assert [(r["calls"], r["degraded"]) for r in reports] == [(3, None)] * 3


async def test_the_next_run_on_a_thread_takes_nothing_from_the_last() -> None:
    log, store = Log(), InMemoryStore()
    app = moa(log).compile(store=store)
    for _ in range(2):  # without a checkpointer the conversation is the same both times
        await app.ainvoke(user(QUESTION), THREAD)
    assert set(log.asked.values()) == {2}


async def test_a_second_turn_clears_the_answers_of_the_first() -> None:
    store = InMemoryStore()
    app = moa(Log()).compile(checkpointer=InMemorySaver(), store=store)
    runs = list[str]()
    for question in (QUESTION, "Start with 8. Add 5. What is the result?"):
        result = await app.ainvoke(user(question), THREAD)
        runs.append(result["report"]["run"])
    kept = {item.namespace[3] for item in store.search(("manyminds", "runs", "answers"), limit=99)}
    assert kept == {runs[1]} != {runs[0]}
    assert len(store.search(("manyminds", "runs", "heads"))) == 1


async def test_runs_nested_in_a_run_are_cleared_with_it() -> None:
    store = InMemoryStore()
    members: list[Any] = [small("agent-forest"), *SIMULATED]
    graph = create_moa(members, aggregator=SIMULATED[0], layers=2)
    app = graph.compile(checkpointer=InMemorySaver(), store=store)
    await app.ainvoke(user(QUESTION), THREAD)
    result = await app.ainvoke(user(QUESTION), THREAD)
    kept = store.search(("manyminds", "runs", "answers"), limit=99)
    assert {item.namespace[3] for item in kept} == {result["report"]["run"]}
    assert len({item.namespace for item in kept}) == 2  # its own and the forest's


@kept_in
async def test_a_run_that_went_back_asks_anew(stored: bool) -> None:
    said: list[str] = []

    def script(_messages: Any, data: dict[str, Any]) -> str:
        said.append(f"{data['role']} {len(said)}")
        return said[-1]

    members = [Member(ScriptedChatModel(script), name=name) for name in "abc"]
    store = InMemoryStore() if stored else None
    app = create_moa(members, layers=2).compile(checkpointer=InMemorySaver(), store=store)
    first = await app.ainvoke(user(), THREAD)
    assert len(said) == 4
    past = [state async for state in app.aget_state_history(THREAD)]
    for after, calls in (("aggregator", 1), ("begin", 4)):
        said_before = len(said)
        point = next(state for state in past if after in state.next)
        again = await app.ainvoke(None, point.config)
        assert len(said) - said_before == calls
        assert again["answer"] == said[-1] != first["answer"]


@kept_in
async def test_a_fork_that_died_goes_on_as_the_fork(stored: bool) -> None:
    log = Log()
    graph = moa(log)
    saver, store = InMemorySaver(), InMemoryStore() if stored else None
    app = graph.compile(checkpointer=saver, store=store)
    await app.ainvoke(user(QUESTION), THREAD)
    calls = log.asked.total()
    states = [state async for state in app.aget_state_history(THREAD)]
    point = next(state for state in states if state.next == ("layer",))
    log.last, log.begun = 2, 0
    with dying():
        await app.ainvoke(None, point.config, context=Context(recorder=log))
    log.last = None
    forget_all()
    result = await moa(log).compile(checkpointer=saver, store=store).ainvoke(None, THREAD)
    assert set(log.answered.values()) == {2}
    assert result["report"]["calls"] == calls


@kept_in
async def test_two_methods_side_by_side_on_one_thread(stored: bool, tmp_path: Path) -> None:
    log = Log(last=5)

    def host() -> Any:
        graph = StateGraph(MessagesState)
        for name in ("moa", "debate"):
            graph.add_node(name, witnessed(name, log).compile())
            graph.add_edge(START, name)
        return graph

    with dying():
        async with on_disk(tmp_path, host(), stored=stored) as app:
            with using(recorder=log):
                await app.ainvoke(user(QUESTION), THREAD)
    log.last = None
    answered = log.answered.total()
    async with on_disk(tmp_path, host(), stored=stored) as app:
        result = await app.ainvoke(None, THREAD)
    assert answered and set(log.answered.values()) == {1}
    reports = [m.response_metadata["manyminds"] for m in result["messages"] if m.type == "ai"]
    assert {report["method"] for report in reports} == {"moa", "debate"}
    assert sum(report["calls"] for report in reports) == log.answered.total()


@kept_in
async def test_an_answer_that_no_database_takes_for_json(stored: bool, tmp_path: Path) -> None:
    odd = "a\x00b\ud800c"
    graph = create_agent_forest(
        [Member(ScriptedChatModel(odd), name="odd")], samples=2, extract="text"
    )
    async with on_disk(tmp_path, graph, stored=stored, interrupt_after=["sampler"]) as app:
        await app.ainvoke(user(), THREAD)
        result = await app.ainvoke(None, THREAD)
    assert result["report"]["calls"] == 2


@every_method
async def test_a_host_changes_candidates_at_any_node(name: str) -> None:
    """Before each node in turn, the host makes one answer its own, and the run goes on with it."""
    nodes = [node for node in small(name).compile().nodes if node != "__start__"]
    changed, result = 0, dict[str, Any]()
    for node in nodes:
        app = small(name).compile(
            checkpointer=InMemorySaver(), store=InMemoryStore(), interrupt_before=[node]
        )
        await app.ainvoke(user(QUESTION), THREAD)
        state = await app.aget_state(THREAD)
        if node not in state.next:
            continue  # this run has no use for the node
        candidates = state.values.get("candidates", [])
        if candidates:
            changed += 1
            mine = [{**candidates[0], "text": "HOST", "answer": "HOST"}, *candidates[1:]]
            states = [past async for past in app.aget_state_history(THREAD, limit=2)]
            ran = states[1].tasks[-1].name  # of several at once any will do
            await app.aupdate_state(THREAD, {"candidates": Overwrite(mine)}, as_node=ran)
            now = (await app.aget_state(THREAD)).values["candidates"]
            assert [c["text"] for c in now] == ["HOST", *(c["text"] for c in candidates[1:])]
        while (await app.aget_state(THREAD)).next:
            result = await app.ainvoke(None, THREAD)
        assert result["answer"] and result["report"]["calls"] >= 1
    # A method of one call, or of candidates of its own, has none at any node.
    assert changed or len(result.get("candidates", [])) <= 1


@kept_in
async def test_the_same_process_may_open_its_files_anew(stored: bool, tmp_path: Path) -> None:
    log = Log()
    given: Any = user(QUESTION)
    for interrupted in (["aggregator"], []):
        async with (
            AsyncSqliteSaver.from_conn_string(str(tmp_path / "checkpoints.db")) as saver,
            AsyncSqliteStore.from_conn_string(str(tmp_path / "store.db")) as store,
        ):
            await store.setup()
            app = moa(log).compile(
                checkpointer=saver,
                store=store if stored else None,
                interrupt_before=interrupted,
            )
            result = await app.ainvoke(given, THREAD)
            given = None
    assert set(log.asked.values()) == {1} and result["report"]["calls"] == log.asked.total()
