"""Reference answers with a unit: what a reply may say instead."""

import pytest

from manyminds.evals.data import Row
from manyminds.evals.grading import ByAnswer
from manyminds.reading.answers import extractor


@pytest.mark.parametrize(
    ("gold", "right", "wrong"),
    [
        ("12 km", ["It is 12 km away.", "12 kilometres", "12,000 m", "12"], ["12 miles", "13 km"]),
        ("0.5 kg", ["It weighs 500 g.", "0.5 kilograms"], ["5 kg", "0.5 g"]),
        (
            "-40 \u00b0C",
            ["-40 degrees Celsius", "It is \u221240 \u00b0C."],
            ["40 \u00b0C", "-40 \u00b0F"],
        ),
        ("2 hours", ["It takes two hours.", "120 minutes"], ["3 hours", "2 minutes"]),
        ("90 km/h", ["It drives at 90 km/h."], ["80 km/h"]),
        ("12 monkeys", ["The film is 12 Monkeys."], ["12 dogs"]),
    ],
)
def test_an_amount_is_right_in_any_spelling_of_its_unit(
    gold: str, right: list[str], wrong: list[str]
) -> None:
    grade, row = ByAnswer(None), Row(id="q", question="How much?", answer=gold)
    assert [text for text in right if not grade(row, text)] == []
    assert [text for text in wrong if grade(row, text)] == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The sum is **eleven twelfths (11/12)**.", "11/12"),
        ("Lena earns \\(\\$1{,}184.00\\) in two weeks.", "1184.00"),
        ("Lena earns \\(1184\\) in two weeks.", "1184"),
        ("**5¢** (bat: $1.05)", "5"),
        ("The primes among them are **17** and **23**.", None),
        ("3 × 2.75 = 8.25, plus 1.60 for the pen: Owen spends 9.85 in total.", "9.85"),
    ],
)
def test_the_marks_around_a_number_are_no_part_of_it(text: str, number: str | None) -> None:
    assert extractor("number")(text) == number
