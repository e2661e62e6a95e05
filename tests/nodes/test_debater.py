import pytest
from helpers.growth import LINEAR, growth
from hypothesis import given
from hypothesis import strategies as st

from manyminds.nodes.debater import without_confidence


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It is 7.\nConfidence: 70", "It is 7."),
        ("It is 7.\n\n**Confidence:** 70 %\n", "It is 7."),
        ("It is 7.\n- Confidence (1 to 100): 70", "It is 7."),
        ("It is 7.\nconfidence level is 95/100.", "It is 7."),
        ("It is 7. Confidence: 70", "It is 7. Confidence: 70"),
        ("Confidence: 50\nIt is 7.\nConfidence: 70", "Confidence: 50\nIt is 7."),
        ("Confidence intervals need n > 30 samples, as a rule.", None),
        ("Confidence: 70", None),
        ("It is 7.", None),
        ("", None),
    ],
)
def test_the_last_line_on_confidence_goes(text: str, left: str | None) -> None:
    assert without_confidence(text) == (text if left is None else left)


@given(st.text() | st.text(alphabet="confidence: 10\n*", max_size=200))
def test_any_text_goes_in_and_nothing_is_made_up(text: str) -> None:
    left = without_confidence(text)
    assert bool(left) == bool(text) and len(left) <= len(text)


@pytest.mark.timed
@pytest.mark.parametrize("piece", ["confidence", "confidence: 9\n", "confidence ", "*", "\n"])
def test_time_is_linear(piece: str) -> None:
    assert growth(without_confidence, piece, 1_000_000) < LINEAR
