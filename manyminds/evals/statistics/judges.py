"""Whether a judge can be trusted: does it repeat itself, and does it prefer places or lengths?"""

from collections import Counter
from collections.abc import Hashable, Sequence
from statistics import fmean
from typing import NamedTuple

from manyminds.errors import InputError
from manyminds.evals.statistics.intervals import clopper_pearson
from manyminds.evals.statistics.scipy_parts import scipy_stats

CAUGHT = 0.01
"""Level at which a preference counts as shown: judges are checked often, so it is strict."""


class Judgement(NamedTuple):
    """A judge's choice between two answers.

    Attributes:
        question: Id of the question.
        shown: Names of the answers, in the order in which they were shown.
        lengths: Characters of each of them.
        picked: 0 where the judge chose the first, 1 the second.
    """

    question: str
    shown: tuple[str, str]
    lengths: tuple[int, int]
    picked: int

    @property
    def winner(self) -> str:
        """Name of the answer that was chosen."""
        return self.shown[self.picked]


class Preference(NamedTuple):
    """A judge's preference for one kind of answer.

    Attributes:
        kind: `first` or `longer`.
        share: Of the judgements that chose it; 1/2 without a preference.
        interval: 95 %, exact.
        p: Of the binomial test against 1/2, two-sided.
        n: Number of judgements.
    """

    kind: str
    share: float
    interval: tuple[float, float]
    p: float
    n: int

    @property
    def caught(self) -> bool:
        """Whether the preference is shown."""
        return self.p < CAUGHT

    def __str__(self) -> str:
        """Say it in a sentence."""
        low, high = self.interval
        tail = "a preference" if self.caught else "no preference that can be shown"
        return (
            f"The judge chose the {self.kind} answer in {self.share:.0%} of {self.n} comparisons "
            f"({low:.0%} to {high:.0%}): {tail}."
        )


class Repeatability(NamedTuple):
    """How far a judge agrees with itself, or judges with each other.

    Attributes:
        agreement: Chance that two verdicts on one item are equal.
        kappa: Fleiss' kappa: agreement above what chance gives, 1 at most.
        items: Number of items with two verdicts or more.
    """

    agreement: float
    kappa: float
    items: int


def preferences(judgements: Sequence[Judgement]) -> list[Preference]:
    """Return a judge's preference for the answer shown first and for the longer one.

    The first can only be told where the order was random or both orders were shown. Longer answers
    may be better: the share is then no fault of the judge, and answers of equal quality must be
    compared instead, such as pairs that are both right. In both orders, a pair on which the judge
    contradicts itself says nothing about length, for it followed the place; it is left out there.

    Raises:
        InputError: There is no judgement, or scipy is not installed.
    """
    if not judgements:
        raise InputError("give at least one judgement")
    decided = [pair[0] for pair in _pairs(judgements) if len({one.winner for one in pair}) == 1]
    longer = [
        one.lengths[one.picked] > one.lengths[1 - one.picked]
        for one in decided
        if one.lengths[0] != one.lengths[1]
    ]
    first = [one.picked == 0 for one in judgements]
    return [
        _preference(kind, chosen)
        for kind, chosen in (("first", first), ("longer", longer))
        if chosen
    ]


def consistency(judgements: Sequence[Judgement]) -> tuple[float, int]:
    """Return the share of pairs, of those shown in both orders, on which the same answer won.

    Returns:
        The share, and the number of pairs shown in both orders; 0 of 0 where there is none.
    """
    both = [pair for pair in _pairs(judgements) if len({one.shown for one in pair}) > 1]
    same = sum(len({one.winner for one in pair}) == 1 for pair in both)
    return (same / len(both) if both else 0.0), len(both)


def _pairs(judgements: Sequence[Judgement]) -> list[list[Judgement]]:
    """Return the judgements of each pair of answers together."""
    found: dict[Hashable, list[Judgement]] = {}
    for one in judgements:
        found.setdefault((one.question, frozenset(one.shown)), []).append(one)
    return list(found.values())


def repeatability(verdicts: Sequence[Sequence[Hashable]]) -> Repeatability:
    """Return how often repeated verdicts on the same item agree.

    Args:
        verdicts: For each item its verdicts, by one judge several times or by several judges, such
            as `"A"` and `"B"` or scores; items with fewer than two are left out. Kappa is exact
            where every item has the same number.

    Raises:
        InputError: No item has two verdicts.
    """
    several = [list(one) for one in verdicts if len(one) > 1]
    if not several:
        raise InputError("give at least one item with two verdicts")
    counts = [Counter(one) for one in several]
    agreed = [
        sum(c * (c - 1) for c in one.values()) / (one.total() * (one.total() - 1)) for one in counts
    ]
    agreement = fmean(agreed)
    whole = sum(counts, Counter[Hashable]())
    chance = sum((count / whole.total()) ** 2 for count in whole.values())
    kappa = 1.0 if chance == 1 else (agreement - chance) / (1 - chance)
    return Repeatability(agreement, kappa, len(several))


def _preference(kind: str, chosen: Sequence[bool]) -> Preference:
    count, n = sum(chosen), len(chosen)
    p = float(scipy_stats().binomtest(count, n).pvalue)
    return Preference(kind, count / n, clopper_pearson(count, n), p, n)
