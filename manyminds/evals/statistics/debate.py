"""Effect of debates: how often right and wrong answers convince.

After "self-correction alone" (arXiv 2605.00914) and "Debate or Vote" (arXiv 2508.17536): a debate
gains only where wrong answers are given up for right ones more often than the other way round.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from manyminds.errors import InputError
from manyminds.evals.statistics.intervals import clopper_pearson

Debate: TypeAlias = Sequence[Sequence[bool]]
"""Rounds of one debate, first to last: whether each debater's answer is right."""


class Persuasion(NamedTuple):
    """Figures of debates over many questions.

    Attributes:
        adoption: Share of wrong answers, where another debater was right in the round before, that
            became right.
        adoption_interval: 95 %, exact.
        vulnerability: Share of right answers, where another debater was wrong in the round before,
            that became wrong.
        vulnerability_interval: 95 %, exact.
        oracle_gap: Share of questions on which a debater was right in the first round, and the
            debate's answer is wrong.
        gap_interval: 95 %, exact.
        first: Mean accuracy of a debater in the first round.
        last: Mean accuracy of a debater in the last round.
    """

    adoption: float
    adoption_interval: tuple[float, float]
    vulnerability: float
    vulnerability_interval: tuple[float, float]
    oracle_gap: float
    gap_interval: tuple[float, float]
    first: float
    last: float


def persuasion(debates: Sequence[Debate], answers: Sequence[bool]) -> Persuasion:
    """Measure how debaters change their answers.

    Args:
        debates: One of each question; every round lists the same debaters in the same order.
        answers: Whether the debate's answer to each question is right.

    Raises:
        InputError: There is no debate, lengths differ, or scipy is not installed.
    """
    if not debates or len(debates) != len(answers) or not all(debates):
        raise InputError("give the rounds of at least one debate, and an answer of each debate")
    adopted, could_adopt, lost, could_lose = 0, 0, 0, 0
    for rounds in debates:
        if len({len(one) for one in rounds}) != 1:
            raise InputError("give every round of a debate the same debaters")
        for before, after in zip(rounds, rounds[1:], strict=False):
            for was, now in zip(before, after, strict=True):
                if not was and any(before):
                    could_adopt, adopted = could_adopt + 1, adopted + now
                elif was and not all(before):
                    could_lose, lost = could_lose + 1, lost + (not now)
    gap = sum(any(r[0]) and not right for r, right in zip(debates, answers, strict=True))
    return Persuasion(
        adopted / max(1, could_adopt),
        clopper_pearson(adopted, could_adopt),
        lost / max(1, could_lose),
        clopper_pearson(lost, could_lose),
        gap / len(debates),
        clopper_pearson(gap, len(debates)),
        _mean([one for rounds in debates for one in rounds[0]]),
        _mean([one for rounds in debates for one in rounds[-1]]),
    )


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / max(1, len(values))
