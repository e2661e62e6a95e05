"""Arguments of calls: keywords without quotes, and results of earlier calls in their place."""

from typing import Any

import pytest

from manyminds.reading.actions import read_action
from manyminds.reading.call_arguments import keywords, with_results

RESULTS = {"R1": "0.25", "R2": 'a "b"\nc', "R3": "[1, 2]", "R4": "007"}


@pytest.mark.parametrize(
    ("inside", "given"),
    [
        ("amount=840, factor=R1", {"amount": 840, "factor": "R1"}),
        ('city="Oslo", day=Monday', {"city": "Oslo", "day": "Monday"}),
        ("of=[R1, 2], deep=true", {"of": ["R1", 2], "deep": True}),
        ("city=Oslo", {"city": "Oslo"}),
        ("a=R1 * 2, b=3", None),
        ("city=New York, day=2", None),
        ("2, 3", None),
        ("x=1, 2", None),
        ("**x", None),
        ("x == 1", None),
    ],
)
def test_keywords(inside: str, given: Any) -> None:
    assert keywords(inside) == given


@pytest.mark.parametrize(
    ("argument", "several", "filled"),
    [
        ("R1 * 2", False, "0.25 * 2"),
        ("R2", False, 'a "b"\nc'),
        ("R9 * 2", False, "R9 * 2"),
        ("840, R1", True, "840, 0.25"),
        ("R2, R4", True, '"a \\"b\\"\\nc", "007"'),
        ("SELECT 1, R1", False, "SELECT 1, 0.25"),
        ('{"of": R3, "a": "R1"}', True, '{"of": [1, 2], "a": 0.25}'),
        ('{"of": "about R1"}', True, '{"of": "about 0.25"}'),
        ('{"of": ["R2"]}', True, '{"of": ["a \\"b\\"\\nc"]}'),
        ("{R1", True, "{0.25"),
    ],
)
def test_results_in_their_place(argument: str, several: bool, filled: str) -> None:
    assert with_results(argument, RESULTS, several=several) == filled


def test_an_agent_may_leave_the_quotes_of_keywords_away() -> None:
    move = read_action("Action: convert(amount=840, to=EUR)", ["convert"], objects=["convert"])
    assert move.action is not None
    assert move.action.argument == '{"amount": 840, "to": "EUR"}'
