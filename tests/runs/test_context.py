import math

import pytest
from helpers.graphs import a_run

from manyminds import Budget, BudgetError
from manyminds.limits import budget as budgets
from manyminds.runs.context import ParentCall, parent_call


@pytest.fixture(autouse=True)
def clean() -> None:
    budgets.close("r")


def test_without_a_budget_nothing_is_counted() -> None:
    run = a_run()
    assert run.counters == () and run.reserve(10**9) is None
    assert run.calls_left == run.seconds_left == math.inf
    assert not run.nested and run.base == 0 and run.concurrency == 256 and run.seed == 0


def test_a_nested_run_draws_on_the_purses_around_it_and_the_tightest_decides() -> None:
    around = a_run(budget=Budget(calls=5))
    token = parent_call.set(ParentCall(around.counters, base=12, call="c"))
    try:
        budgets.close("r")
        inner = a_run(budget=Budget(calls=3, seconds=60))
    finally:
        parent_call.reset(token)
    assert inner.nested and inner.base == 12 and len(inner.counters) == 2
    assert inner.calls_left == 3 and 0 < inner.seconds_left <= 60
    assert inner.reserve(3) is None and around.calls_left == 2
    assert inner.reserve() == "the budget of 3 calls is spent"
    inner.settle(tokens=7, dollars=0.5)
    assert [counter.tokens for counter in inner.counters] == [7, 7]


def test_a_shared_budget_that_is_also_around_counts_once() -> None:
    shared = Budget(calls=5).shared()
    around = a_run(budget=shared)
    token = parent_call.set(ParentCall(around.counters, base=0))
    try:
        inner = a_run(budget=shared)
    finally:
        parent_call.reset(token)
    assert inner.reserve(2) is None and around.calls_left == 3


def test_an_account_around_a_run_nests_it_in_nothing() -> None:
    around = a_run(budget=Budget(calls=5))
    token = parent_call.set(ParentCall(around.counters, base=0))
    try:
        inner = a_run()
    finally:
        parent_call.reset(token)
    assert not inner.nested and inner.reserve(2) is None and around.calls_left == 3


def test_room_for_several_calls() -> None:
    run = a_run(budget=Budget(calls=4))
    assert run.exhausted(4) is None
    assert run.exhausted(5) == "the budget of 4 calls has no room for the 5 that come next"
    told = a_run(budget=Budget(calls=4, exhausted="raise"))
    with pytest.raises(BudgetError, match=r"no room for the 5 .*give more"):
        told.exhausted(5)
    assert told.exhausted(4) is None


def test_events_carry_run_and_method() -> None:
    seen: list[object] = []
    run = a_run()
    run.write = seen.append
    run.emit("asked", member="m")
    assert seen == [{"event": "asked", "run": "r", "method": "test", "member": "m"}]
