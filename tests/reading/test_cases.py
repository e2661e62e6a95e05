"""Replies in ordinary wording: what each says, and that nothing else is read out of it."""

import json
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from manyminds.reading.answers import EXTRACTORS, extractor

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "reading_cases.jsonl"
KINDS = ("number", "choice", "final", "literal", "json", "square")
WORDINGS = [
    "The answer is {}.", "Answer: {}", "**Answer:** {}", "Final answer: {}", "### Final Answer\n{}",
    "So the answer must be {}.", "{} is the correct answer.", "Let me think.\n#### {}",
    "答案是{}。", "所以最终答案为 {}。", "答案：{}", "Die Antwort ist {}.", "La réponse est {}.",
    "La respuesta es {}.", "答えは{}です。", "Ответ: {}", '{{"answer": "{}"}}', "\\boxed{{{}}}",
    "Maybe the answer is 99? No.\n</think>\nThe answer is {}.",
]  # fmt: skip
NUMBERS = [-250, -7, 0, 1, 3, 12, 42, 99, 365, 1024, 1776, 31415, 100000, 7654321]
UNITS = ["{}", "{} apples", "**{}**", "{}\u200b", "{} km", "${}", "{}%", "{}.0", "{} dollars"]


@pytest.mark.skipif(not CASES.exists(), reason="reading_cases.jsonl is not here")
def test_replies_of_the_case_file_are_read() -> None:
    right, total = Counter[str](), Counter[str]()
    wrong: list[str] = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["kind"] not in KINDS:
            continue
        read = EXTRACTORS[case["kind"]]
        answer, expected = read.extract(case["text"]), case["expected"]
        total[case["kind"]] += 1
        if answer is None and expected is None:
            right[case["kind"]] += 1
        elif answer is not None:
            same = expected is not None and (
                read.equivalent(answer, str(expected)) or answer.lower() == expected.lower()
            )
            right[case["kind"]] += same
            wrong += [] if same else [f"{case['text']!r} -> {answer!r}"]
    assert wrong == []
    assert right.total() >= 0.97 * total.total(), total - right


def test_numbers_in_every_wording_are_right_or_not_read() -> None:
    read = extractor("number")
    cases = list(product(WORDINGS, NUMBERS, UNITS))
    answers = [
        (read.extract(text), number, text)
        for wording, number, unit in cases
        if (text := wording.format(unit.format(number)))
    ]
    assert [a for a in answers if a[0] is not None and read.key(a[0]) != a[1]] == []
    assert sum(a[0] is not None for a in answers) >= 0.97 * len(answers)


@pytest.mark.parametrize("wording", WORDINGS)
def test_letters_in_every_wording_are_read(wording: str) -> None:
    for mark, form in product("ABCDE", ("{}", "({})", "**{}**", "{}. Paris", "({}) Paris")):
        if wording.startswith(("{}", "\\")) and "Paris" in form:
            continue
        assert extractor("choice").extract(wording.format(form.format(mark))) in (mark, None)


@pytest.mark.parametrize(
    "said",
    ["10-20", "5 or -5", "2023-05-01", "12:30", "(3, 4)", "3 hours and 20 minutes", "2x", "±5",
     "between 3 and 4", "May 5, 2023", "3+4i", "7 feet 2 inches"],
)  # fmt: skip
def test_what_is_not_one_number_is_not_read_as_its_first_part(said: str) -> None:
    for wording in WORDINGS:
        assert extractor("number").extract(wording.format(said)) is None, wording
