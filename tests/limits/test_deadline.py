import asyncio
from collections.abc import Sequence

from helpers.graphs import a_run

from manyminds import Candidate, Member
from manyminds.calls.ask import blank
from manyminds.limits.deadline import Deadline, StopCondition, cut_failure
from manyminds.runs.scope import forget, run_scope
from manyminds.testing import ScriptedChatModel

MEMBER = Member(ScriptedChatModel(), name="m")
WHY = cut_failure("cut for a test")


def some(count: int) -> list[Candidate]:
    return [blank(MEMBER, a_run(), role="sampler", index=n, draw=n, layer=1) for n in range(count)]


def three(candidates: Sequence[Candidate]) -> bool:
    return len(candidates) >= 3


def of_three(grace: float = 0.0, deadline: float | None = None) -> Deadline:
    return Deadline([StopCondition(three, grace, WHY)], seconds=deadline)


async def test_it_rings_once_enough_are_in_whoever_brought_them() -> None:
    watch = of_three()
    watch.add(some(1))
    watch.add(some(1))
    assert not watch.reached.is_set() and watch.reason is None
    watch.add(some(1))
    assert watch.reached.is_set() and watch.reason == WHY


async def test_it_is_not_asked_again_after_ringing() -> None:
    asked: list[int] = []

    def enough(candidates: Sequence[Candidate]) -> bool:
        asked.append(len(candidates))
        return len(candidates) >= 2

    watch = Deadline([StopCondition(enough, 0.0, WHY)])
    for _ in range(5):
        watch.add(some(1))
    assert asked == [1, 2]


async def test_earlier_waves_count() -> None:
    watch = Deadline([StopCondition(three, 0.0, WHY)], before=some(2))
    watch.add(some(1))
    assert watch.reached.is_set()


async def test_the_others_have_the_grace_from_then_on() -> None:
    watch = of_three(grace=0.05)
    watch.add(some(3))
    watch.add(some(1))
    assert not watch.reached.is_set()
    await asyncio.wait_for(watch.reached.wait(), 5)
    assert watch.reason == WHY


async def test_the_deadline_comes_whatever_is_in() -> None:
    watch = of_three(deadline=0.02)
    await asyncio.wait_for(watch.reached.wait(), 5)
    assert watch.reason is not None and "deadline of 0.02 s" in watch.reason["message"]


async def test_the_first_bell_counts() -> None:
    watch = of_three(grace=30, deadline=0.02)
    watch.add(some(3))
    await asyncio.wait_for(watch.reached.wait(), 5)
    assert watch.reason is not None and "deadline" in watch.reason["message"]


async def test_a_stopped_clock_does_not_ring() -> None:
    watch = of_three(deadline=0.01)
    watch.stop()
    await asyncio.sleep(0.05)
    assert not watch.reached.is_set()


async def test_branches_of_one_layer_share_a_clock_and_layers_and_runs_do_not() -> None:
    one = run_scope("run-a").deadline(1, of_three)
    assert run_scope("run-a").deadline(1, of_three) is one
    others = [run_scope("run-a").deadline(2, of_three), run_scope("run-b").deadline(1, of_three)]
    assert one not in others
    run_scope("run-a").drop_deadline(1)
    run_scope("run-a").drop_deadline(1)
    assert run_scope("run-a").deadline(1, of_three) is not one
    for run in ("run-a", "run-b"):
        forget(run)


async def test_who_waits_is_woken() -> None:
    watch = of_three()
    waiting = asyncio.create_task(watch.reached.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    watch.add(some(3))
    assert await asyncio.wait_for(waiting, 10)
