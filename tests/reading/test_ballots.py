"""Replies as people and models word them: whole ballots with their question, and single replies."""

import json
from pathlib import Path

from manyminds.reading.answers import EXTRACTORS, Extractor
from manyminds.reading.roles import ROLE_READERS
from manyminds.reading.texts import plain_key
from manyminds.reading.together import read_all
from manyminds.votes.votes import labels

LINES = (Path(__file__).parent / "ballots.jsonl").read_text().splitlines()
ROWS = [json.loads(line) for line in LINES]
BALLOTS = [row for row in ROWS if "replies" in row]
SINGLE = [row for row in ROWS if "kind" in row]


def _same(kind: Extractor, one: str, other: str) -> bool:
    return kind.equivalent(one, other) or plain_key(one) == plain_key(other)


def test_replies_that_say_different_things_never_share_a_vote() -> None:
    apart, together, total = 0, list[str](), 0
    for row in BALLOTS:
        texts, says = zip(*row["replies"], strict=True)
        reading = read_all(texts, question=row["question"])
        found = labels(reading.answers, reading.extractor)
        total += len(texts)
        for text, said, label in zip(texts, says, found, strict=True):
            others = {s for s, other in zip(says, found, strict=True) if other == label}
            if label is not None and others != {said}:
                together.append(f"{row['question'][:40]}: {text[:60]}")
            same = [other for s, other in zip(says, found, strict=True) if s == said]
            apart += (label is None) != (said is None) or label != max(same, key=same.count)
    assert total > 1_400
    assert len(together) <= 2, together
    assert apart <= 0.03 * total


def test_single_replies_are_read_as_they_say_or_not_at_all() -> None:
    wrong, unread = list[tuple[str, object]](), 0
    for row in SINGLE:
        name, _, shown = row["kind"].partition(" of ")
        said, answer = row["expected"], None
        if name in ROLE_READERS:
            answer = ROLE_READERS[name](row["text"], int(shown or 0))
            right = answer == said
        else:
            kind = EXTRACTORS[name]
            found = kind.located(row["text"])
            answer = None if found is None else found.answer
            right = answer == said or bool(said and answer and _same(kind, answer, said))
        unread += not right and answer is None
        if not right and answer is not None:
            wrong.append((row["text"], answer))
    assert len(SINGLE) > 600
    assert wrong == []
    assert unread <= 0.03 * len(SINGLE)
