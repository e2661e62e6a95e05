"""Votes that weigh answers by scores, or members by their agreement with themselves."""

import math
from collections.abc import Sequence

from manyminds.errors import InputError
from manyminds.reading.answers import Extractor
from manyminds.votes.ballots import Ballot, by_score
from manyminds.votes.votes import labels, weighted


def chances_of_best(scores: Sequence[float | None], subset: int) -> list[float]:
    """Return for each score the chance to be the best of a random subset, drawn with replacement.

    Exact, where a bootstrap would draw subsets. Equal scores share their chance; None and NaN have
    none.

    Args:
        scores: One score a candidate.
        subset: Size of the subset.
    """
    known = [s for s in scores if s is not None and not math.isnan(s)]
    n = len(known)

    def chance(score: float) -> float:
        below, equal = sum(k < score for k in known), known.count(score)
        return (((below + equal) / n) ** subset - (below / n) ** subset) / equal

    return [0.0 if s is None or math.isnan(s) else chance(s) for s in scores]


def majority_of_bests(
    scores: Sequence[float | None],
    answers: Sequence[str | None],
    *,
    subset: int | None = None,
    extractor: Extractor | None = None,
) -> Ballot:
    """Choose the answer that is most often the best of a random subset (arXiv 2511.18630).

    A scorer that now and then rates a wrong answer highest misleads best-of-n; here an answer that
    several candidates give, with good scores, wins over one outlier.

    Args:
        scores: One score a candidate; None was not rated and cannot win.
        answers: Answer of each candidate; None where it could not be read: a group of its own.
        subset: Size of the subsets. Default: the square root of the number of scores, rounded up.
        extractor: Kind of the answers, which says when two are equal.

    Raises:
        InputError: There is not one score for each answer, or the subset is below 1.
    """
    if len(scores) != len(answers):
        raise InputError(f"give one score an answer: {len(answers)}, not {len(scores)}")
    rated = sum(s is not None and not math.isnan(s) for s in scores)
    size = subset if subset is not None else max(1, math.ceil(math.sqrt(rated)))
    if size < 1:
        raise InputError(f"subset={subset}: give at least 1")
    weights = chances_of_best(scores, size)
    # An answer that was not read is a group of its own; a rated one can still win.
    named = labels(answers, extractor)
    keys = [
        None if not weight else f"answer {label}" if label is not None else f"reply {place}"
        for place, (label, weight) in enumerate(zip(named, weights, strict=True))
    ]
    ballot = weighted(keys, weights, vote="majority-of-bests")
    for group in ballot["groups"]:
        group["indices"].sort(key=lambda place: (-(scores[place] or 0.0), place))
        group["answer"] = answers[group["indices"][0]]
    if ballot["groups"]:
        ballot["winner"] = ballot["groups"][0]["indices"][0]
        ballot["answer"] = ballot["groups"][0]["answer"]
    return ballot


def self_consistent_member(
    answers: Sequence[str | None],
    members: Sequence[str],
    *,
    extractor: Extractor | None = None,
) -> Ballot:
    """Choose the answer of the member that agrees most with itself (SLM-MUX, arXiv 2510.05077).

    A member's score is the share of its candidates that state its own most frequent answer; those
    that abstain count against it. Of equally consistent members, the one whose answer most
    candidates give wins.

    Args:
        answers: Answer of each candidate; None abstains.
        members: Name of the member of each candidate.
        extractor: Kind of the answers, which says when two are equal.

    Raises:
        InputError: There is not one member for each answer.
    """
    if len(members) != len(answers):
        raise InputError(f"give one member an answer: {len(answers)}, not {len(members)}")
    groups = labels(answers, extractor)
    everyone = len(answers)
    scores: list[float | None] = [None] * everyone
    for member in dict.fromkeys(members):
        own = [place for place, name in enumerate(members) if name == member]
        stated = [groups[place] for place in own if groups[place] is not None]
        if not stated:
            continue
        top = max(dict.fromkeys(stated), key=stated.count)
        tie = groups.count(top) / (everyone + 1) / everyone  # below any difference of two shares
        for place in own:
            if groups[place] == top:
                scores[place] = stated.count(top) / len(own) + tie
    voters = sum(group is not None for group in groups)
    first = {label: answers[groups.index(label)] for label in groups if label is not None}
    same = [None if label is None else first[label] for label in groups]
    return by_score("self-consistent-member", scores, voters=voters, asked=everyone, answers=same)
