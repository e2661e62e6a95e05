import json
from typing import Any

from helpers.graphs import a_run

from manyminds import Candidate, Member
from manyminds.calls.ask import blank
from manyminds.runs.usage import add_spent, spent_on, totals
from manyminds.state import Failure, TokenUsage
from manyminds.testing import ScriptedChatModel


def candidate(name: str, role: str = "sampler", **fields: Any) -> Candidate:
    made = blank(
        Member(ScriptedChatModel(), name=name), a_run(), role=role, index=0, draw=0, layer=1
    )
    good: dict[str, object] = {
        "status": "ok",
        "attempts": 1,
        "usage": TokenUsage(input_tokens=10, output_tokens=5),
        "cost": 0.5,
        "seconds": 2.0,
    }
    made.update(good | fields)  # type: ignore[typeddict-item]  # any field may be set
    return made


def timed_out(message: str) -> Failure:
    return Failure(kind="timeout", message=message, retriable=True, maybe_billed=True)


def test_one_row_for_each_role_and_member() -> None:
    spent = spent_on(
        [candidate("a"), candidate("a", attempts=3), candidate("b", role="judge", cost=None)]
    )
    assert list(spent) == ["sampler/a", "judge/b"]
    row = spent["sampler/a"]
    assert (row["calls"], row["requests"], row["retries"]) == (2, 4, 2)
    assert (row["input_tokens"], row["output_tokens"]) == (20, 10)
    assert (row["cost"], row["unpriced"], row["seconds"]) == (1.0, 0, 4.0)
    assert (spent["judge/b"]["cost"], spent["judge/b"]["unpriced"]) == (0.0, 1)
    json.dumps(spent)


def test_failures_are_counted_by_kind_and_keep_the_first_message() -> None:
    late: dict[str, Any] = {
        "status": "timeout",
        "usage": TokenUsage(input_tokens=0, output_tokens=0),
        "cost": None,
    }
    spent = spent_on(
        [
            candidate("a", error=timed_out("first"), **late),
            candidate("a", error=timed_out("x"), **late),
        ]
    )
    row = spent["sampler/a"]
    assert row["failed"] == {"timeout": 2} and row["why"] == {"timeout": "first"}
    assert row["calls"] == 2


def test_what_was_not_asked_costs_nothing() -> None:
    assert spent_on([candidate("a", status="skipped", attempts=0)]) == {}


def test_a_chain_counts_the_calls_inside() -> None:
    row = spent_on([candidate("a", calls=3, attempts=2)])["sampler/a"]
    assert row["calls"] == 3 and row["requests"] == 6 and row["retries"] == 1


def test_nested_rows_stand_under_the_member_that_ran_them_and_are_counted_once() -> None:
    inner = spent_on([candidate("x"), candidate("y", attempts=2)])
    spent = spent_on([candidate("method", nested=inner, seconds=9.0)] * 2)
    assert list(spent) == [
        "sampler/method",
        "sampler/method > sampler/x",
        "sampler/method > sampler/y",
    ]
    assert spent["sampler/method"]["calls"] == 0 and spent["sampler/method"]["seconds"] == 18.0
    total = totals(spent)
    assert total["calls"] == 4 and total["requests"] == 6 and total["retries"] == 2
    assert total["input_tokens"] == 40 and total["cost"] == 2.0
    three = spent_on([candidate("top", nested=spent)])
    assert totals(three)["calls"] == 4


def test_adding_leaves_both_sides_alone_and_does_not_depend_on_the_order() -> None:
    late: dict[str, Any] = {"status": "timeout", "error": timed_out("late")}
    one, two = spent_on([candidate("a")]), spent_on([candidate("a", **late), candidate("b")])
    before = json.dumps([one, two])
    both, other = add_spent(one, two), add_spent(two, one)
    assert both == other and both["sampler/a"]["calls"] == 2
    assert json.dumps([one, two]) == before
    both["sampler/a"]["failed"]["timeout"] = 9
    assert json.dumps([one, two]) == before
    assert add_spent(None, None) == {} and add_spent(one, None) == one
