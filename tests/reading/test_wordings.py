"""Further wordings of our own: what a careful person reads, counts together, and grades as right.

`wordings.jsonl` holds replies of one kind, replies to one question with the answer that each
states, pairs of answers, and replies with a reference answer. Nothing may be read as something
that it does not say; an abstention is a loss, not an error.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from manyminds.evals.grading import ByAnswer
from manyminds.reading.answers import EXTRACTORS, Extractor
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.roles import ROLE_READERS
from manyminds.reading.texts import TEXT, plain_key
from manyminds.reading.together import read_all
from manyminds.votes.votes import labels

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("wordings.jsonl").read_text(encoding="utf-8").splitlines()
]
READERS: dict[str, Extractor] = {**EXTRACTORS, "yes or no": YES_OR_NO, "text": TEXT}
LEAST = 0.97


def enough(lost: list[object], total: int) -> bool:
    return len(lost) <= (1 - LEAST) * total


def alike(kind: Extractor, one: str, other: str) -> bool:
    return (
        kind.equivalent(one, other)
        or one.casefold() == other.casefold()
        or plain_key(one) == plain_key(other)
    )


def test_nothing_is_read_that_a_reply_does_not_say() -> None:
    rows = [row for row in ROWS if "kind" in row and row["kind"].split(" of ")[0] in READERS]
    wrong: list[object] = []
    lost: list[object] = []
    for row in rows:
        kind, expected = READERS[row["kind"]], row["expected"]
        answer = kind.extract(row["text"])
        if answer is None and expected is not None:
            lost.append(row)
        elif answer is not None and (expected is None or not alike(kind, answer, expected)):
            wrong.append((row, answer))
    assert len(rows) > 450
    assert wrong == []
    assert enough(lost, len(rows)), lost


def test_replies_of_roles_are_read_or_asked_again() -> None:
    rows = [row for row in ROWS if row.get("kind", "").split(" of ")[0] in ROLE_READERS]
    found = [
        (row, ROLE_READERS[name](row["text"], int(n or 0)))
        for row in rows
        for name, _, n in [row["kind"].partition(" of ")]
    ]
    assert len(found) > 200
    assert [one for one in found if one[1] not in (None, one[0]["expected"])] == []
    assert enough([o for o in found if o[1] != o[0]["expected"]], len(found))


def test_equal_answers_are_counted_together_and_no_others() -> None:
    votes = [row for row in ROWS if "replies" in row]
    merged: list[object] = []
    lost: list[object] = []
    for row in votes:
        texts = [text for text, _ in row["replies"]]
        reading = read_all(texts, question=row["question"])
        groups = labels(reading.answers, reading.extractor)
        first: dict[str, int] = {}
        for (text, stated), group in zip(row["replies"], groups, strict=True):
            others = {g for s, g in first.items() if s != stated}
            if group is not None and (stated is None or group in others):
                merged.append((row["question"], text, group))
            elif stated is not None and (group is None or first.setdefault(stated, group) != group):
                lost.append((row["question"], text))
    assert len(votes) > 100
    assert merged == []
    assert enough(lost, sum(len(row["replies"]) for row in votes)), lost


@pytest.mark.parametrize("name", ["math", "number", "literal", "text"])
def test_pairs_of_answers(name: str) -> None:
    kind = READERS[name]
    for row in (row for row in ROWS if row.get("same") == name):
        one, other = row["texts"]
        if kind is TEXT:
            answers = read_all([one, other], kind=TEXT).answers
            assert (answers[0] == answers[1]) == row["expected"], row
        else:
            assert kind.equivalent(one, other) == row["expected"], row
            assert kind.equivalent(other, one) == row["expected"], row


def test_replies_are_graded_as_a_person_would() -> None:
    rows = [row for row in ROWS if "gold" in row]
    graded = []
    for row in rows:
        question = {"id": "1", "question": row["question"], "answer": row["gold"]}
        found = ByAnswer(None).graded(question, row["text"])  # type: ignore[arg-type]
        assert found is not None
        graded.append((row, found.correct))
    assert [one for one in graded if one[1] and one[0]["expected"] is not True] == []
    missed = [one for one in graded if not one[1] and one[0]["expected"] is True]
    assert len(missed) <= 0.03 * len(rows), missed
