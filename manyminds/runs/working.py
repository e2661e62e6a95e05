"""The time in which the nodes of a run work, for budgets of seconds."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar

from manyminds.limits.budget import BudgetCounter

_counting: ContextVar[list[BudgetCounter] | None] = ContextVar("manyminds_working", default=None)


@contextmanager
def working(known: Iterable[BudgetCounter]) -> Generator[None]:
    """Count the time of a node: for these budgets, and for those that `count_work` adds."""
    counting: list[BudgetCounter] = []
    token = _counting.set(counting)
    try:
        count_work(known)
        yield
    finally:
        _counting.reset(token)
        for counter in counting:
            counter.end_work()


def count_work(counters: Iterable[BudgetCounter]) -> None:
    """Count the running node's time for these budgets, from now on."""
    counting = _counting.get()
    for counter in counters:
        if counting is None or counter not in counting:
            counter.begin_work()
            if counting is not None:
                counting.append(counter)
