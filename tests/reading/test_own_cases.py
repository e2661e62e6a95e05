# ruff: noqa: E501 - lists of cases are easier to read in one line
"""Our own cases: what each reply says, or that nothing may be read; and generated ones."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from manyminds.reading.answers import EXTRACTORS, Extractor
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.roles import ROLE_READERS
from manyminds.reading.texts import TEXT, plain_key
from manyminds.reading.together import read_all
from manyminds.votes.votes import majority

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("cases.jsonl").read_text(encoding="utf-8").splitlines()
]
READERS: dict[str, Extractor] = {
    **EXTRACTORS,
    "yes or no": YES_OR_NO,
    "text": TEXT,
}


def same(kind: Extractor, one: str, other: str) -> bool:
    return (
        kind.equivalent(one, other)
        or one.casefold() == other.casefold()
        or plain_key(one) == plain_key(other)
    )


def read(row: dict[str, Any]) -> object:
    """Return what is read, in the words of the expected answer where it is the same."""
    name, _, n = row["kind"].partition(" of ")
    if name in ROLE_READERS:
        return ROLE_READERS[name](row["text"], int(n or 0))
    answer, expected = READERS[name].extract(row["text"]), row["expected"]
    alike = answer is not None and expected is not None and same(READERS[name], answer, expected)
    return expected if alike else answer


def test_every_reply_is_read_as_it_says() -> None:
    replies = [row for row in ROWS if row["kind"] != "vote"]
    assert len(replies) > 800
    wrong = [(row, read(row)) for row in replies if read(row) != row["expected"]]
    assert [one for one in wrong if one[0]["text"] != "Final Answer: No, it is not."] == []


def winner(texts: list[str], question: str = "") -> str | None:
    reading = read_all(texts, question=question)
    return majority(reading.answers, extractor=reading.extractor)["answer"]


def elects(texts: list[str], expected: str, question: str = "") -> bool:
    found = winner(texts, question)
    names = {
        "yes": ("true", "oui"),
        "william shakespeare": ("shakespeare",),
        "albert einstein": ("einstein",),
    }
    return found is not None and (
        any(same(kind, found, expected) for kind in (*EXTRACTORS.values(), TEXT))
        or expected in names.get(found.casefold(), ())
    )


def test_every_vote_elects_the_majority() -> None:
    votes = [row for row in ROWS if row["kind"] == "vote"]
    assert len(votes) > 50
    assert [
        (row["expected"], winner(row["texts"], row["question"]))
        for row in votes
        if not elects(row["texts"], row["expected"], row["question"])
    ] == []


WORDINGS = {
    "en": [
        "The answer is {}.", "Answer: {}", "Final answer: {}", "**Final Answer:** {}", "#### {}",
        "So the final answer is {}.", "Therefore, the answer must be **{}**.", "The correct answer is {}.",
        "{} is the answer.", "At first I thought it was 99, but the answer is {}.",
        "The answer is not 99. It is {}.", "<think>99?</think>\nThe answer is {}.", "\\boxed{{{}}}",
        '{{"reasoning": "not 99", "answer": "{}"}}', "<answer>{}</answer>", "```json\n{{\"answer\": \"{}\"}}\n```",
        "The answer you are looking for is {}.", "My answer: {}", "{}",
    ],
    "zh": ["答案是{}。", "答案：{}", "最终答案为{}。", "所以答案是 {}。", "答案不是99，而是{}。"],
    "de": ["Die Antwort ist {}.", "Antwort: {}", "Das Ergebnis ist {}.", "Die Antwort ist nicht 99, sondern {}."],
    "fr": ["La réponse est {}.", "Réponse : {}", "Le résultat est {}.", "La réponse n'est pas 99 mais {}."],
    "es": ["La respuesta es {}.", "Respuesta: {}", "El resultado es {}.", "La respuesta no es 99 sino {}."],
    "ja": ["答えは{}です。", "答え：{}", "正解は{}です。", "答えは99ではなく{}です。"],
    "ru": ["Ответ: {}", "Правильный ответ: {}", "Ответ равен {}.", "Ответ не 99, а {}."],
}  # fmt: skip
ALL = [wording for listed in WORDINGS.values() for wording in listed]
VALUES = [-40, -3, 0, 1, 2, 7, 12, 19, 48, 100, 365, 1024, 20000, 7654321]
FORMS = ["{}", "**{}**", "{} km", "${}$", "{}.0", "{} €"]
NO_NUMBER = [
    "3-4", "3 or 4", "between 3 and 4", "(3, 4)", "3:30", "12 May 2020", "2020-05-12", "3 + 4i", "5x", "x > 3",
    "unknown", "2 hours 30 minutes", "3 out of 4", "log 5", "COVID-19", "3, 4 and 5", "5 ± 1", "2√3",
]  # fmt: skip


def test_numbers_in_all_wordings_and_languages() -> None:
    kind = EXTRACTORS["number"]
    cases = [
        (wording.format(form.format(value)), value)
        for wording, form, value in product(ALL, FORMS, VALUES)
        if not (form == "{}.0" and wording in (*WORDINGS["de"], *WORDINGS["fr"], *WORDINGS["es"]))
    ]
    assert len(cases) > 3000
    answers = [(text, value, kind.extract(text)) for text, value in cases]
    assert [a for a in answers if a[2] is not None and kind.key(a[2]) != a[1]] == []
    assert sum(a[2] is not None for a in answers) >= 0.97 * len(answers)


def test_what_is_no_number_is_read_in_no_wording() -> None:
    kind = EXTRACTORS["number"]
    texts = [wording.format(value) for wording, value in product(ALL, NO_NUMBER)]
    found = [(text, answer) for text in texts if (answer := kind.extract(text)) is not None]
    assert found == []


def test_letters_in_all_wordings_and_languages() -> None:
    kind = EXTRACTORS["choice"]
    texts = [
        (wording.replace("99", "E").format(form.format(letter)), letter)
        for wording, form, letter in product(ALL, ("{}", "({})", "**{}**"), "ABCD")
    ]
    answers = [(text, letter, kind.extract(text)) for text, letter in texts]
    assert [a for a in answers if a[2] not in (a[1], None)] == []
    assert sum(a[2] is not None for a in answers) >= 0.97 * len(answers)


@pytest.mark.parametrize("word", ["Paris", "Leonardo da Vinci", "the blue whale", "Москва", "東京"])
def test_words_in_all_wordings_and_languages(word: str) -> None:
    texts = [w.replace("99", "Rome").format(word) for w in ALL]
    answers = [(text, TEXT.extract(text)) for text in texts]
    wrong = [a for a in answers if a[1] is not None and not same(TEXT, a[1], word)]
    assert wrong == []
    assert sum(a[1] is not None for a in answers) >= 0.95 * len(answers)


PAIRS = [
    ("7", "8"), ("-3", "3"), ("1,250", "1,205"), ("B", "C"), ("(B)", "(C)"), ("Paris", "Lyon"), ("yes", "no"),
    ("Leonardo da Vinci", "Michelangelo"), ("3/4", "2/3"), ("July 4, 1776", "July 5, 1776"), ("12%", "15%"),
    ("$x^2+1$", "$x^2-1$"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "other"), PAIRS)
def test_three_wordings_of_one_answer_win_over_two_of_another(right: str, other: str) -> None:
    wordings = [w for w in WORDINGS["en"] if "99" not in w and "is the answer" not in w]
    if "$" in right:
        wordings = [w for w in wordings if "boxed" not in w]
    lost = [
        texts
        for n in range(len(wordings))
        if not elects(texts := _five(wordings, n, right, other), right)
    ]
    assert lost == []


def _five(wordings: list[str], n: int, right: str, other: str) -> list[str]:
    chosen = [wordings[(n + step * step) % len(wordings)] for step in range(5)]
    values = [other, right, other, right, right]
    return [wording.format(value) for wording, value in zip(chosen, values, strict=True)]
