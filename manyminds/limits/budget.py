"""Budgets: a frozen limit, and the purse that counts against it while a run lives.

A call is reserved before it is made, so parallel branches cannot overdraw the number of calls;
tokens and dollars are known only afterwards and are exceeded by at most the calls in flight.
"""

import math
import time
from collections import OrderedDict
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from manyminds.runs.usage import Usage, totals


class Budget(BaseModel):
    """What a run may use; None means no limit.

    Nested runs draw on the budgets of all runs around them. Use `shared()` to span several runs.

    Args:
        calls: questions put to models.
        tokens: input and output tokens together.
        dollars: needs a price for every member, given or looked up (checked before the first call).
        seconds: wall time from the first node on.
        exhausted: "finish" ends with what there is and marks it; "raise" raises BudgetError.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    dollars: float | None = Field(default=None, ge=0)
    seconds: float | None = Field(default=None, gt=0)
    exhausted: Literal["finish", "raise"] = "finish"
    _shared: "BudgetCounter | None" = PrivateAttr(default=None)

    def shared(self) -> "Budget":
        """Return a copy whose spending is counted once over all runs that use it."""
        copy = self.model_copy()
        copy._shared = BudgetCounter(copy)
        return copy

    def counter(self, run: str, spent: Usage) -> "BudgetCounter":
        """Return the live counter of `run`, made anew from the ledger after a resume."""
        if self._shared is not None:
            return self._shared
        counter = _counters.get(run)
        if counter is None or counter.budget != self:
            counter = _counters[run] = BudgetCounter(self, spent)
            if len(_counters) > _KEPT:
                _counters.popitem(last=False)
        return counter


class BudgetCounter:
    """What has been spent of one budget, by all branches and nested runs of this process."""

    def __init__(self, budget: Budget, spent: Usage | None = None) -> None:
        total = totals(spent or {})
        self.budget = budget
        self.calls = total["calls"]
        self.tokens = total["input_tokens"] + total["output_tokens"]
        self.dollars = total["cost"]
        self._began = time.monotonic()

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite where there is none."""
        limit = self.budget.seconds
        return math.inf if limit is None else limit - (time.monotonic() - self._began)

    @property
    def calls_left(self) -> float:
        """Calls that may still be reserved; infinite where there is no limit."""
        return math.inf if self.budget.calls is None else max(0, self.budget.calls - self.calls)

    def exhausted(self, calls: int = 1) -> str | None:
        """Name the limit that has been reached, or None while there is room for so many calls."""
        budget = self.budget
        if self.calls_left < 1:
            return f"the budget of {budget.calls} calls is spent"
        if self.calls_left < calls:
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
        """Give back what was reserved and not asked."""
        self.calls -= calls

    def settle(self, tokens: int, dollars: float) -> None:
        """Add what an answered call has used."""
        self.tokens += tokens
        self.dollars += dollars


# Purses of the runs of this process, oldest first. A run that died leaves its purse behind;
# a purse that was dropped too early is made again from the ledger in the state.
_counters: "OrderedDict[str, BudgetCounter]" = OrderedDict()
_KEPT = 10_000


def close(run: str) -> None:
    """Forget the purse of a finished run."""
    _counters.pop(run, None)
