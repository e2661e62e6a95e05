import time

import pytest
from helpers.graphs import a_run
from hypothesis import given
from hypothesis import strategies as st

from manyminds.nodes.shown import shuffle_for
from manyminds.reading.verdicts import read_choice


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ('{"choice": 2, "reason": "Answer 3 forgets the sign."}', 1),
        ('{"choice": "3"}', 2),
        ('{"reason": "1 is off", "choice": 2}', 1),
        ('{"choice": 9, "reason": "Answer 1"}', None),
        ("2", 1),
        ("I choose answer 3.", 2),
        ("1 or 2", None),
        ("", None),
    ],
)
def test_read_choice(reply: str, choice: int | None) -> None:
    assert read_choice(reply, 3) == choice


@given(st.text() | st.text(alphabet='"choice": 12{}best', max_size=300), st.integers(0, 9))
def test_any_text_gives_a_choice_or_none(reply: str, n: int) -> None:
    choice = read_choice(reply, n)
    assert choice is None or 0 <= choice < n


@pytest.mark.parametrize("piece", ['"choice": ', "choice is ", "1 ", " ", "best answer "])
def test_time_is_linear(piece: str) -> None:
    began = time.perf_counter()
    read_choice(piece * (500_000 // len(piece)), 5)
    assert time.perf_counter() - began < 1.0


def test_orders_are_seeded_and_everybodys_own() -> None:
    items = list(range(20))
    assert shuffle_for(items, a_run(), "a") == shuffle_for(items, a_run(), "a") != items
    assert shuffle_for(items, a_run(), "a") != shuffle_for(items, a_run(), "b")
    assert shuffle_for(items, a_run(), "a") != shuffle_for(items, a_run(seed=1), "a")
    assert sorted(shuffle_for(items, a_run(), "a")) == items == list(range(20))
