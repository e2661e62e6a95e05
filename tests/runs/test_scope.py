import pytest
from helpers.lives import forget_all

from manyminds.limits.deadline import Deadline
from manyminds.runs import scope as module
from manyminds.runs.scope import forget, run_scope


def test_the_nodes_of_a_run_share_one_object_until_it_is_forgotten() -> None:
    first = run_scope("one")
    assert run_scope("one") is first is not run_scope("two")
    forget("one")
    assert run_scope("one") is not first
    forget("never heard of")


def test_forgetting_a_run_stops_its_clocks() -> None:
    stopped: list[int] = []

    class Ticking(Deadline):
        def __init__(self) -> None: ...

        def stop(self) -> None:
            stopped.append(1)

    run_scope("timed").deadlines[1] = Ticking()
    forget("timed")
    assert stopped == [1]


def test_runs_that_died_are_dropped_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_all()
    monkeypatch.setattr(module, "_KEPT", 3)
    runs = [run_scope(f"dead {nth}") for nth in range(4)]
    assert [run_scope(f"dead {nth}") is runs[nth] for nth in (1, 2, 3)] == [True] * 3
    assert run_scope("dead 0") is not runs[0]
