"""BudgetCounter: counts the usage of a run against its budget, while it lives.

A call is reserved before it is made, so parallel branches cannot overdraw the number of calls;
tokens and dollars are known only afterwards and are exceeded by at most the calls in flight.
"""

import math
import os
import time
from collections import OrderedDict
from collections.abc import Mapping
from uuid import uuid4

from manyminds.locks import Lock
from manyminds.runs.usage import Usage, totals
from manyminds.settings import Budget


class BudgetCounter:
    """Usage of one budget, by all branches and nested runs of this process.

    Seconds count while any node of its runs works, so a run that waits to be resumed uses none.
    """

    def __init__(self, budget: Budget, spent: Usage | None = None) -> None:
        total = totals(spent or {})
        self.budget = budget
        self.calls = total["calls"]
        self.tokens = total["input_tokens"] + total["output_tokens"]
        self.dollars = total["cost"]
        self.life = uuid4().hex
        self._worked = self._before = 0.0
        self._working, self._since = 0, 0.0
        self._lock = Lock()

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite where there is none."""
        limit = self.budget.seconds
        return math.inf if limit is None else limit - self._before - self.worked

    @property
    def worked(self) -> float:
        """Seconds of this life of the run in which a node worked."""
        # Without the lock, which every call would take: a node that begins or ends just now is
        # counted a moment later.
        return self._worked + (time.monotonic() - self._since if self._working else 0.0)

    def forget_work(self) -> None:
        """Forget the nodes that work, which in a forked process do not."""
        self._working = 0

    def begin_work(self) -> None:
        """Say that a node begins to work."""
        with self._lock:
            if not self._working:
                self._since = time.monotonic()
            self._working += 1

    def end_work(self) -> None:
        """Say that a node has worked."""
        with self._lock:
            self._working -= 1
            if not self._working:
                self._worked += time.monotonic() - self._since

    def carry(self, worked: Mapping[str, float]) -> None:
        """Take over the seconds of the run's earlier lives, by the names of the lives."""
        self._before = sum(seconds for life, seconds in worked.items() if life != self.life)

    @property
    def calls_left(self) -> float:
        """Calls that may still be reserved; infinite where there is no limit."""
        return math.inf if self.budget.calls is None else max(0, self.budget.calls - self.calls)

    def exhausted(self, calls: int = 1) -> str | None:
        """Name the limit that has been reached, or None while there is room for so many calls."""
        budget, left = self.budget, self.calls_left
        if left < 1:
            return f"the budget of {budget.calls} call{'s' * (budget.calls != 1)} is spent"
        if left < calls:
            return f"the budget of {budget.calls} calls has no room for the {calls} that come next"
        if budget.tokens is not None and self.tokens >= budget.tokens:
            return f"the budget of {budget.tokens} tokens is spent"
        if budget.dollars is not None and self.dollars >= budget.dollars:
            return f"the budget of ${budget.dollars:g} is spent"
        if self.seconds_left <= 0:
            return f"the budget of {budget.seconds:g} seconds is spent"
        return None

    def reserve(self, calls: int = 1) -> None:
        """Count calls before they are made."""
        self.calls += calls

    def release(self, calls: int = 1) -> None:
        """Give back reserved calls that were not made."""
        self.calls -= calls

    def settle(self, tokens: int, dollars: float) -> None:
        """Add the usage of an answered call."""
        self.tokens += tokens
        self.dollars += dollars


# Counters by run, or by account of a shared budget, oldest first. A run that died leaves its
# counter behind; one that was dropped too early is made again from the ledger in the state.
_counters: "OrderedDict[object, BudgetCounter]" = OrderedDict()
_KEPT = 10_000


def counter_of(budget: Budget, run: str, spent: Usage) -> BudgetCounter:
    """Return the live counter of a budget: of its run, or one for all runs that share it.

    Args:
        budget: the limits.
        run: id of the run.
        spent: the run's ledger, from which the counter of a resumed run starts.
    """
    key: object = run if budget.account is None else budget.account
    counter = _counters.get(key)
    if counter is None or counter.budget != budget:
        counter = BudgetCounter(budget, spent if budget.account is None else None)
        _counters[key] = counter
        if len(_counters) > _KEPT:
            _counters.popitem(last=False)
    return counter


def close(run: str) -> None:
    """Forget the counter of a finished run."""
    _counters.pop(run, None)


def forget_all() -> None:
    """Forget all counters, as a new process would."""
    _counters.clear()


def _after_fork() -> None:
    """Let no node of the parent process count in the child."""
    for counter in _counters.values():
        counter.forget_work()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
