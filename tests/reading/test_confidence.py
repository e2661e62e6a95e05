import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.reading.confidence import rated, stated


@pytest.mark.parametrize(
    ("reply", "sure"),
    [
        ("42\nConfidence: 70", 70),
        ("42\nConfidence: 70%", 70),
        ("**Confidence:** 85", 85),
        ("Confidence: **85**", 85),
        ("My confidence level is 40.", 40),
        ("confidence = 55", 55),
        ("Confidence: 0.9", 90),
        ("Confidence: 1.0", 100),
        ("Confidence: 1", 1),
        ("Confidence: 0.5%", 0.5),
        ("Confidence: 80/100", 80),
        ("Confidence: 20\nAfter checking again:\nConfidence: 90", 90),
        ("Confidence: 170", None),
        ("I have no confidence in this.", None),
        ("The answer is 70.", None),
        ("", None),
    ],
)
def test_stated(reply: str, sure: float | None) -> None:
    assert stated(reply) == sure


def test_only_the_end_of_a_reply_counts() -> None:
    assert stated("Confidence: 70" + " " * 3000) is None
    assert stated(" " * 3000 + "Confidence: 70") == 70


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ('{"score": 7}', 7),
        ('{"score": "7.5"}', 7.5),
        ('```json\n{"rating": 10}\n```', 10),
        ('{"score": 0}', 0),
        ("Score: 7/10", 7),
        ("I would give it a score of... Rating: **8**", 8),
        ("7", 7),
        (" 7/10. ", 7),
        ('{"score": 11}', None),
        ('{"score": -3}', None),
        ("It is a good answer with 3 mistakes.", None),
        ("", None),
    ],
)
def test_rated(reply: str, score: float | None) -> None:
    assert rated(reply) == score


def test_another_scale() -> None:
    assert rated('{"score": 11}', most=100) == 11


@given(st.text(max_size=300))
def test_whatever_the_reply_numbers_stay_in_range(reply: str) -> None:
    sure, score = stated(f"confidence {reply}"), rated(reply)
    assert sure is None or 0 <= sure <= 100
    assert score is None or 0 <= score <= 10


@given(st.integers(0, 10), st.text(max_size=50))
def test_json_with_any_reason_is_read(score: int, reason: str) -> None:
    assert rated(json.dumps({"reason": reason.replace('"', ""), "score": score})) == score
