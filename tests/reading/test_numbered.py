"""Options with numbers: what names one, and what is no list of options."""

import pytest

from manyminds.evals.data import Row
from manyminds.evals.grading import ByAnswer
from manyminds.reading.numbered import options_in
from manyminds.reading.together import read_all

SPAM = "Is this mail spam? 1. Yes, it is spam; 2. No, it is not. Return only one number."
RIVER = "Which river is longest?\n1) Rhine\n2) Nile\n3) Po"


@pytest.mark.parametrize(
    ("question", "options"),
    [
        (SPAM, {"1": "Yes, it is spam", "2": "No, it is not"}),
        (RIVER, {"1": "Rhine", "2": "Nile", "3": "Po"}),
        ("Follow the steps: 1. Take 5. 2. Add 3. What is the result?", {}),
        ("Ann buys 2 apples. 1. She eats one.", {}),
        ("Which? 1. Rhine; 3. Nile", {}),
    ],
)
def test_options_are_numbered_from_one_behind_what_is_asked(
    question: str, options: dict[str, str]
) -> None:
    assert options_in(question) == options


@pytest.mark.parametrize(
    ("question", "gold", "right", "wrong"),
    [
        (SPAM, "no", ["2", "2. No, it is not", "No.", "The answer is 2."], ["1", "1. Yes", "Yes."]),
        (SPAM, "2", ["2", "No, it is not spam."], ["1", "Yes"]),
        (RIVER, "Nile", ["2", "2) Nile", "It is the Nile."], ["3", "The Rhine."]),
    ],
)
def test_a_reply_names_an_option_by_number_or_text(
    question: str, gold: str, right: list[str], wrong: list[str]
) -> None:
    grade, row = ByAnswer(None), Row(id="q", question=question, answer=gold)
    assert [text for text in right if not grade(row, text)] == []
    assert [text for text in wrong if grade(row, text)] == []


def test_votes_for_one_option_are_one_answer() -> None:
    read = read_all(["2", "2) Nile", "It is the Nile.", "1"], question=RIVER)
    assert read.answers == ["2", "2", "2", "1"]
