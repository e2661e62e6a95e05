# ruff: noqa: E501 - lists of cases are easier to read in one line
"""`eval` counts as a person would: words, yes/no, dates, lists, aliases, JSON replies, tables."""

import json
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.apps.cli import main
from manyminds.evals.data import Row
from manyminds.evals.grading import grader

# Question, gold, replies that are right, replies that are not.
QUESTIONS: list[tuple[str, object, list[str], list[str]]] = [
    (
        "What language is spoken in Brazil?",
        "Portuguese",
        ["The answer is Portuguese.", "Portuguese", "People in Brazil speak Portuguese.",
         '{"reasoning": "Not Spanish.", "answer": "Portuguese"}', "**Portuguese**", "portuguese."],
        ["Spanish", "The answer is Spanish.", "It is not Portuguese.", "Portuguese or Spanish", ""],
    ),
    (
        "Is 17 a prime number?",
        "yes",
        ["Yes, 17 is a prime number.", "Yes.", "The answer is yes.", "True", '{"answer": true}'],
        ["No.", "No, 17 is not a prime number.", "The answer is no.", "I do not know."],
    ),
    ("Is water dry?", False, ["No.", "False", "No, water is wet."], ["Yes", "True."]),
    (
        "How many continents are there?",
        7,
        ["There are 7 continents.", "seven", "The answer is 7."],
        ["There are 6 continents.", "5 or 7", "7-8"],
    ),
    ("Which is a vehicle? (A) cat (B) dog (C) car", "C", ["C) car", "The answer is C.", "(C)"], ["A", "B) dog"]),
    (
        "When was the Declaration of Independence signed?",
        "July 4, 1776",
        ["July 4, 1776", "It was signed on 4 July 1776.", "1776-07-04", "The answer is July 4th, 1776."],
        ["July 5, 1776", "1776", "It was signed on 4 August 1776."],
    ),
    (
        "Name the primary colors.",
        "red, yellow, blue",
        ["Red, yellow and blue", "The answer is red, yellow, blue.", "The primary colors are red, yellow, and blue."],
        ["red, green, blue", "Red and blue"],
    ),
    (
        "Who wrote Hamlet?",
        ["William Shakespeare", "Shakespeare"],
        ["Shakespeare", "William Shakespeare wrote Hamlet.", "The answer is Shakespeare."],
        ["Marlowe", "It was not Shakespeare."],
    ),
    ("What is the capital of France?", "Paris", ["Paris, France", "The capital is Paris."], ["Lyon, France"]),
    (
        "What is the capital of Australia?",
        "Canberra",
        ["The capital is Canberra, not Sydney.", "Although many think it is Sydney, it is Canberra.",
         "Canberra is the capital, unlike what many think.", "It is Canberra (not Sydney)."],
        ["The capital is Sydney, not Canberra.", "Although Canberra is near, it is Sydney.",
         "Sydney is the capital, rather than Canberra.", "It is not Canberra."],
    ),
    (
        "What language do Brazilians speak?",
        "Portuguese",
        ["Portuguese is what they speak, unlike their neighbours, where Spanish is spoken."],
        ["Spanish is what they speak, unlike in Portugal, where Portuguese is spoken."],
    ),
    (
        "When did World War II end?",
        "1945",
        ["It ended on 2 September 1945.", "In 1945.", "1945, when Japan surrendered."],
        ["It ended in 1944.", "1946", "It was not in 1945.", "1939 or 1945"],
    ),
    (
        "How tall is Mount Everest?",
        "8849 m",
        ["Mount Everest is 8,849 metres tall.", "About 8.849 km", "8,849 meters above sea level", "8849 m"],
        ["8849 feet", "8,611 m", "8849 minutes", "8849 km"],
    ),
    ("How long does it take?", "5 m", ["It takes 5 minutes.", "300 s"], ["It takes 5 hours.", "5 km"]),
    ("Who painted the Mona Lisa?", "Leonardo da Vinci", ["Leonardo da Vinci"], ["Leonardo DiCaprio"]),
    ("What is a half?", "\\frac{1}{2}", ["\\boxed{0.5}", "The answer is 1/2."], ["\\boxed{2}"]),
]  # fmt: skip


def golden(answer: object) -> list[str]:
    if isinstance(answer, list):
        return [str(one) for one in answer]
    return [{True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)]


def rows() -> list[Row]:
    found: list[Row] = []
    for question, answer, _, _ in QUESTIONS:
        first, *others = golden(answer)
        row = Row(id=question, question=question, answer=first)
        if others:
            row["aliases"] = others
        found.append(row)
    return found


def test_each_row_is_graded_by_the_kind_of_its_gold() -> None:
    grade = grader(rows(), Path("questions.jsonl"))
    judged = [
        (row["question"], text, grade(row, text))
        for row, (_, _, right, wrong) in zip(rows(), QUESTIONS, strict=True)
        for text in [*right, *wrong]
    ]
    expected = [
        (question, text, fine)
        for question, _, right, wrong in QUESTIONS
        for texts, fine in ((right, True), (wrong, False))
        for text in texts
    ]
    assert [one for one in judged if one not in expected] == []


def test_a_year_in_a_column_of_numbers_is_read_in_a_date() -> None:
    golds = {"When did World War II end?": "1945", "In what year did the wall fall?": "1989"}
    rows = [Row(id=question, question=question, answer=gold) for question, gold in golds.items()]
    grade = grader(rows, Path("questions.jsonl"))
    assert grade(rows[0], "It ended on 2 September 1945.") and grade(rows[1], "On 9 November 1989.")
    assert not grade(rows[0], "It ended on 2 September 1944.") and not grade(rows[1], "In 1990.")


@pytest.mark.parametrize("text", ["Leonardo da Vinci", " leonardo da vinci. "])
@pytest.mark.parametrize("extract", ["final", "math", "boxed", "json", "text", "literal"])
def test_an_answer_that_equals_the_gold_is_right_with_every_extractor(
    text: str, extract: str
) -> None:
    row = Row(id="a", question="Q?", answer="Leonardo da Vinci")
    assert grader([row], Path("q.jsonl"), extract=extract)(row, text) is True


KINDS = ["final", "number", "choice", "math", "boxed", "square", "json", "literal", None]
GOLDS = [
    "Leonardo da Vinci", "12 apples", "C) car", "(C) car", "Option C", "five", "$1,234.50", "45 %",
    "2 1/2", "\\frac{1}{2}", "yes", "July 4, 1776", "red, yellow and blue", "none of the above",
    "10:30 am", "N/A", "don't", "__init__",
]  # fmt: skip


@pytest.mark.parametrize("extract", KINDS)
@pytest.mark.parametrize("gold", GOLDS)
def test_the_gold_between_marks_is_right_with_every_extractor(
    gold: str, extract: str | None
) -> None:
    row = Row(id="a", question="Q?", answer=gold)
    grade = grader([row], Path("q.jsonl"), extract=extract)
    marked = [f"**{gold}**", f"`{gold}`", f"<think>Is it 9?</think>\n{gold}", f"{gold}<|im_end|>",
              f"\u200b{gold}", f"```\n{gold}\n```", f"{gold}."]  # fmt: skip
    assert [text for text in marked if grade(row, text) is not True] == []


@pytest.mark.parametrize("extract", ["final", "math", "json", None])
@pytest.mark.parametrize("gold", ["12 apples", "C) car", "five", "(C) car", "Option C", "Paris."])
def test_a_reply_that_calls_the_gold_its_answer_is_right(gold: str, extract: str | None) -> None:
    row = Row(id="a", question="Q?", answer=gold)
    grade = grader([row], Path("q.jsonl"), extract=extract)
    said = [f"The answer is {gold}.", f"Answer: {gold}", f"The final answer is **{gold}**."]
    assert [text for text in said if grade(row, text) is not True] == []


@pytest.mark.parametrize(
    ("extract", "gold", "right", "wrong"),
    [
        ("final", "12 apples", "The answer is 12.", "The answer is 12 pears."),
        ("final", "\\boxed{42}", "The answer is 42.", "The answer is 24."),
        ("math", "$\\boxed{42}$", "42", "\\boxed{24}"),
        ("choice", "Answer: C", "The answer is (C).", "The answer is (D)."),
        (None, "**C**", "C", "D"),
        (None, "\uff14\uff12", "42", "24"),
        ("final", "2**3", "2**3", "23"),
        (None, "__init__", "`__init__`", "init"),
        ("literal", "23", "23", "2**3"),
        ("json", '{"a": 1}', '{"a": 1}', "The answer is print(1)."),
        ("final", '{"a": 1}', '{"a": 1}', "The answer is 1."),
        ("number", "5 + 3 = 8\n#### 8", "The answer is 8.", "The answer is 5."),
        ("boxed", "5 + 3 = 8\n#### 8", "5 + 3 = 8\n#### 8", "5"),
        ("boxed", "5", "\\boxed{5}", "The answer is 5. \\boxed{6}"),
        ("text", "Paris", "Paris.", "The answer is Paris."),
        ("final", "Leonardo da Vinci", '"Leonardo da Vinci"', "Leonardo DiCaprio"),
        ("final", "caf\u00e9", "cafe\u0301", "cafe"),
    ],
)
def test_a_gold_in_another_form_equals_only_the_same_answer(
    extract: str | None, gold: str, right: str, wrong: str
) -> None:
    row = Row(id="a", question="Q?", answer=gold)
    grade = grader([row], Path("q.jsonl"), extract=extract)
    assert grade(row, right) is True and grade(row, wrong) is False


@pytest.mark.parametrize("extract", KINDS)
def test_a_blank_gold_is_graded_as_any_other(extract: str | None) -> None:
    row = Row(id="a", question="Who was it?", answer=" ")
    assert (
        grader([row, Row(id="b", question="Q?", answer="Paris")], Path("q.jsonl"), extract=extract)(
            row, "Paris"
        )
        is False
    )


def ask(
    tmp_path: Path, replies: list[str], golds: list[str], *arguments: str, command: str = "eval"
) -> int:
    path = write_rows(
        tmp_path / "questions.jsonl",
        [
            {"id": f"q{n}", "question": f"Q{n}?", "answer": gold, "model": "m", "samples": [{"text": text}]}
            for n, (text, gold) in enumerate(zip(replies, golds, strict=True))
        ],
    )  # fmt: skip
    members = ["--data", str(path), "--members-from", str(path)]
    return main([command, "agent-forest", *members, "--samples", "1", *arguments])


WORDS = ["Paris", "Rome", "Oslo", "Bern"]


def test_words_are_counted_and_the_way_of_reading_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, [f"The answer is {word}." for word in WORDS], WORDS) == 0
    out, err = capsys.readouterr()
    assert "100.0%" in out and "read as" in out and "reference answer" in out and not err


def test_what_was_graded_wrong_is_printed_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replies = ["The answer is Lyon.", "Rome", "Oslo", "Bern"]
    assert ask(tmp_path, replies, WORDS, "--misses", "10") == 0
    out = capsys.readouterr().out
    assert "q0" in out and "Lyon" in out and "Paris" in out and "differs" in out and "q1" not in out


def test_unread_replies_are_a_figure_and_a_warning_with_two_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = (
        "First we look at the map, and then we think about it for a while with care and patience."
    )
    replies = [f"{long} one", f"{long} two", "Oslo", "Bern"]
    assert ask(tmp_path, replies, WORDS, "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["unread"] == 2
    assert "patience. one" in err and "patience. two" in err and "2 of 4" in err


def test_none_right_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(tmp_path, ["Answer: Lyon"] * 4, WORDS, "--json") == 0
    assert "none of 4" in capsys.readouterr().err


def test_a_near_extractor_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(tmp_path, ["5"], ["5"], "--extract", "numbers") == 2
    assert "did you mean 'number'" in capsys.readouterr().err
    assert ask(tmp_path, ["5"], ["5"], "--extract", "yesno") == 2
    assert "choice" in capsys.readouterr().err


def test_kept_rows_say_what_was_read(tmp_path: Path) -> None:
    assert ask(tmp_path, ["Answer: Lyon", "Rome"], WORDS[:2], "--out", str(tmp_path / "out")) == 0
    kept = [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()]
    kept.sort(key=lambda row: row["id"])
    assert [(row["read"], row["correct"], row["kind"]) for row in kept] == [
        ("Lyon", False, "text"),
        ("Rome", True, "text"),
    ]
    assert kept[0]["reply"] == "Answer: Lyon" and "reply" not in kept[1]
