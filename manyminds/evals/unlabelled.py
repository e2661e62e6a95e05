"""Choosing members without reference answers: by agreement, and by how they differ."""

from collections.abc import Hashable, Mapping, Sequence
from statistics import mean

from manyminds.evals.data import Row
from manyminds.reading.answers import Extractor
from manyminds.reading.together import read_all
from manyminds.state import Candidate, whole_text
from manyminds.votes.selection import Chosen, Selection
from manyminds.votes.unlabelled import agreement_weights, trust_of
from manyminds.votes.votes import labels

WARNING = (
    "chosen without reference answers: members that make the same mistakes look right to each "
    "other, so check the choice on a few questions whose answers you know"
)
"""What a choice by agreement cannot know."""
_LEAST = 0.1  # of the greatest weight: below it a member's vote hardly counts


def choose_unlabelled(
    asked: Mapping[str, Sequence[Candidate | None]],
    rows: Sequence[Row],
    *,
    extract: Extractor,
    most: int,
) -> tuple[Selection, float]:
    """Choose members by their agreement with the others, those first that differ where it helps.

    A member counts with its weight times its disagreement with those chosen before, so that of two
    equally trusted members the one that answers differently comes first.

    Args:
        asked: For each member its reply to each question.
        rows: The questions. Their reference answers are not looked at.
        extract: How answers are read; "final" reads all replies to a question together.
        most: Members at most.

    Returns:
        The choice, in which `accuracy` is estimated from agreement, and the mean disagreement of
        two chosen members.
    """
    names = list(asked)
    votes = [
        _votes([asked[name][at] for name in names], row, extract) for at, row in enumerate(rows)
    ]
    weights = agreement_weights(votes)
    left = [n for n in range(len(names)) if weights[n] >= _LEAST * max(weights)]
    chosen: list[int] = []
    while left and len(chosen) < most:
        gaps = {n: mean([_differ(votes, n, other) for other in chosen] or [0.0]) for n in left}
        best = max(left, key=lambda n: weights[n] * (1 + gaps[n]))
        left.remove(best)
        chosen.append(best)
    trusted = {name: trust_of(weight) for name, weight in zip(names, weights, strict=True)}
    members = tuple(Chosen(names[n], trusted[names[n]], weights[n]) for n in chosen)
    pairs = [_differ(votes, a, b) for place, a in enumerate(chosen) for b in chosen[place + 1 :]]
    top = max(range(len(names)), key=lambda n: weights[n])
    return Selection(members, names[top], trusted, 0.0), mean(pairs) if pairs else 0.0


def _votes(
    replies: Sequence[Candidate | None], row: Row, extract: Extractor
) -> list[Hashable | None]:
    """Return what each member votes for on a question; equal answers are equal."""
    texts = [whole_text(reply) for reply in replies]
    if extract.name == "final":
        return list(read_all(texts, question=row["question"]).answers)
    answers = [None if text is None else extract.extract(text) for text in texts]
    return list(labels(answers, extract))


def _differ(votes: Sequence[Sequence[Hashable | None]], one: int, other: int) -> float:
    """Return the share of the questions on which two members answer differently."""
    both = [row for row in votes if row[one] is not None and row[other] is not None]
    return sum(row[one] != row[other] for row in both) / len(both) if both else 0.0
