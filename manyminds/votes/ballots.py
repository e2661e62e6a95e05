"""Ballot: the result of a vote as plain data, and how every vote draws it up."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired

from typing_extensions import TypedDict


class Group(TypedDict):
    """The candidates behind one answer; `answer` is in the words of the first of them."""

    answer: str | None
    indices: list[int]
    weight: float


class Ballot(TypedDict):
    """How a vote went.

    `winner` is an index into the candidates, None without a vote. `groups` are best first.
    `scores` has one entry a candidate where the vote scores candidates (None: it abstained), else
    none at all. `voters` + `abstentions` is the number of those asked. `margin` is the weight of
    the leader less that of the runner-up; `tie` says that they are equal, so that the order of
    asking decided. `fields` (field-wise votes) is the share of the voters behind each field.
    `notes` say what was left out of the comparison because it would have taken too long.
    """

    vote: str
    winner: int | None
    answer: str | None
    groups: list[Group]
    scores: list[float | None]
    abstentions: int
    voters: int
    margin: float
    tie: bool
    fields: NotRequired[dict[str, float]]
    notes: NotRequired[list[str]]


_SIMILARITIES = ("bleu", "rouge", "levenshtein", "tfidf")


def by_likeness(ballot: Mapping[str, Any]) -> bool:
    """Return whether answers were chosen by their likeness to the others, of 100 each."""
    return ballot["vote"] in _SIMILARITIES


def unit_of(ballot: Mapping[str, Any]) -> float:
    """Return the weight that is shown as 1: a vote, or a likeness to each of the others."""
    return max(1, ballot["voters"] - 1) if by_likeness(ballot) else 1


def draw_up(
    vote: str,
    groups: Sequence[Group],
    *,
    voters: int,
    asked: int,
    scores: Sequence[float | None] = (),
) -> Ballot:
    """Return the ballot of these groups: the heaviest wins, of equal ones the earliest."""
    ranked = sorted(groups, key=lambda group: (-group["weight"], group["indices"][0]))
    weights = [group["weight"] for group in ranked[:2]]
    return Ballot(
        vote=vote,
        winner=ranked[0]["indices"][0] if ranked else None,
        answer=ranked[0]["answer"] if ranked else None,
        groups=ranked,
        scores=list(scores),
        abstentions=asked - voters,
        voters=voters,
        margin=weights[0] - weights[1] if len(weights) == 2 else sum(weights),
        tie=len(weights) == 2 and weights[0] == weights[1],
    )


def by_score(
    vote: str,
    scores: Sequence[float | None],
    *,
    voters: int,
    asked: int,
    answers: Sequence[str | None] | None = None,
) -> Ballot:
    """Return the ballot of a vote that scores candidates; equal answers make one group.

    A candidate without a score (None or NaN) is in no group and cannot win.
    """
    usable = [None if s is None or math.isnan(s) else float(s) for s in scores]
    groups: dict[int | str, Group] = {}
    for index, score in enumerate(usable):
        if score is None:
            continue
        answer = answers[index] if answers is not None else None
        key = index if answer is None else answer
        group = groups.setdefault(key, Group(answer=answer, indices=[], weight=score))
        if score > group["weight"]:  # the group is led by its best candidate, which may win
            group["weight"] = score
            group["indices"].insert(0, index)
        else:
            group["indices"].append(index)
    return draw_up(vote, list(groups.values()), voters=voters, asked=asked, scores=usable)
