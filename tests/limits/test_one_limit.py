"""An endpoint has one limit for the whole process, which loops and runs share fairly."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from helpers.graphs import user
from helpers.limited import PerSecond
from helpers.server import Reply, Server
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from manyminds import Context, Member, create_agent_forest
from manyminds.limits import rate_limit
from manyminds.limits.limiter import EndpointLimiter, forget_all, limiter
from manyminds.limits.slot import Slot
from manyminds.testing import ScriptedChatModel


def in_loops(*work: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Run each in an event loop and a thread of its own, all at once; return what they return."""
    results: list[Any] = [None] * len(work)

    def live(nth: int) -> None:
        async def main() -> Any:
            return await work[nth]()

        results[nth] = asyncio.run(main())

    threads = [threading.Thread(target=live, args=(nth,)) for nth in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


def asking(member: Member, samples: int, **context: Any) -> Callable[[], Awaitable[float]]:
    """Return the work of one run; it returns when it ended, by the monotonic clock."""

    async def work() -> float:
        app = create_agent_forest(member, samples=samples, extract="text").compile()
        result = await app.ainvoke(user(), context=Context(**context))
        assert result["report"]["degraded"] is None
        return time.monotonic()

    return work


async def test_the_limiter_is_the_endpoints_and_not_the_loops() -> None:
    one = limiter("e1")
    assert limiter("e1") is one and limiter("e2") is not one
    assert await asyncio.to_thread(lambda: limiter("e1")) is one


async def test_the_limiter_of_an_object_ends_with_it() -> None:
    model = ScriptedChatModel("x")
    place, first = id(model), limiter(id(model), model)
    del model
    assert limiter(place) is not first


@pytest.mark.parametrize("loops", [2, 3])
def test_loops_share_the_calls_in_flight(loops: int) -> None:
    with Server(lambda _b, _k: Reply("x", latency=0.05)) as server:
        work = [asking(Member(f"shared@{server.url}", concurrency=4), 20) for _ in range(loops)]
        in_loops(*work)
        assert server.peak == 4 and len(server.requests) == 20 * loops


def test_another_spelling_of_an_address_is_no_other_endpoint() -> None:
    known = Member("m@http://example.org/v1").endpoint
    for same in ("http://Example.ORG/v1", "http://example.org:80/v1/", "http://example.org/v1//"):
        assert Member(f"m@{same}").endpoint == known
    for other in ("http://example.org:8080/v1", "https://example.org/v1", "http://example.org/v2"):
        assert Member(f"m@{other}").endpoint != known
    assert Member("n@http://example.org/v1").endpoint != known


async def test_clients_of_the_hosts_for_one_endpoint_share_its_limit() -> None:
    with Server(lambda _b, _k: Reply("x", latency=0.05)) as server:

        def client(key: str = "k") -> Member:
            given = ChatOpenAI(model="hosts", base_url=server.url, api_key=SecretStr(key))
            return Member(given.bind(stop=["#"]), concurrency=3)

        assert client().endpoint == client().endpoint != client("other").endpoint
        await asyncio.gather(asking(client(), 12)(), asking(client(), 12)())
        assert server.peak == 3


def test_models_without_an_address_have_a_limit_each() -> None:
    one, other = Member(ScriptedChatModel("x")), Member(ScriptedChatModel("x"))
    assert one.endpoint != other.endpoint


async def test_runs_with_other_settings_share_them_too() -> None:
    with Server(lambda _b, _k: Reply("x", latency=0.05)) as server:
        member = Member(f"m@{server.url}")
        await asyncio.gather(
            asking(member, 20, concurrency=4)(), asking(member, 20, concurrency=2)()
        )
        assert server.peak == 4


async def test_a_run_never_has_more_in_flight_than_it_allows() -> None:
    entrance, busy, peak = EndpointLimiter(), {"a": 0, "b": 0}, {"a": 0, "b": 0}

    async def one(run: str, most: int) -> None:
        async with Slot(entrance, 1, run=run, most=most):
            busy[run] += 1
            peak[run] = max(peak[run], busy[run])
            await asyncio.sleep(0.002)
            busy[run] -= 1

    await asyncio.gather(*(one("a", 8) for _ in range(60)), *(one("b", 2) for _ in range(60)))
    assert peak == {"a": 8, "b": 2}


@pytest.mark.timed
def test_rates_of_two_members_are_one_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_BURST", 0.1)
    allowed = PerSecond(1_000, says=False)
    with Server(allowed) as server:
        members = [Member(f"m@{server.url}", requests_per_minute=60 * n) for n in (20, 21)]
        began = time.monotonic()
        in_loops(*(asking(member, 30) for member in members))
        assert time.monotonic() - began >= 60 / 21 - 0.5


@pytest.mark.timed
@pytest.mark.parametrize("says", [True, False], ids=["Retry-After", "silent"])
def test_two_loops_at_a_limited_endpoint_end_together(says: bool) -> None:
    with Server(PerSecond(20, says=says)) as server:
        began = time.monotonic()
        ends = in_loops(*(asking(Member(f"m{says}@{server.url}"), 60) for _ in range(2)))
    first, last = sorted(end - began for end in ends)
    assert first >= 0.6 * last  # 0.5: one after the other


async def test_a_late_run_has_its_turn_before_an_earlier_one_is_over() -> None:
    entrance, order = EndpointLimiter(2), list[str]()

    async def one(run: str) -> None:
        async with Slot(entrance, 10, run=run):
            await asyncio.sleep(0.002)
            order.append(run)

    early = [asyncio.create_task(one("early")) for _ in range(60)]
    await asyncio.sleep(0.01)
    await asyncio.gather(*early, *(one("late") for _ in range(6)))
    assert max(at for at, run in enumerate(order) if run == "late") < 30


async def test_who_waits_in_one_loop_is_woken_by_another() -> None:
    entrance = EndpointLimiter(1)
    number = await entrance.enter(10)
    waiting = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(entrance.enter(10))))
    await asyncio.sleep(0.1)
    entrance.leave(number)
    entrance.leave(await asyncio.wait_for(waiting, 5))
    assert await asyncio.wait_for(entrance.enter(10), 10)


async def test_a_loop_that_ended_while_waiting_holds_nobody_up() -> None:
    entrance = EndpointLimiter(1)
    number = await entrance.enter(10)

    async def gives_up() -> None:
        async with asyncio.timeout(0.05):
            await entrance.enter(10)

    with pytest.raises(TimeoutError):
        await asyncio.to_thread(lambda: asyncio.run(gives_up()))
    waiting = asyncio.create_task(entrance.enter(10))
    await asyncio.sleep(0)
    entrance.leave(number)
    assert await asyncio.wait_for(waiting, 10)


async def test_limiters_can_be_forgotten() -> None:
    """As between tests: a port is given out again, and another server answers there."""
    number = await limiter("e3").enter(1)
    limiter("e3").refuse(number, 600.0)
    forget_all()
    assert await asyncio.wait_for(limiter("e3").enter(1), 10)
