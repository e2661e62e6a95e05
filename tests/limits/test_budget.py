"""A run costs no more than its owner allowed, whatever is nested in it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from helpers.lives import forget_all
from helpers.server import Reply, Server
from langchain_core.output_parsers import StrOutputParser
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import ValidationError

from manyminds import (
    Budget,
    BudgetError,
    Context,
    InputError,
    Member,
    Price,
    QuorumError,
    create_agent_forest,
    create_moa,
    create_moa_lite,
    record,
    using,
)
from manyminds.limits import budget as budgets
from manyminds.limits.budget import BudgetCounter, counter_of
from manyminds.runs.usage import empty_row, totals
from manyminds.testing import Answer, ScriptedChatModel, ScriptedReply


def forest(model: Any, samples: int = 40, **options: Any) -> Any:
    return create_agent_forest(model, samples=samples, extract="text", **options).compile()


# ---- the counter itself


def test_a_purse_counts_and_names_the_limit_reached() -> None:
    counter = BudgetCounter(Budget(calls=2, tokens=100, dollars=1.5))
    assert counter.exhausted() is None and counter.calls_left == 2
    counter.reserve(2)
    assert counter.exhausted() == "the budget of 2 calls is spent" and counter.calls_left == 0
    counter.release()
    assert counter.exhausted() is None
    counter.settle(100, 0.5)
    assert counter.exhausted() == "the budget of 100 tokens is spent"
    assert BudgetCounter(Budget()).exhausted() is None
    dollars = BudgetCounter(Budget(dollars=1.5))
    dollars.settle(5, 1.5)
    assert dollars.exhausted() == "the budget of $1.5 is spent"


def test_a_purse_made_anew_after_a_resume_knows_what_was_spent() -> None:
    row = empty_row("sampler", "m") | {"calls": 7, "input_tokens": 30, "output_tokens": 12}
    row["cost"] = 0.25
    given: Any = {"sampler/m": row}
    counter = counter_of(Budget(calls=10), "run-of-test", given)
    assert (counter.calls, counter.tokens, counter.dollars) == (7, 42, 0.25)
    assert counter_of(Budget(calls=10), "run-of-test", {}) is counter
    budgets.close("run-of-test")
    assert counter_of(Budget(calls=10), "run-of-test", {}).calls == 0
    budgets.close("run-of-test")


@pytest.mark.parametrize("wrong", [{"calls": -1}, {"seconds": 0}, {"callz": 1}, {"dollars": -0.1}])
def test_wrong_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Budget(**wrong)


# ---- calls


@every_way
async def test_calls_are_honoured_exactly(way: str) -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.001))
    result = await call(forest(model, budget=Budget(calls=10)), way, user())
    assert len(model.calls) == 10 == result["report"]["calls"]
    assert result["answer"] == "x" and result["ballot"]["voters"] == 10
    assert result["report"]["degraded"] == "the budget of 10 calls is spent after 10 samples"


async def test_samples_that_a_budget_kept_from_being_asked_are_not_said_to_be() -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.001, usage=(10, 10)))
    result = await forest(model, budget=Budget(tokens=100), concurrency=2).ainvoke(user())
    asked = len(model.calls)
    assert 5 <= asked <= 6 and len(result["candidates"]) > asked
    said = f"the budget of 100 tokens is spent after {asked} samples"
    assert result["report"]["degraded"] == said
    assert result["report"]["sampled"]["asked"] == asked


async def test_a_moa_stops_where_no_whole_layer_fits() -> None:
    models = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    last = ScriptedChatModel("end")
    for calls, layers_made in [(7, 3), (6, 2), (5, 2), (4, 1), (3, 1)]:
        for model in [*models, last]:
            model.calls.clear()
        app = create_moa(models, aggregator=last, layers=4, budget=Budget(calls=calls)).compile()
        result = await app.ainvoke(user())
        assert [len(m.calls) for m in models] == [layers_made] * 2 and len(last.calls) == 1
        assert (result["report"]["degraded"] is None) is (calls == 7)


async def test_a_moa_without_a_call_for_its_aggregator_gives_a_candidate_and_says_so() -> None:
    models, last = [ScriptedChatModel("a"), ScriptedChatModel("a b")], ScriptedChatModel("end")
    app = create_moa(models, aggregator=last, layers=2, budget=Budget(calls=2)).compile()
    result = await app.ainvoke(user())
    assert last.calls == [] and result["answer"] in ("a", "a b")
    assert "no aggregator answered (budget)" in result["report"]["degraded"]
    assert result["report"]["calls"] == 2


async def test_nothing_left_before_the_first_answer() -> None:
    model = ScriptedChatModel("x")
    with pytest.raises(BudgetError, match="the budget of 0 calls is spent before"):
        await forest(model, budget=Budget(calls=0)).ainvoke(user())
    with pytest.raises(BudgetError, match="the budget of 0 calls is spent before"):
        await create_moa([model], budget=Budget(calls=0)).compile().ainvoke(user())
    assert model.calls == []


async def test_raise_when_asked_to() -> None:
    model = ScriptedChatModel("x")
    app = forest(model, budget=Budget(calls=10, exhausted="raise"))
    with pytest.raises(BudgetError, match="the budget of 10 calls is spent"):
        await app.ainvoke(user())
    assert len(model.calls) == 10
    enough = await forest(model, budget=Budget(calls=40, exhausted="raise")).ainvoke(user())
    assert enough["report"]["calls"] == 40 and enough["report"]["degraded"] is None
    moa = create_moa([model] * 2, layers=3, budget=Budget(calls=4, exhausted="raise")).compile()
    with pytest.raises(BudgetError, match="4 calls"):
        await moa.ainvoke(user())


# ---- tokens, dollars, seconds


async def test_tokens_are_exceeded_by_at_most_what_was_in_flight() -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.001))
    result = await forest(model, budget=Budget(tokens=100), concurrency=3).ainvoke(user())
    spent = 15 * len(model.calls)
    assert 100 <= spent <= 100 + 15 * 3
    assert sum(result["report"]["tokens"].values()) == spent
    assert "the budget of 100 tokens is spent" in result["report"]["degraded"]


async def test_dollars() -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.001))
    member = Member(model, price=Price(input=1e4, output=2e4))  # 0.2 dollars an answer
    app = forest(member, budget=Budget(dollars=1.0), concurrency=1)
    result = await app.ainvoke(user())
    assert result["report"]["cost"] == pytest.approx(1.0, abs=0.21)
    assert len(model.calls) in (5, 6) and "$1" in result["report"]["degraded"]


@pytest.mark.parametrize("build", [create_agent_forest, create_moa_lite])
def test_dollars_need_prices(build: Any) -> None:
    with pytest.raises(InputError, match=r"scripted.* is unknown: give Member\(..., price=Price"):
        build([ScriptedChatModel()], budget=Budget(dollars=1))
    build([Member(ScriptedChatModel(), price=Price(input=1, output=1))], budget=Budget(dollars=1))


@pytest.mark.parametrize("source", ["context", "using"])
async def test_dollars_need_prices_also_where_the_run_brings_the_budget(source: str) -> None:
    model = ScriptedChatModel("x")
    app, budget = forest(model), Budget(dollars=1)
    with pytest.raises(InputError, match="price"):
        if source == "context":
            await app.ainvoke(user(), context=Context(budget=budget))
        else:
            with using(budget=budget):
                await app.ainvoke(user())
    assert model.calls == []


async def test_dollars_need_prices_of_nested_members_and_chains_too() -> None:
    priced = Member(ScriptedChatModel(), price=Price(input=1, output=1), name="priced")
    inner = create_agent_forest([priced, Member(ScriptedChatModel(), name="free")], samples=2)
    chain = Member(ScriptedChatModel() | StrOutputParser(), name="chain")
    for other in (inner, chain):
        members: list[Any] = [other, priced]
        with pytest.raises(InputError, match="that of (free|chain) is unknown"):
            create_moa(members, budget=Budget(dollars=1))
    good = create_agent_forest(priced, samples=2, extract="text")
    members = [good, priced]
    app = create_moa(members, budget=Budget(dollars=1)).compile()
    assert (await app.ainvoke(user()))["report"]["cost"] == pytest.approx(15e-6 * 8)


async def test_a_layer_is_not_begun_without_tokens_and_the_last_one_is_used() -> None:
    model, last = ScriptedChatModel("a"), ScriptedChatModel("end")
    app = create_moa([model], aggregator=last, layers=9, budget=Budget(tokens=30)).compile()
    result = await app.ainvoke(user())
    assert len(model.calls) == 2 and last.calls == [] and result["answer"] == "a"
    degraded = result["report"]["degraded"]
    assert degraded.startswith("the budget of 30 tokens is spent after layer 2 of 8")


async def test_a_budget_that_ends_inside_a_layer_falls_back_on_the_layer_before() -> None:
    seen = asyncio.Event()

    async def stuck(_messages: object, data: dict[str, Any]) -> str:
        if data["layer"] > 1:
            seen.set()
            await asyncio.Event().wait()
        return f"layer {data['layer']}"

    app = create_moa([ScriptedChatModel(stuck)], layers=4, budget=Budget(seconds=0.3)).compile()
    result = await app.ainvoke(user())
    assert seen.is_set() and result["answer"] == "layer 1"
    assert "in layer 2: the answer rests on layer 1" in result["report"]["degraded"]
    assert [c["layer"] for c in result["candidates"]] == [1]
    told = create_moa(
        [ScriptedChatModel(stuck)], layers=4, budget=Budget(seconds=0.3, exhausted="raise")
    ).compile()
    with pytest.raises(BudgetError, match=r"0\.3 seconds"):
        await told.ainvoke(user())


async def test_seconds_end_the_calls_in_flight() -> None:
    async def stuck(_messages: object, data: dict[str, Any]) -> str:
        if data["draw"] >= 5:
            await asyncio.Event().wait()
        return "x"

    began = time.monotonic()
    result = await forest(ScriptedChatModel(stuck), 10, budget=Budget(seconds=0.3)).ainvoke(user())
    assert 0.3 <= time.monotonic() - began < 20
    assert result["ballot"]["voters"] == 5
    cut = [c for c in result["candidates"] if c["status"] != "ok"]
    assert {c["error"]["message"] for c in cut} == {"the run's time was over before the answer"}
    assert "timeout 5" in result["report"]["degraded"]


async def test_seconds_count_from_the_first_node_over_all_layers() -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.1))
    app = create_moa([model], layers=50, budget=Budget(seconds=0.35)).compile()
    result = await app.ainvoke(user())
    assert 1 <= len(model.calls) <= 5
    assert result["answer"] == "x" and result["report"]["degraded"]
    assert result["report"]["seconds"] < 5


# ---- over nested runs and several runs


@pytest.mark.parametrize("where", ["outer", "inner", "using"])
async def test_nested_methods_draw_on_the_budget_around_them(where: str) -> None:
    model, last = ScriptedChatModel(ScriptedReply("x", delay=0.001)), ScriptedChatModel("end")
    limit = Budget(calls=10)
    inner = create_agent_forest(
        model, samples=8, extract="text", budget=limit if where == "inner" else None
    )
    app = create_moa(
        [inner, inner], aggregator=last, layers=2, budget=limit if where == "outer" else None
    ).compile()
    if where == "using":
        with using(budget=limit):
            result = await app.ainvoke(user())
    else:
        result = await app.ainvoke(user())
    asked = len(model.calls) + len(last.calls)
    # A budget of the inner method's own holds for each of its runs.
    assert asked == (17 if where == "inner" else 10) == result["report"]["calls"]
    if where != "inner":
        assert "budget" in result["report"]["degraded"]


async def test_a_shared_budget_spans_runs_and_threads() -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.001))
    budget = Budget(calls=25).shared()
    app = forest(model, 10, budget=budget)
    results = [await app.ainvoke(user(str(n))) for n in range(2)]
    assert [r["report"]["degraded"] for r in results] == [None, None]
    third = await app.ainvoke(user())
    assert third["report"]["calls"] == 5 and "25 calls" in third["report"]["degraded"]
    with pytest.raises(BudgetError):
        await app.ainvoke(user())
    assert len(model.calls) == 25


async def test_a_shared_budget_holds_when_many_runs_start_at_once() -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.001))
    app = forest(model, 10, budget=Budget(calls=33).shared())
    results = await asyncio.gather(
        *(app.ainvoke(user(str(n))) for n in range(8)),
        *(asyncio.to_thread(app.invoke, user(str(n))) for n in range(8, 12)),
        return_exceptions=True,
    )
    assert len(model.calls) == 33
    for result in results:
        assert isinstance(result, dict | BudgetError | QuorumError)


async def test_a_plain_budget_is_for_each_run_by_itself() -> None:
    model = ScriptedChatModel("x")
    app = forest(model, 10, budget=Budget(calls=10))
    for _ in range(3):
        assert (await app.ainvoke(user()))["report"]["degraded"] is None
    assert len(model.calls) == 30


async def test_context_before_using_before_builder() -> None:
    model = ScriptedChatModel("x")
    app = forest(model, budget=Budget(calls=9))
    assert (await app.ainvoke(user()))["report"]["calls"] == 9
    with using(budget=Budget(calls=8)):
        assert (await app.ainvoke(user()))["report"]["calls"] == 8
        context = Context(budget=Budget(calls=7))
        assert (await app.ainvoke(user(), context=context))["report"]["calls"] == 7


async def test_an_agents_calls_are_counted_though_they_were_made_inside() -> None:
    inner = ScriptedChatModel("x")

    async def three(messages: Any) -> str:
        for _ in range(3):
            await inner.ainvoke(messages)
        return "x"

    app = forest(Member(three, name="agent"), 10, budget=Budget(calls=12), concurrency=1)
    result = await app.ainvoke(user())
    assert 12 <= len(inner.calls) <= 14 and result["report"]["calls"] == len(inner.calls)
    assert "12 calls" in result["report"]["degraded"]


@pytest.mark.parametrize("sync", [False, True], ids=["async", "in a thread"])
@pytest.mark.parametrize("recorded", [False, True])
async def test_a_loop_inside_an_agent_ends_with_the_budget(
    sync: bool, recorded: bool, tmp_path: Path
) -> None:
    inner = ScriptedChatModel(lambda _m, _d: ScriptedReply("x", usage=(3, 2)))

    async def forever(messages: Any) -> str:
        while True:
            await inner.ainvoke(messages)

    def forever_in_a_thread(messages: Any) -> str:
        while True:
            inner.invoke(messages)

    agent = Member(forever_in_a_thread if sync else forever, name="agent")
    app = forest(agent, 1, budget=Budget(calls=7))
    with record(tmp_path) if recorded else nullcontext(), pytest.raises(QuorumError) as error:
        await app.ainvoke(user())
    assert len(inner.calls) == 7 and "7 calls is spent" in str(error.value)
    spent = totals(error.value.spent or {})
    assert (spent["calls"], spent["requests"]) == (7, 7)
    assert (spent["input_tokens"], spent["output_tokens"]) == (21, 14)


@pytest.mark.timed
@pytest.mark.parametrize("sync", [False, True], ids=["async", "in a thread"])
async def test_what_an_agent_used_before_its_time_was_over_is_paid_and_it_asks_no_more(
    sync: bool,
) -> None:
    inner = ScriptedChatModel(lambda _m, _d: ScriptedReply("x", usage=(3, 2)))

    async def slow(messages: Any) -> str:
        while True:
            await inner.ainvoke(messages)
            await asyncio.sleep(0.05)

    def slow_in_a_thread(messages: Any) -> str:
        while True:
            inner.invoke(messages)
            time.sleep(0.05)

    price = Price(input=1e6, output=0)
    agent = Member(slow_in_a_thread if sync else slow, name="agent", timeout=2, price=price)
    app = create_agent_forest([agent, ScriptedChatModel("y")], samples=2).compile()
    report = (await app.ainvoke(user()))["report"]
    row = report["spent"]["sampler/agent"]
    assert row["calls"] >= 1 and row["input_tokens"] == 3 * row["calls"]
    assert row["cost"] == pytest.approx(row["input_tokens"])
    await asyncio.sleep(0.3)
    assert len(inner.calls) <= row["calls"] + 1  # one was on its way


async def test_retries_are_the_same_call() -> None:
    tries: Iterator[Answer] = iter([ConnectionError("lost"), "x", ConnectionError("lost"), "x"])
    model = ScriptedChatModel(lambda _m, _d: next(tries))
    member = Member(model, retries=1)
    result = await forest(member, 2, budget=Budget(calls=2), concurrency=1).ainvoke(user())
    report = result["report"]
    assert (report["calls"], report["requests"], report["retries"]) == (2, 4, 2)
    assert report["degraded"] is None


async def test_what_was_spent_before_an_interrupt_counts_after_it() -> None:
    models, last = [ScriptedChatModel("a"), ScriptedChatModel("b")], ScriptedChatModel("end")
    graph = create_moa(models, aggregator=last, layers=3, budget=Budget(calls=4))
    app = graph.compile(checkpointer=InMemorySaver(), interrupt_after=["gate"])
    config: Any = {"configurable": {"thread_id": "1"}}
    state = await app.ainvoke(user(), config)
    values = (await app.aget_state(config)).values
    budgets.close(values["run"])  # as in another process
    assert values["spent"]["proposer/" + values["candidates"][0]["member"]]["calls"] == 1
    while (await app.aget_state(config)).next:
        state = await app.ainvoke(None, config)
    assert state["report"]["calls"] == 3 and len(last.calls) == 1


# ---- seconds over several lives


async def outlived(app: Any, given: Any, seconds: float) -> dict[str, Any] | None:
    """Run a life of so many seconds, as a new process would; return None where it was cut."""
    forget_all()
    budgets.forget_all()
    try:
        return await asyncio.wait_for(
            app.ainvoke(given, {"configurable": {"thread_id": "t"}}), seconds
        )
    except TimeoutError:
        return None


@pytest.mark.timed
@pytest.mark.parametrize("pause", [0.0, 0.6])
async def test_seconds_add_up_over_all_lives_and_pauses_are_free(pause: float) -> None:
    model = ScriptedChatModel(ScriptedReply("x", delay=0.2))
    graph = create_moa([model], layers=40, budget=Budget(seconds=1.5))
    app, given, lives = graph.compile(checkpointer=InMemorySaver()), user(), 0
    result: dict[str, Any] | None = None
    while result is None and lives < 12:
        lives += 1
        result = await outlived(app, None if lives > 1 else given, 0.5)
        await asyncio.sleep(pause)
    assert 3 <= lives <= 5 and result is not None
    assert result["answer"] == "x" and "1.5 seconds" in result["report"]["degraded"]


async def test_a_life_without_any_answer_counts_too() -> None:
    async def stuck(_messages: object, _data: object) -> str:
        await asyncio.Event().wait()
        return "never"

    graph = create_moa([ScriptedChatModel(stuck)], layers=2, budget=Budget(seconds=1.0))
    app = graph.compile(checkpointer=InMemorySaver())
    assert await outlived(app, user(), 0.4) is None
    assert await outlived(app, None, 0.4) is None
    with pytest.raises((BudgetError, QuorumError)):
        await outlived(app, None, 0.8)


async def test_a_shared_budget_counts_from_the_first_node() -> None:
    budget = Budget(seconds=0.6).shared()
    await asyncio.sleep(0.7)
    result = await forest(ScriptedChatModel("x"), 2, budget=budget).ainvoke(user())
    assert result["report"]["degraded"] is None


async def test_a_custom_nodes_time_counts() -> None:
    async def slow(_state: Any) -> dict[str, Any]:
        await asyncio.sleep(0.5)
        return {}

    graph = create_moa([ScriptedChatModel("x")], layers=3, budget=Budget(seconds=0.4))
    result = await graph.insert("slow", slow, after="gate").compile().ainvoke(user())
    assert "0.4 seconds" in str(result["report"]["degraded"])


# ---- endpoints that report no usage


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": None}, "none", {"prompt_tokens": -1}]
)
@pytest.mark.parametrize("finish", ["stop", "content_filter"])
@pytest.mark.parametrize("limit", [{"tokens": 100}, {"dollars": 1e-4}], ids=["tokens", "dollars"])
async def test_a_budget_that_cannot_be_counted_is_estimated_and_says_so(
    usage: object, finish: str, limit: dict[str, Any]
) -> None:
    message = {"role": "assistant", "content": "four words of text"}
    body = {"choices": [{"message": message, "finish_reason": finish}], "usage": usage}
    with Server(lambda _b, _k: Reply(raw=body)) as server:
        price = Price(input=1, output=1)
        member = Member(f"m@{server.url}", retries=0, price=price, concurrency=2)
        app = create_agent_forest(member, samples=60, budget=Budget(**limit)).compile()
        try:
            report = (await app.ainvoke(user("What is six times seven?" * 2)))["report"]
        except QuorumError:
            assert finish == "content_filter"
        else:
            assert finish == "stop" and "budget" in report["degraded"]
            assert any("the budget counted an estimate" in note for note in report["notes"])
            assert report["tokens"] == {"input": 0, "output": 0} and report["cost"] is None
        assert len(server.requests) < 20
