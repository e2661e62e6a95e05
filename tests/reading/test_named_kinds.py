"""Kinds that a question names: other bases, orders of growth, days of the week, times in words."""

import pytest

from manyminds.reading.clock_words import in_figures
from manyminds.reading.json_of_question import cut
from manyminds.reading.together import read_all
from manyminds.votes.votes import labels


def groups(question: str, texts: list[str]) -> list[object]:
    reading = read_all(texts, question=question)
    return list(labels(reading.answers, reading.extractor))


@pytest.mark.parametrize(
    ("question", "same", "other"),
    [
        ("Write 10 in binary.", ["1010", "0b1010", "It is 1010 in base 2.", "$1010_2$"], "1100"),
        ("What is 255 in hexadecimal?", ["FF", "0xff", "255 = **FF**", "`0xFF`"], "FE"),
        ("Convert 64 to octal.", ["100", "0o100", "The answer is 100.", "(100)_8"], "80"),
        (
            "What is the time complexity of merge sort?",
            ["O(n log n)", "$\\mathcal{O}(n \\log_2 n)$", "Linearithmic time.", "**O(n log n)**"],
            "O(n^2)",
        ),
        (
            "What day of the week was 20 July 1969?",
            ["Sunday", "Sun.", "It fell on a Sunday.", "The landing was on a **Sunday**."],
            "Monday",
        ),
        (
            "Welcher Wochentag ist zwei Tage nach Montag?",
            ["Mittwoch", "Das ist ein Mittwoch.", "**Mittwoch**", "Es ist der Mittwoch."],
            "Dienstag",
        ),
        (
            "Solve x^2 - 3x + 2 = 0.",
            ["x = 1 or x = 2", "\\boxed{1, 2}", "The roots are:\n\n- $x = 1$\n- $x = 2$", "{1, 2}"],
            "x = -1 or x = -2",
        ),
        (
            "It was 3 degrees, then it fell by 10 degrees. What is the temperature?",
            ["-7", "7 degrees below zero.", "Minus seven degrees.", "It is -7 \u00b0C."],
            "7",
        ),
        (
            "What is 1/24 + 7/24 + 5/24?",
            ["13/24", "thirteen twenty-fourths", "$\\frac{13}{24}$", "It is 13/24."],
            "13/72",
        ),
    ],
)  # fmt: skip
def test_equal_answers_are_one_and_another_is_apart(
    question: str, same: list[str], other: str
) -> None:
    found = groups(question, [*same, other])
    assert len(set(found[: len(same)])) == 1 and found[0] is not None, found
    assert found[-1] is not None and found[-1] != found[0], found


@pytest.mark.parametrize(
    "text",
    [
        "Monday comes before it.",
        "The day is Friday or Saturday.",
        "Is it Friday?",
        "I cannot tell the day.",
    ],
)
def test_a_day_that_the_reply_does_not_state_is_none(text: str) -> None:
    question = "Which day comes after Monday?"
    assert read_all([text, "Tuesday", "Tuesday"], question=question).answers[0] is None


@pytest.mark.parametrize(
    ("written", "figures"),
    [
        ("half past three", "3:30"),
        ("a quarter to five", "4:45"),
        ("twenty-five minutes past noon", "12:25 pm"),
        ("five to midnight", "23:55"),
        ("ten past midnight", "12:10 am"),
        ("nine in the evening", "9 in the evening"),
        ("halb vier", "3:30"),
        ("Viertel vor acht", "7:45"),
        ("elf Uhr", "11 Uhr"),
        ("from nine to five", "from nine to five"),
        ("8 to 10 people", "8 to 10 people"),
        ("10:00 p.m.", "10:00 p.m."),
    ],
)
def test_times_in_words_become_figures(written: str, figures: str) -> None:
    assert in_figures(written) == figures


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("What is the capital of Peru?", '{"country": "Peru", "capital": "Lima"}', "Lima"),
        ("The bus goes at 8:15. When do I arrive?", '{"goes": "8:15", "arrival": "9:05"}', "9:05"),
        ("How long does it take?", '{"hours": 1, "minutes": 20}', "1 hours 20 minutes"),
        ("Solve x + y = 5, x - y = 1.", '{"x": 3, "y": 2}', "x = 3, y = 2"),
        ("Is 91 a prime number?", '{"number": 91, "prime": false}', "no"),
    ],
)  # fmt: skip
def test_a_json_reply_is_cut_to_what_the_question_asks(question: str, text: str, said: str) -> None:
    assert cut(text, question) == f'{{"answer": "{said}"}}'


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Return a JSON object with the city.", '{"city": "Lima", "country": "Peru"}'),
        ("Who are they?", '{"first": "Ann", "second": "Bob"}'),
        ("What is the capital of Peru?", '{"answer": "Lima", "capital": "Cusco"}'),
        ("What is the capital of Peru?", "Lima {the city}"),
    ],
)
def test_a_json_reply_stays_where_the_question_does_not_tell(question: str, text: str) -> None:
    assert cut(text, question) == text


def test_a_date_in_figures_counts_where_the_order_is_said() -> None:
    question = "Which date is 10 days after 30 May 2023?"
    said = [
        "June 9, 2023",
        "10 days after 30 May 2023 is 09/06/2023 (day/month/year).",
        "2023-06-09",
    ]
    assert len(set(groups(question, said))) == 1
    assert groups(question, [*said, "It is 09/06/2023."])[-1] not in (None, "30 May 2023")


def test_a_question_that_asks_for_the_number_alone_reads_numbers() -> None:
    question = "Tom is 54 years old. How old is Tom? Answer with the number only."
    said = ["54", "Tom is 54 years old.", "a young man", "He is old.", "very old", "54 years"]
    found = groups(question, said)
    assert found[0] == found[1] == found[5] is not None and found[2] is None


def test_an_equation_of_words_is_one_value_and_two_equations_are_two() -> None:
    one = "Number of apples = number of bags = 8 * 12 = 96 apples"
    assert read_all([one], question="How many apples has she?").answers == ["96"]
    for two in ("x = 3 o x = -3", "x = 3 or x = -3", "x = 3 oder x = -3"):
        assert read_all([two], question="Find x.").answers[0] not in ("3", "-3")
