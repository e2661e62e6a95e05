import asyncio
import threading
from contextvars import ContextVar

import pytest

from manyminds.asking import limits
from manyminds.asking.limits import Gate, Place, gate, in_thread
from manyminds.errors import AnswerError

_word: ContextVar[str] = ContextVar("word", default="unset")


async def test_one_gate_for_each_endpoint_and_width() -> None:
    assert gate("a", 3) is gate("a", 3)
    assert gate("a", 3) is not gate("b", 3) and gate("a", 3) is not gate("a", 4)
    other = await asyncio.to_thread(lambda: asyncio.run(_own()))
    assert other is not gate("a", 3)


async def _own() -> Gate:
    return gate("a", 3)


async def _peak(entrance: Gate, calls: int) -> int:
    """Return the most calls that were in at once."""
    busy = peak = 0

    async def one() -> None:
        nonlocal busy, peak
        async with Place(entrance, 1):
            busy += 1
            peak = max(peak, busy)
            await asyncio.sleep(0.001)
            busy -= 1

    await asyncio.gather(*(one() for _ in range(calls)))
    return peak


@pytest.mark.parametrize("width", [1, 3, 50])
async def test_no_more_are_let_in_than_it_is_wide_and_no_fewer(width: int) -> None:
    assert await _peak(Gate(width), 60) == width


async def test_first_come_first_served() -> None:
    entrance, order = Gate(1), list[int]()

    async def one(number: int) -> None:
        async with Place(entrance, 1):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert order == list(range(20))


async def test_a_refusal_halves_once_for_a_burst_and_answers_widen_again() -> None:
    entrance = Gate(16)
    numbers = [await entrance.enter(1) for _ in range(16)]
    for number in numbers:
        entrance.refuse(number, None)
    assert entrance.width == 8
    for _ in numbers:
        entrance.leave()
    assert await _peak(entrance, 40) == 8
    for _ in range(1_000):
        entrance.answer(0)
    assert entrance.width == 16


async def test_it_narrows_from_what_was_in_flight_not_from_what_might_have_been() -> None:
    entrance = Gate(256)
    numbers = [await entrance.enter(1) for _ in range(4)]
    entrance.refuse(numbers[0], None)
    assert entrance.width == 2


async def test_it_never_closes_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_LONGEST_PAUSE", 0.001)
    entrance = Gate(4)
    for _ in range(50):
        entrance.refuse(await entrance.enter(1), None)
        entrance.leave()
    assert entrance.width >= 1


async def test_nobody_enters_before_the_endpoint_wants_them_to() -> None:
    entrance, loop = Gate(4), asyncio.get_running_loop()
    began = loop.time()
    entrance.refuse(await entrance.enter(1), 0.05)
    entrance.leave()
    await entrance.enter(1)
    assert loop.time() - began >= 0.05


async def test_waiting_longer_than_one_may_fails_at_once_and_holds_no_place() -> None:
    entrance = Gate(1)
    entrance.refuse(await entrance.enter(1), 3600)
    entrance.leave()
    with pytest.raises(AnswerError, match="left alone for 3600 s"):
        await entrance.enter(5)
    with pytest.raises(AnswerError, match="left alone"):  # not: wait for the place
        await asyncio.wait_for(entrance.enter(5), 1)


async def test_who_gives_up_waiting_takes_no_place() -> None:
    entrance = Gate(1)
    await entrance.enter(1)
    waiting = [asyncio.create_task(entrance.enter(1)) for _ in range(5)]
    await asyncio.sleep(0)
    entrance.leave()  # hands the place to the first, which gives up in the same moment
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.wait_for(entrance.enter(1), 1)


async def test_threads_are_as_many_as_the_width_and_see_context_variables() -> None:
    barrier = threading.Barrier(40, timeout=30)

    def work(number: int) -> tuple[int, str, bool]:
        barrier.wait()
        return number, _word.get(), threading.current_thread().name.startswith("manyminds")

    _word.set("set")
    done = await asyncio.gather(*(in_thread(40, work, n) for n in range(40)))
    assert list(done) == [(n, "set", True) for n in range(40)]


async def test_an_error_in_a_thread_comes_back() -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await in_thread(2, fails)


class Endpoint:
    """A simulated endpoint that answers so many calls at once and refuses the others."""

    def __init__(self, most: int, latency: float) -> None:
        self.most, self.latency, self.busy, self.refused = most, latency, 0, 0

    async def call(self, entrance: Gate) -> None:
        async with Place(entrance, 100) as place:
            await asyncio.sleep(0.002)
            while self.busy >= self.most:
                self.refused += 1
                await place.again(None, 0.0)
                await asyncio.sleep(0.002)
            self.busy += 1
            await asyncio.sleep(self.latency)
            self.busy -= 1
            place.answer(0)


@pytest.mark.parametrize(("most", "latency", "calls"), [(4, 0.05, 120), (16, 0.1, 320)])
async def test_a_limited_endpoint_is_kept_as_busy_as_it_can_be(
    most: int, latency: float, calls: int
) -> None:
    async def seconds(entrance: Gate) -> float:
        endpoint, began = Endpoint(most, latency), asyncio.get_running_loop().time()
        await asyncio.gather(*(endpoint.call(entrance) for _ in range(calls)))
        return asyncio.get_running_loop().time() - began

    ideal = await seconds(Gate(most))  # somebody who knows how much it takes
    assert ideal / await seconds(Gate(256)) >= 0.8


async def test_one_call_that_is_too_much_makes_all_wait_longer_each_time() -> None:
    entrance, loop = Gate(1), asyncio.get_running_loop()
    waits = list[float]()
    for _ in range(3):
        number = await entrance.enter(1)
        entrance.refuse(number, None)
        entrance.leave()
        began = loop.time()
        await entrance.enter(1)
        entrance.leave()
        waits.append(loop.time() - began)
    assert 0.04 < waits[0] < waits[1] < waits[2] and entrance.stuck > 0.3
    entrance.answer(0)
    assert entrance.stuck == 0
