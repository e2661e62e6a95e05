"""What no vote and no router over these members can exceed, and what the chosen one leaves.

"Co-failure ceiling" (arXiv 2606.27288): on a share beta of the questions all members are wrong, so
anything that chooses among their answers is right on 1 - beta at most. Correlations between pairs
cannot tell beta; counting it can. An aggregator that writes its own answer is not bound by it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.statistics.intervals import clopper_pearson

_WORTH = 0.02


class Ceiling(NamedTuple):
    """What members can reach together.

    Attributes:
        n: Number of questions.
        beta: Share of questions on which every member is wrong.
        ceiling: 1 - beta.
        interval: Of the ceiling, 95 %, exact (Clopper and Pearson).
        best: Name of the member that was right most often.
        best_accuracy: Its accuracy on the same questions, which flatters it a little.
        effective_votes: Number of independent votes that the members' votes are worth.
    """

    n: int
    beta: float
    ceiling: float
    interval: tuple[float, float]
    best: str
    best_accuracy: float
    effective_votes: float

    @property
    def advice(self) -> str:
        """One sentence on what an ensemble of these members can gain."""
        room = self.ceiling - self.best_accuracy
        if self.best_accuracy == 1:
            return f"{self.best} answers all of these questions rightly: there is nothing to gain."
        if self.interval[1] - self.best_accuracy < _WORTH:
            return (
                f"No choice among these answers can gain {_WORTH:.0%} over {self.best}: at most "
                f"{self.interval[1]:.1%} of the questions are answered rightly by anybody."
            )
        return (
            f"A perfect choice among these answers would gain {100 * room:.1f} points over "
            f"{self.best}; their votes are worth {self.effective_votes:.1f} independent ones."
        )


class Regret(NamedTuple):
    """What a selector leaves: questions that a member had right and the selector got wrong.

    Attributes:
        share: Of all questions.
        interval: 95 %, exact.
        rescued: Share of all questions that the selector got right and no member did: above 0 only
            for one that writes answers of its own.
    """

    share: float
    interval: tuple[float, float]
    rescued: float


def ceiling(right: Mapping[str, Sequence[bool]]) -> Ceiling:
    """Return the ceiling of a choice among members' answers.

    Args:
        right: For each member, whether its answer to each question is right; a question that a
            member was not asked must be left out for all.

    Raises:
        InputError: There is no member or no question, lengths differ, or scipy is not installed.
    """
    table = _table(right)
    n = table.shape[1]
    failed = int((~table.any(axis=0)).sum())
    low, high = clopper_pearson(failed, n)
    shares = table.mean(axis=1)
    best = int(np.argmax(shares))
    return Ceiling(
        n=n,
        beta=failed / n,
        ceiling=1 - failed / n,
        interval=(1 - high, 1 - low),
        best=list(right)[best],
        best_accuracy=float(shares[best]),
        effective_votes=effective_votes(right),
    )


def effective_votes(right: Mapping[str, Sequence[bool]]) -> float:
    """Return how many independent votes the members' votes are worth.

    Kish's effective sample size: the mean variance of a vote over the variance of the mean vote.
    With equal members it is m / (1 + (m - 1) * correlation), which for nine judges was about two
    (arXiv 2605.29800). Votes that correct each other count for more than m; at most m is returned.

    Args:
        right: As for `ceiling`.

    Raises:
        InputError: As for `ceiling`.
    """
    table = _table(right).astype(np.float64)
    alone, together = float(table.var(axis=1).mean()), float(table.mean(axis=0).var())
    if alone == 0 or together == 0:
        return 1.0 if alone == 0 else float(len(table))
    return min(float(len(table)), alone / together)


def regret(right: Mapping[str, Sequence[bool]], selected: Sequence[bool]) -> Regret:
    """Return how often a selector was wrong where a member was right.

    Args:
        right: As for `ceiling`.
        selected: Whether the selector's answer to each question is right.

    Raises:
        InputError: As for `ceiling`.
    """
    table, chosen = _table(right), np.asarray(selected, dtype=np.bool_)
    if len(chosen) != table.shape[1]:
        raise InputError("give one answer of the selector for every question")
    lost = int((table.any(axis=0) & ~chosen).sum())
    return Regret(
        lost / len(chosen),
        clopper_pearson(lost, len(chosen)),
        float((~table.any(axis=0) & chosen).mean()),
    )


def _table(right: Mapping[str, Sequence[bool]]) -> NDArray[np.bool_]:
    lengths = {len(row) for row in right.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise InputError("give every member's answers to the same questions, at least one of each")
    return np.array([list(row) for row in right.values()], dtype=np.bool_)
