import pytest
from helpers.growth import LINEAR, growth
from hypothesis import given
from hypothesis import strategies as st

from manyminds.graphs.reflexion import Checked, read_verdict


@pytest.mark.parametrize(
    ("reply", "checked"),
    [
        ('{"score": 7, "reason": " fine "}', Checked(passed=True, feedback="fine")),
        ('So: {"score": 6.9, "reason": "no"}', Checked(passed=False, feedback="no")),
        ("Score: 10", Checked(passed=True, feedback="")),
        ('{"score": 3, "reason": ["a"]}', Checked(passed=False, feedback="")),
        ('{"score": 11, "reason": "more than there is"}', None),
        ("It is right.", None),
        ("", None),
    ],
)
def test_what_is_read(reply: str, checked: Checked | None) -> None:
    assert read_verdict(reply) == checked


@given(st.text() | st.text(alphabet='{}[]"score: 1234567890reason,\\', max_size=300))
def test_any_reply_is_read_without_raising(reply: str) -> None:
    checked = read_verdict(reply)
    assert checked is None or isinstance(checked["passed"], bool)


@pytest.mark.timed
@pytest.mark.parametrize("piece", ['{"score": 1', "[", '"score"', "score:", "1", "\\"])
def test_a_long_reply_is_read_in_linear_time(piece: str) -> None:
    assert growth(read_verdict, piece, 400_000) < LINEAR
