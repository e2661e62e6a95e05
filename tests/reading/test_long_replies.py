"""Long replies to one question: solutions with remarks, checks and suppositions behind the answer.

Nothing may be read that a reply does not say; an abstention is a loss, not an error.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.growth import LINEAR, growth

from manyminds.reading import conclusion
from manyminds.reading.answers import EXTRACTORS
from manyminds.reading.asides import without_asides
from manyminds.reading.polarity import truth
from manyminds.reading.reasoning import readable
from manyminds.reading.texts import TEXT, plain_key
from manyminds.reading.together import read_all

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("long_replies.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
MOST_LOST = 0.01


def said(row: dict[str, Any]) -> object:
    """Return what is read with the question; the expected answer where it is the same."""
    found = read_all([row["text"]], question=row["question"]).answers[0]
    expected = row["expected"]
    if found is None or expected is None:
        return found
    both = read_all([row["text"], expected], question=row["question"]).answers
    alike = any(kind.equivalent(found, expected) for kind in (*EXTRACTORS.values(), TEXT))
    alike = alike or both[0] == both[1] or truth(found) == truth(expected)
    return expected if alike or plain_key(found) == plain_key(expected) else found


def test_long_replies_are_read_as_they_conclude_or_not_at_all() -> None:
    read = [(row, said(row)) for row in ROWS]
    assert [one for one in read if one[1] is not None and one[1] != one[0]["expected"]] == []
    lost = [row for row, found in read if found is None and row["expected"] is not None]
    assert len(lost) <= MOST_LOST * len(ROWS), lost


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("So it is 5. If there were two, it would be 10.", "So it is 5."),
        ("So it is 5. Had we two, it would be 10.", "So it is 5."),
        ("Es sind also 5. Wären es zwei mehr, so wären es 7.", "Es sind also 5."),
        ("Il y en a donc 5. S'il y en avait deux de plus, il y en aurait 7.", "Il y en a donc 5."),
        ("Son 5. Si fueran dos más, serían 7.", "Son 5."),
        ("Sono 5. Se fossero due in più, sarebbero 7.", "Sono 5."),
        ("Значит, их 5. Если бы было на 2 больше, их было бы 7.", "Значит, их 5."),
        ("所以一共5个。如果多两个,就是7个。", "所以一共5个。"),
        ("It is 5. Note that 10 are too many for it.", "It is 5."),
        ("It is 5. You can check that 5 + 2 = 7.", "It is 5."),
        ("So it is 5. With two more, it would be 7.", "So it is 5."),
        ("If I had to guess, it would be 5.", "If I had to guess, it would be 5."),
        ("There are two. If you add 3, you would have 5.", None),
        ("There are two. It would take 5 hours.", None),
        ("It is 5. Check: 5 + 2 is not 8.", None),
        ("So A takes 2 hours. With B, it would take 4 * 2 = 8 hours.", None),
        ("Note that it is 5.", None),
        ("如果多两个,就是7个。", None),
    ],
)
def test_remarks_at_the_end_are_left_out(text: str, kept: str | None) -> None:
    assert without_asides(text) == (kept or text)


@pytest.mark.parametrize(
    ("question", "text", "concludes"),
    [
        ("How many tiles?", "3 * 9 = 27. So she needs 27 tiles.", "she needs 27 tiles."),
        ("How many tiles?", "3 * 9 = 27.\n\nThat makes 27 tiles.", "That makes 27 tiles."),
        ("Wie viele?", "3 · 9 = 27.\n\nMan braucht also 27 und die Dose.", None),
        ("Was ist es?", "Es hat 3.\n\n## Fazit\n\nEs ist Holz.", "Es ist Holz."),
        ("How many?", "So there are 27. Then 3 are lost, so 27 - 3 = 24.", None),
        ("How many?", "So there are 27. Wait, one is missing.", None),
        ("How many?", "So far there are 27. Next we add 3.", None),
        ("How many?", "So we need to find the number.", None),
    ],
)
def test_a_conclusion_is_the_sentence_that_words_mark_or_that_repeats_the_question(
    question: str, text: str, concludes: str | None
) -> None:
    found = conclusion.of(readable(text), question)
    if concludes is not None:
        assert found is not None and found.said == concludes


@pytest.mark.parametrize(
    ("question", "said_last", "answer"),
    [
        ("How many hens are there?", "So there are 12 hens and 5 geese.", "12"),
        ("How many geese are there?", "So there are 12 hens and 5 geese.", "5"),
        ("How many does Ann have?", "So Tim has 12 and Ann has 5.", "5"),
        ("How old is Tim?", "So Tim is 12 and Ann is 5.", "12"),
        ("What does it cost?", "So 12 of them cost $60.", "60"),
        ("How far does he run?", "So he runs 8 miles in 90 minutes.", "8"),
        ("How many more hens are there?", "So there are 12 hens, a difference of 7.", "7"),
        ("How many are left?", "So there are 12 or 13 left.", None),
        ("Wie viele Hühner sind es?", "Es sind also 12 Hühner und 5 Gänse.", "12"),
        ("Combien de poules y a-t-il ?", "Il y a donc 12 poules et 5 oies.", "12"),
        ("¿Cuántas gallinas hay?", "Por lo tanto, hay 12 gallinas y 5 gansos.", "12"),
        ("Quante galline ci sono?", "Quindi ci sono 12 galline e 5 oche.", "12"),
        ("Сколько кур?", "Значит, есть 12 кур и 5 гусей.", "12"),
    ],
)
def test_the_question_says_which_of_several_numbers_is_meant(
    question: str, said_last: str, answer: str | None
) -> None:
    text = f"We count them one after the other.\n\n{said_last}"
    assert read_all([text], question=question).answers[0] == answer


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("choice", "Option C is correct, whereas A and B are other words.", "C"),
        ("choice", "A is correct, and so are A and B.", None),
        ("choice", "(A) ✗ too long\n(B) ✓ fits\n(C) ✗ too short", "B"),
        ("choice", "(A) ✓ fits\n(B) ✓ fits\n(C) ✗ too short", None),
        ("square", "The answer is G5.", "g5"),
        ("number", "Answer (rounded to one decimal): 2.7", "2.7"),
        ("number", "A third of 60 is twenty, so twenty are red.", "20"),
        ("number", "It moves at 30 mph, so in 2 hours it covers 60 miles.", "60"),
        ("number", "It doesn't say. If each were $5, it would be $40, but we can't know.", None),
        ("number", "Total: 3 + 5 = 8. Half of this is 8 / 2 = 4.", "4"),
        ("number", "It is 4 to the power of 2, which equals 16.", "16"),
    ],
)
def test_what_is_known_of_a_reply_without_its_question(
    kind: str, text: str, answer: str | None
) -> None:
    assert EXTRACTORS[kind].extract(text) == answer


def test_options_without_a_text_stop_nothing() -> None:
    question = "Which one is it?\n(A)\n(B) Paris\n(C) Rome"
    assert read_all(["It is (B)."], question=question).answers == ["B"]


PARTS = ["So ", "If it were 5, ", "Note that ", "therefore ", ", which is ", "So it is 5. ", "= 5 "]


@pytest.mark.timed
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("end", ["", "\n\nIt is 5."])
def test_repetition_takes_linear_time(part: str, end: str) -> None:
    def read(run: str) -> None:
        text = f"{run}{end}"
        readable(text)
        read_all([text, "5"], question="How many of them are there in all?")
        read_all([text, "Oslo"], question="What is the capital of Norway?")

    assert growth(read, part, 10_000) < LINEAR
