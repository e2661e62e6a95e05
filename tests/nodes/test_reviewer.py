import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.reading.verdicts import read_order


@pytest.mark.parametrize(
    ("reply", "order"),
    [
        ('{"reasons": ["1", "2", "3"], "order": [2, 1, 3]}', [1, 0, 2]),
        ('```json\n{\n "order": ["3", "1"]\n}\n```', [2, 0]),
        ('{"order": [2, 1, 3', [1, 0, 2]),
        ('{"order": [1, 2, 3]} no, rather {"order": [3, 2, 1]}', [2, 1, 0]),
        ('{"order": ["Answer 2", "Answer 3"], "reasons": ["5 is odd"]}', [1, 2]),
        ("My ranking: 3 > 1 > 2", [2, 0, 1]),
        ("Answer 3 > Answer 1 > answer #2.", [2, 0, 1]),
        ("1 > 2, or else 2 > 1", []),
        ("[2, 3, 1]", [1, 2, 0]),
        ("2,1\n", []),
        ('{"order": [2, 2, 1, 2]}', []),
        ('{"order": [0, 7, 3, -1]}', []),
        ('{"order": [99999999999999999999]}', []),
        ('{"order": []}', []),
        ('{"order": null}', []),
        ("The first is best: 2 and 2 make 4.", []),
        ("2", []),
        ("", []),
    ],
)
def test_read_order(reply: str, order: list[int]) -> None:
    assert read_order(reply, 3) == order


@given(
    st.text() | st.text(alphabet='"order": [1,2>]#{}answer', max_size=300),
    st.integers(min_value=0, max_value=12),
)
def test_any_text_gives_an_order_or_none(reply: str, n: int) -> None:
    order = read_order(reply, n)
    assert len(set(order)) == len(order) and set(order) <= set(range(n))


@pytest.mark.parametrize(
    "piece", ['"order": [', '"order"' + " " * 9, "1 > ", "1, ", "1 ", "[", " ", "1>2>", "9" * 50]
)
def test_time_does_not_grow_with_the_reply(piece: str) -> None:
    began = time.perf_counter()
    read_order(piece * (1_000_000 // len(piece)), 5)
    assert time.perf_counter() - began < 1.0
