import asyncio
from typing import Protocol

import pytest
from helpers.simulated_time import simulated

from manyminds.errors import AnswerError
from manyminds.limits import limiter as gate
from manyminds.limits.limiter import EndpointLimiter
from manyminds.limits.slot import Slot


async def _peak(entrance: EndpointLimiter, calls: int) -> int:
    """Return the most calls that were in at once."""
    busy = peak = 0

    async def one() -> None:
        nonlocal busy, peak
        async with Slot(entrance, 1):
            busy += 1
            peak = max(peak, busy)
            await asyncio.sleep(0.001)
            busy -= 1

    await asyncio.gather(*(one() for _ in range(calls)))
    return peak


@pytest.mark.parametrize("width", [1, 3, 50])
async def test_no_more_are_let_in_than_it_is_wide_and_no_fewer(width: int) -> None:
    assert await _peak(EndpointLimiter(width), 60) == width


async def test_first_come_first_served() -> None:
    entrance, order = EndpointLimiter(1), list[int]()

    async def one(number: int) -> None:
        async with Slot(entrance, 1):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert order == list(range(20))


async def test_a_refusal_halves_once_for_a_burst_and_answers_widen_again() -> None:
    entrance = EndpointLimiter(16)
    numbers = [await entrance.enter(1) for _ in range(16)]
    for number in numbers:
        entrance.refuse(number, None)
    assert entrance.concurrency == 8
    for number in numbers:
        entrance.leave(number)
    assert await _peak(entrance, 40) == 8
    for _ in range(1_000):
        entrance.answer(0, 0)
    assert entrance.concurrency == 16


async def test_it_narrows_from_what_was_in_flight_not_from_what_might_have_been() -> None:
    entrance = EndpointLimiter(256)
    numbers = [await entrance.enter(1) for _ in range(4)]
    entrance.refuse(numbers[0], None)
    assert entrance.concurrency == 2


async def test_it_never_closes_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_LONGEST_PAUSE", 0.001)
    entrance = EndpointLimiter(4)
    for _ in range(50):
        number = await entrance.enter(1)
        entrance.refuse(number, None)
        entrance.leave(number)
    assert entrance.concurrency >= 1


async def test_nobody_enters_before_the_endpoint_wants_them_to() -> None:
    entrance, loop = EndpointLimiter(4), asyncio.get_running_loop()
    began = loop.time()
    number = await entrance.enter(1)
    assert entrance.refuse(number, 0.05) == 0.05
    entrance.leave(number)
    await entrance.enter(1)
    assert loop.time() - began >= 0.05


async def test_waiting_longer_than_one_may_fails_at_once_and_holds_no_place() -> None:
    entrance = EndpointLimiter(1)
    number = await entrance.enter(1)
    entrance.refuse(number, 3600)
    entrance.leave(number)
    with pytest.raises(AnswerError, match="left alone for 3600 s"):
        await entrance.enter(5)
    with pytest.raises(AnswerError, match="left alone"):  # not: wait for the place
        await asyncio.wait_for(entrance.enter(5), 10)


async def test_who_gives_up_waiting_takes_no_place() -> None:
    entrance = EndpointLimiter(1)
    number = await entrance.enter(1)
    waiting = [asyncio.create_task(entrance.enter(1)) for _ in range(5)]
    await asyncio.sleep(0)
    entrance.leave(number)  # hands the place to the first, which gives up in the same moment
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.wait_for(entrance.enter(1), 10)


class Endpoint(Protocol):
    """A simulated endpoint."""

    async def answer(self) -> float | None:
        """Answer, or return at once the seconds to wait: infinite where it does not say."""
        ...


class Places:
    """Answers so many calls at once, each after `latency`, and refuses the others.

    Args:
        most: calls at once.
        latency: seconds.
        wait: what it says with a refusal; None: nothing.
    """

    def __init__(self, most: int, latency: float, wait: float | None) -> None:
        self.most, self.latency, self.wait, self.busy = most, latency, wait, 0

    async def answer(self) -> float | None:
        """Answer, or refuse."""
        if self.busy >= self.most:
            return self.wait or 0.0
        self.busy += 1
        await asyncio.sleep(self.latency)
        self.busy -= 1
        return None


class Bucket:
    """Has a bucket of `size` calls, which a stream of `rate` a second fills.

    Args:
        rate: calls a second.
        size: calls at once after a quiet time.
        latency: seconds.
        wait: what it says with a refusal; None: exactly how long it takes.
    """

    def __init__(self, rate: float, size: float, latency: float, wait: float | None) -> None:
        self.rate, self.size, self.latency, self.wait = rate, size, latency, wait
        self.left, self.at = size, 0.0

    async def answer(self) -> float | None:
        """Answer, or refuse."""
        now = asyncio.get_running_loop().time()
        self.left, self.at = min(self.size, self.left + (now - self.at) * self.rate), now
        if self.left < 1:
            return (1 - self.left) / self.rate if self.wait is None else self.wait
        self.left -= 1
        await asyncio.sleep(self.latency)
        return None


def seconds(endpoint: Endpoint, calls: int, widest: int = 256) -> float:
    """Return how long so many calls take that come at once, in simulated seconds."""

    async def call(entrance: EndpointLimiter) -> None:
        async with Slot(entrance, 600) as place:
            await asyncio.sleep(0.002)
            while (wait := await endpoint.answer()) is not None:
                await asyncio.sleep(0.002)
                await place.requeue(wait or None, 0.0)
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.002)
            place.answer(0)

    async def run() -> float:
        entrance = EndpointLimiter(widest)
        await asyncio.gather(*(call(entrance) for _ in range(calls)))
        return asyncio.get_running_loop().time()

    return simulated(run())


@pytest.mark.integration  # simulated time, but thousands of calls
@pytest.mark.parametrize(
    ("most", "latency"),
    [
        *((1, 0.1), (4, 0.1), (1, 1.0), (4, 1.0), (32, 1.0), (1, 6.0), (4, 6.0), (32, 6.0)),
        (32, 0.1),  # of 19,500 calls
    ],
)
@pytest.mark.parametrize("wait", [None, 0.3, 1.0, 5.0])
def test_an_endpoint_that_lacks_places_is_kept_busy_whatever_wait_it_asks_for(
    most: int, latency: float, wait: float | None
) -> None:
    calls = int(most * 60 / latency) + 300
    ideal = calls / most * latency
    assert ideal / seconds(Places(most, latency, wait), calls) >= 0.8


@pytest.mark.integration  # simulated time, but thousands of calls
@pytest.mark.parametrize("wait", [None, 1.0], ids=["exact wait", "one second"])
@pytest.mark.parametrize("latency", [0.05, 0.5, 3.0])
@pytest.mark.parametrize(
    "rate",
    [10, 40, 200],  # up to 24,000 calls
)
def test_an_endpoint_that_keeps_a_pace_is_asked_at_that_pace(
    rate: float, latency: float, wait: float | None
) -> None:
    calls = int(120 * min(rate, 256 / latency))
    ideal = calls / min(rate, 256 / latency)
    assert ideal / seconds(Bucket(rate, rate, latency, wait), calls) >= 0.8


def test_one_call_goes_before_its_time_and_no_other_where_it_is_pace() -> None:
    asked = list[float]()

    class Closed(Places):
        async def answer(self) -> float | None:
            now = asyncio.get_running_loop().time()
            asked.append(now)
            if len(asked) > 10 and now < 5:
                return 5 - now
            await asyncio.sleep(self.latency)
            return None

    assert seconds(Closed(10, 0.5, None), 40, widest=20) >= 5
    assert len([at for at in asked if at < 0.1]) == 20
    assert len([at for at in asked if 0.1 <= at < 4.99]) == 1


def test_a_refused_call_itself_waits_as_long_as_it_was_told() -> None:
    told = dict[object, float]()

    class Strict(Places):
        async def answer(self) -> float | None:
            now, who = asyncio.get_running_loop().time(), asyncio.current_task()
            assert now >= told.get(who, 0.0)
            wait = await super().answer()
            if wait is not None:
                told[who] = now + wait
            return wait

    seconds(Strict(4, 0.1, 2.0), 300)
    assert told


async def test_one_call_that_is_too_much_makes_all_wait_longer_each_time() -> None:
    entrance, loop = EndpointLimiter(1), asyncio.get_running_loop()
    waits = list[float]()
    for _ in range(3):
        number = await entrance.enter(1)
        entrance.refuse(number, None)
        entrance.leave(number)
        began = loop.time()
        entrance.leave(await entrance.enter(1))
        waits.append(loop.time() - began)
    assert 0.04 < waits[0] < waits[1] < waits[2] and entrance.blocked_for > 0.3
    entrance.answer(0, 0)
    assert entrance.blocked_for == 0
