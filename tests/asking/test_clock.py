import asyncio
from collections.abc import Sequence

from helpers.graphs import a_run
from helpers.scripted import Scripted

from manyminds import Candidate, Member
from manyminds.asking.ask import blank
from manyminds.asking.clock import Clock, clock, drop

MEMBER = Member(Scripted(), name="m")


def some(count: int) -> list[Candidate]:
    return [blank(MEMBER, a_run(), role="sampler", index=n, draw=n, layer=1) for n in range(count)]


def three(candidates: Sequence[Candidate]) -> bool:
    return len(candidates) >= 3


async def test_it_rings_once_enough_are_in_whoever_brought_them() -> None:
    watch = Clock(three)
    watch.tell(some(1))
    watch.tell(some(1))
    assert not watch.rung.is_set()
    watch.tell(some(1))
    assert watch.rung.is_set()


async def test_it_is_not_asked_again_after_ringing() -> None:
    asked: list[int] = []

    def enough(candidates: Sequence[Candidate]) -> bool:
        asked.append(len(candidates))
        return len(candidates) >= 2

    watch = Clock(enough)
    for _ in range(5):
        watch.tell(some(1))
    assert asked == [1, 2]


async def test_earlier_waves_count() -> None:
    watch = Clock(three, before=some(2))
    watch.tell(some(1))
    assert watch.rung.is_set()


async def test_branches_of_one_wave_share_a_clock_and_waves_and_runs_do_not() -> None:
    one = clock("run-a", 1, three)
    assert clock("run-a", 1, three) is one
    others = [clock("run-a", 2, three), clock("run-b", 1, three)]
    assert one not in others
    drop("run-a", 1)
    drop("run-a", 1)
    assert clock("run-a", 1, three) is not one
    for run, wave in (("run-a", 1), ("run-a", 2), ("run-b", 1)):
        drop(run, wave)


async def test_who_waits_is_woken() -> None:
    watch = Clock(three)
    waiting = asyncio.create_task(watch.rung.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    watch.tell(some(3))
    assert await asyncio.wait_for(waiting, 1)
