"""The replies to one question, read together: kind, equality, abstention."""

import json
from pathlib import Path

import pytest

from manyminds.reading.answers import extractor
from manyminds.reading.together import read_all
from manyminds.votes.votes import labels, majority

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "reading_cases.jsonl"

VOTES = [
    (["The answer is 1/2.", "0.5", "3", "3", "Answer: 0.50"], "0.5"),
    (["C", "(C)", "The answer is c.", "A", "A"], "C"),
    (["It takes 3 hours.", "Answer: 3", "three", "4", "4"], "3"),
    (["Yes.", "yes, it is", "Answer: YES", "No", "No"], "yes"),
    (["Die Antwort ist 7.", "La respuesta es 7", "答案是7", "8", "8"], "7"),
    (["{1, 2}", "{2, 1}", "{2,1}", "{3}", "{3}"], "{1, 2}"),
    (["William Shakespeare", "It is **William Shakespeare**.", "Marlowe"], "William Shakespeare"),
    (["July 4, 1776", "4 July 1776", "1776-07-04", "July 5, 1776"], "July 4, 1776"),
    (["I cannot answer that.", "I cannot answer that.", "Answer: 9"], "9"),
    (["A dog barks.", "Answer: dog", "dog", "fish", "fish"], "dog"),
]


def winner(texts: list[str]) -> str | None:
    reading = read_all(texts)
    return majority(reading.answers, extractor=reading.extractor)["answer"]


def equal(one: str | None, other: str) -> bool:
    if one is None:
        return False
    kinds = ("number", "math", "final", "text")
    return one.casefold() == other.casefold() or any(
        extractor(kind).equivalent(one, other) for kind in kinds
    )


@pytest.mark.parametrize(("texts", "expected"), VOTES, ids=[expected for _, expected in VOTES])
def test_the_majority_wins_however_it_is_worded(texts: list[str], expected: str) -> None:
    assert equal(winner(texts), expected)


@pytest.mark.skipif(not CASES.exists(), reason="the reading cases are not here")
def test_every_vote_of_the_cases() -> None:
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    votes = [row for row in rows if row["kind"] == "vote"]
    assert [r for r in votes if not equal(winner(r["texts"]), r["expected"])] == []


def test_options_in_the_question_make_a_text_its_letter() -> None:
    question = "What is the capital of France? (A) Paris (B) Lyon"
    reading = read_all(["The answer is Paris.", "A", "Answer: (B)"], question=question)
    assert reading.kind == "choice" and reading.answers == ["A", "A", "B"]


def test_an_abstention_has_its_reason() -> None:
    reading = read_all(["I can't help with that.", "Answer: 5", None, "5"])
    assert reading.answers == [None, "5", None, "5"]
    assert [reason is None for reason in reading.reasons] == [False, True, False, True]


def test_a_sum_has_a_number_whatever_formulas_the_replies_write() -> None:
    replies = [
        "4 + 12 is equal to 16, which is the product of 4 and 12",
        "To add 4 and 12, you simply add them together: 4 + 12 = 16",
        "The expression 4 + 12 is a classic algebraic equation",
        "A classic arithmetic operation",
        "To add 4 and 12, you simply add them together",
        "4 + 12 = 16",
        "To calculate 4 + 12, you simply add 4 and 12",
    ]
    read = read_all(replies, question="What is 4 + 12?")
    assert read.kind == "number"
    assert read.answers == ["16", "16", None, None, None, "16", None]
    products = read_all(["4 x 12 is 48", "4 x 12 = 48", "A product"], question="What is 4 x 12?")
    assert products.answers == ["48", "48", None]
    formulas = read_all(["2x + 3x = 5x", "It is 5x", "5x"], question="What is 2x + 3x?")
    assert formulas.kind != "number" and formulas.answers[2] == "5x"


def test_a_dash_before_an_answer_is_no_part_of_it() -> None:
    replies = ["The opposite of false is indeed - true", "The opposite of false is true"]
    assert read_all(replies, question="What is the opposite of false?").answers == ["true"] * 2


def test_a_text_inside_two_answers_stays_apart() -> None:
    reading = read_all(["New York", "York", "New York", "York and New York"])
    assert reading.answers[0] != reading.answers[1]


@pytest.mark.parametrize("texts", [[], [""], [None], ["\x00\ud800"], ["{" * 5000], ["a" * 100_000]])
def test_any_text_is_read_or_abstains(texts: list[str | None]) -> None:
    assert len(read_all(texts).answers) == len(texts)


@pytest.mark.parametrize(
    ("question", "texts", "distinct"),
    [
        (
            "What is the capital of France?",
            ["Paris", "It's Paris.", "The capital of France is Paris.", "**Paris**"],
            1,
        ),
        ("What is the capital of France?", ["Paris is the capital of France.", "Paris"], 1),
        ("Is Paris the capital?", ["Paris is not the capital", "Paris"], 2),
        ("Which one is the capital?", ["Paris or Lyon is the capital", "Paris", "Lyon"], 3),
    ],
)
def test_a_sentence_of_the_questions_words_states_its_answer(
    question: str, texts: list[str], distinct: int
) -> None:
    assert len(set(read_all(texts, question=question).answers)) == distinct


def test_a_question_about_a_programs_output_makes_answers_literals() -> None:
    question = "def f(x):\n    return [x]\nassert f(1) == ??"
    texts = ['{"reasoning": "a list", "answer": "[1]"}', "[1]", "[ 1 ]", "[2]"]
    reading = read_all(texts, question=question)
    assert reading.kind == "literal"
    assert majority(reading.answers, extractor=reading.extractor)["groups"][0]["weight"] == 3
    assert read_all(["def f(x):\n    return 1"] * 2, question="def f(x):\n").kind != "literal"


def test_each_answer_has_its_place() -> None:
    reading = read_all(["It is **Oslo**.", "Answer: Oslo", "The capital is Oslo.", "Bergen"])
    assert [one and one.where for one in reading.found] == [
        "bold text",
        "cue",
        "mention of another reply's answer",
        "whole reply",
    ]


def _groups(question: str, texts: list[str]) -> list[int | None]:
    reading = read_all(texts, question=question)
    return labels(reading.answers, reading.extractor)


@pytest.mark.parametrize(
    ("question", "answers", "groups"),
    [
        (
            "Find the sum of the real roots of $x^3 - 9x = 0$ and $x - 18 = 0$.",
            ["18", "18.0", "$18$", "no solution", "\\frac{36}{2}", "No solution"],
            [0, 0, 0, 1, 0, 1],
        ),
        (
            "Simplify $\\sqrt{8} \\cdot \\frac{1}{2}$.",
            ["\\sqrt{2}", "sqrt(2)", "$\\sqrt{2}$", "undefined", "\\sqrt{3}"],
            [0, 0, 0, 1, 2],
        ),
        (
            "Compute $a + 5b$ for $a = 3$ and $b = 3$.",
            ["18", "18.0", "Cannot be determined", "$18$", "18"],
            [0, 0, None, 0, 0],
        ),
    ],
)
def test_an_answer_in_words_leaves_the_figures_of_the_others_what_they_are(
    question: str, answers: list[str], groups: list[int | None]
) -> None:
    fields = [json.dumps({"reasoning": "We solve it.", "answer": one}) for one in answers]
    assert _groups(question, fields) == groups
    assert _groups(question, [f"The answer is {one}." for one in answers]) == groups


def test_names_with_figures_stay_names() -> None:
    question = "Which mission landed there?"
    texts = ["The answer is Apollo 11.", "Answer: Apollo 11", "Apollo 12", "Answer: Surveyor"]
    assert _groups(question, texts) == [0, 0, 1, 2]


def test_reasons_in_json_say_nothing_about_the_answer() -> None:
    reasons = "Let p(x) = mx + b. Then 4 = 2 m, so \\boxed{7} is wrong. The answer is 9."
    texts = [
        json.dumps({"reasoning": reasons, "answer": "2"}),
        f'Here is the JSON:\n```json\n{{"reasoning": "{reasons}", "answer": "2"}}\n```',
        '{"reasoning": "m = 2", "answer": "2"}',
        '{"reasoning": "m = 3", "answer": "3"}',
    ]
    assert _groups("You know p(2) = 3. Find q(-1).", texts) == [0, 0, 0, 1]
    assert [extractor("math")(text) for text in texts] == ["2", "2", "2", "3"]
