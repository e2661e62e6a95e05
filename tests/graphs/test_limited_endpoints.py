"""Many questions and samples against endpoints that take only so much."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from helpers.graphs import user
from helpers.limited import InFlight, PerSecond
from helpers.server import Behaviour, Reply, Server

from manyminds import Budget, Context, Member, Price, create_agent_forest, create_moa
from manyminds.compiled_method import CompiledMethod
from manyminds.limits import rate_limit as pace


async def answers(app: CompiledMethod, questions: int) -> tuple[list[dict[str, Any]], float]:
    """Ask all questions at once; return the reports and the seconds it took."""
    began = time.monotonic()
    results = await asyncio.gather(*(app.ainvoke(user(f"Q {n}?")) for n in range(questions)))
    return [result["report"] for result in results], time.monotonic() - began


async def measured(
    make: Callable[[], Behaviour], questions: int, samples: int, **options: Any
) -> float:
    """Return the seconds for all questions, of which none may fail."""
    with Server(make()) as server:
        await create_agent_forest(f"warm@{server.url}", samples=1).compile().ainvoke(user())
        member = Member(f"m@{server.url}", **options)
        reports, took = await answers(
            create_agent_forest(member, samples=samples).compile(), questions
        )
    assert [report["degraded"] for report in reports] == [None] * questions
    return took


@pytest.mark.timed
@pytest.mark.parametrize(
    ("questions", "samples", "most", "latency"),
    [
        (10, 10, 4, 0.15),
        pytest.param(40, 10, 8, 0.2, marks=pytest.mark.slow),
        pytest.param(100, 40, 64, 0.6, marks=[pytest.mark.slow, pytest.mark.timeout(400)]),
    ],
)
async def test_it_finishes_at_the_pace_of_a_server_that_takes_so_many_at_once(
    questions: int, samples: int, most: int, latency: float
) -> None:
    def make() -> InFlight:
        return InFlight(most, latency)

    ideal = await measured(make, questions, samples, concurrency=most)
    ours = await measured(make, questions, samples)
    assert ideal / ours >= 0.8 if questions > 10 else ideal / ours >= 0.6


@pytest.mark.slow
async def test_a_wait_that_is_always_the_same_does_not_keep_places_empty() -> None:
    def make() -> InFlight:
        return InFlight(8, 0.1, wait=1)

    ideal = await measured(make, 50, 20, concurrency=8)
    assert ideal / await measured(make, 50, 20) >= 0.7


@pytest.mark.timed
@pytest.mark.parametrize("says", [True, False], ids=["Retry-After", "silent"])
async def test_no_answer_is_lost_where_a_server_takes_so_many_a_second(says: bool) -> None:
    await measured(lambda: PerSecond(40, says=says, window=0.5), 10, 10)


@pytest.mark.slow
async def test_it_finishes_at_the_pace_of_a_server_that_takes_so_many_a_second() -> None:
    a_second, questions, samples = 40, 40, 20
    took = await measured(lambda: PerSecond(a_second, says=True), questions, samples)
    assert questions * samples / took >= 0.8 * a_second


@pytest.mark.timed
async def test_a_pace_that_is_given_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "_BURST", 0.2)
    allowed = PerSecond(50, says=False)
    began = time.monotonic()
    await measured(lambda: allowed, 10, 20, requests_per_minute=30 * 60)
    assert allowed.refused <= 10  # sent in time, and late on their way
    assert time.monotonic() - began < 1.25 * 200 / 30 + 2


def sampled(_body: object, _k: int) -> Reply:
    return Reply("Final answer: 1", latency=0.02)


@pytest.mark.parametrize(
    "budget", [Budget(tokens=100), Budget(dollars=100e-6)], ids=["tokens", "dollars"]
)
async def test_tokens_and_dollars_are_exceeded_by_what_was_in_flight_at_most(
    budget: Budget,
) -> None:
    with Server(sampled) as server:
        member = Member(f"m@{server.url}", price=Price(input=1, output=1), concurrency=5, name="m")
        app = create_agent_forest(member, samples=60, prompt=None).compile()
        report = (await app.ainvoke(user("one two"), context=Context(budget=budget)))["report"]
    a_call = 3 + 2  # three words in the answer, and two in the question
    used = sum(report["tokens"].values())
    assert 100 <= used <= 100 + 5 * a_call and "budget" in report["degraded"]
    assert report["cost"] == pytest.approx(used / 1e6)


async def test_methods_that_are_members_draw_on_one_budget() -> None:
    with Server(sampled) as server:
        inner = create_agent_forest(f"m@{server.url}", samples=8)
        outer = create_moa(
            [Member(inner.compile()), Member(f"other@{server.url}")],
            aggregator=f"a@{server.url}",
            layers=2,
        )
        result = await outer.compile().ainvoke(user(), context=Context(budget=Budget(calls=6)))
        assert len(server.requests) <= 6
    report = result["report"]
    assert report["requests"] == len(server.requests) and "6 calls" in report["degraded"]


async def test_a_refused_key_is_said_once_for_forty_samples() -> None:
    with Server(key="right") as server:
        good = Server(sampled)
        with good:
            bad = Member(f"bad@{server.url}", name="bad", concurrency=4)
            app = create_agent_forest([bad, f"ok@{good.url}"], samples=40).compile()
            report = (await app.ainvoke(user()))["report"]
    said = [one for one in report["missing"] if one["kind"] == "authentication"]
    assert len(said) == 1 and said[0]["member"] == "bad" and said[0]["count"] == 20
    assert report["members"]["bad"]["calls"] <= 4
    assert "authentication 20" in report["degraded"]


async def test_a_method_that_could_ask_nobody_counts_as_no_request() -> None:
    with Server(sampled) as server:
        inner = create_agent_forest(f"m@{server.url}", samples=4, budget=Budget(calls=0))
        outer = create_moa(
            [Member(inner.compile()), Member(f"other@{server.url}")],
            aggregator=f"a@{server.url}",
            layers=2,
        )
        report = (await outer.compile().ainvoke(user()))["report"]
        assert report["requests"] == len(server.requests) == 2
    assert report["degraded"] is not None
