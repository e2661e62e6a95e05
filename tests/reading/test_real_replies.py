"""What a very small real model replied to 100 short questions, and what each reply says.

SmolLM2-135M wrote them, up to eight a question, at temperature 0.8. Each reading was checked by
hand: the words that the reply gives as its answer, null where it gives none or nobody can tell, and
false where the reader is known to be wrong.
"""

import json
from pathlib import Path

import pytest

from manyminds.reading.restated import restated
from manyminds.reading.together import read_all
from manyminds.reading.years import find as year_in

FILE = Path(__file__).with_name("smollm2_replies.jsonl")
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_what_is_read_is_what_the_reply_says() -> None:
    read, wrong = 0, list[tuple[str, object, str | None]]()
    for row in ROWS:
        texts, says = zip(*row["replies"], strict=True)
        reading = read_all(texts, question=row["question"])
        for text, said, found in zip(texts, says, reading.found, strict=True):
            answer = None if found is None else found.answer
            read += answer is not None
            if answer is not None and answer != said:
                wrong.append((text[:80], said, answer))
    assert len(ROWS) == 100
    assert read >= 280, "a reader that abstains is no reader"
    assert len(wrong) <= 0.02 * read, wrong


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("What is the symbol for iron?", "The chemical symbol for iron is Fe.", "Fe"),
        ("What is the symbol for iron?", "Fe is the symbol for iron. It is a metal.", "Fe"),
        ("Who wrote Emma?", "Jane Austen wrote Emma in 1815.", "Jane Austen"),
        ("Who wrote Emma?", "The novel Emma was written by Jane Austen.", "Jane Austen"),
        ("What do cows eat?", "Cows eat grass, hay and other plants.", "grass"),
        (
            "What is the largest lake in Africa?",
            "The largest lake in Africa is Lake Victoria, which feeds the White Nile. However, the "
            "largest lake in the world is the Caspian Sea.",
            "Lake Victoria",
        ),
        (
            "Who was the first king of Rome?",
            "The first king of Rome was John F. Low.",
            "John F. Low",
        ),
        ("What is the capital of Italy?", "The capital of Italy is an old and lovely city.", None),
        ("What is the capital of Italy?", "The capital of Italy is not Milan.", None),
        ("What is the capital of Italy?", "The capital of Italy is Milan or Rome.", None),
        (
            "What is the capital of Italy?",
            "The capital of Italy is Milan. Actually, it is Rome.",
            None,
        ),
        (
            "What is the capital of Italy?",
            "The capital of Italy is Milan. The capital of Italy is Rome.",
            None,
        ),
        ("What is the capital of Italy?", "The capital of France is Paris.", None),
        ("How many legs has a dog?", "There are four legs.", None),
    ],
)
def test_a_sentence_that_repeats_the_question_fills_it_in(
    question: str, text: str, answer: str | None
) -> None:
    found = restated(text, question)
    assert (None if found is None else found.answer) == answer


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("It ended on 2 September 1945, six years after it began.", "1945"),
        ("The answer is 1945, not 1944.", "1945"),
        ("It began in 1939 and ended in 1945.", None),
        ("There were 1945.5 of them.", None),
        ("In the year 1066 William landed; 1066 is well known.", "1066"),
    ],
)
def test_a_year_is_the_only_one_that_is_named(text: str, year: str | None) -> None:
    found = year_in(text)
    assert (None if found is None else found.answer) == year


@pytest.mark.parametrize(
    ("question", "texts", "answers"),
    [
        (
            "How many months are in a year?",
            ["A year has 365 days.", "There are 12 months in a year.", "12"],
            [None, "12", "12"],
        ),
        (
            "Is the moon larger than the sun?",
            ["The moon is 384,400 km away.", "The sun has 109 times its diameter."],
            [None, None],
        ),
        (
            "Name the three primary colors.",
            ["Red, blue and yellow. They stand for fire, water, earth and air.", "Red and blue."],
            ["Red, blue, yellow", None],
        ),
        (
            "Which is a fruit? (A) Apple (B) Table (C) Chair",
            ["The answer is (B) Chair.", "(A) Apple", "It is the table (C)."],
            [None, "A", None],
        ),
        (
            "Tom has 60 apples and eats 4. How many are left?",
            [
                "Tom eats 4 apples, which means he has 60 - 4 = 56 apples left.",
                "3 * 2 = (4 + 1) - 1",
            ],
            ["56", None],
        ),
    ],
)
def test_the_question_says_what_an_answer_can_be(
    question: str, texts: list[str], answers: list[str | None]
) -> None:
    assert read_all(texts, question=question).answers == answers
