"""How the accuracy of a vote grows with its size, or falls: a law fitted to a few sizes.

"Are More LLM Calls All You Need?" (arXiv 2403.02419): questions are of two kinds. On easy ones a
sample is right with p > 1/2, and the vote gets better with its size; on hard ones with p < 1/2,
and the vote gets worse. A vote of K is right on a share I_p((K+1)/2, (K+1)/2) of a kind, with the
regularised incomplete beta function I. So accuracy may rise first and fall later, and more calls
are not always better.

Where answers are open, wrong ones scatter, and less than half of the votes can win: p is then an
effective chance, and one or two samples, which are no vote, are left out of the fit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.statistics.scipy_parts import scipy_part

_STARTS = tuple(product((0.5, 0.8, 0.95), (0.6, 0.8), (0.2, 0.4)))
_LARGEST, _LEAST_VOTE = 1_000, 3
_WORTH = 0.005  # accuracy that further samples must add to be recommended


@dataclass(frozen=True)
class VoteLaw:
    """The fitted law.

    Attributes:
        easy: Share of easy questions.
        p_easy: Chance that a sample is right on an easy question, above 1/2.
        p_hard: The same on a hard one, below 1/2.
        error: Root mean square distance of the points from the law.
        most: Largest size that was measured; beyond it, the law extrapolates.
        single: Accuracy of one sample, where it was measured and is not the law's.
    """

    easy: float
    p_easy: float
    p_hard: float
    error: float
    most: int
    single: float | None = None

    def __call__(self, size: float) -> float:
        """Return the accuracy of a vote of this size."""
        if size == 1 and self.single is not None:
            return self.single
        return float(_accuracy(np.array([size]), self.easy, self.p_easy, self.p_hard)[0])


class Recommended(NamedTuple):
    """A number of samples, and what it gives.

    Attributes:
        samples: Number of samples.
        accuracy: By the law.
        reached: Whether the target is reached; True where there was none.
        measured: Whether so many samples were measured; else the law extrapolates.
    """

    samples: int
    accuracy: float
    reached: bool
    measured: bool


def fit_vote_law(sizes: Sequence[int], accuracy: Sequence[float]) -> VoteLaw:
    """Fit the law to measured accuracies.

    Args:
        sizes: Numbers of samples, at least three, such as 1, 3, 9, 27.
        accuracy: At each of them, 0 to 1.

    Raises:
        InputError: There are fewer than three sizes, or scipy is not installed.
    """
    if len(sizes) != len(accuracy) or len(set(sizes)) < 3 or min(sizes) < 1:
        raise InputError("give the accuracy at three different numbers of samples or more")
    points = dict(zip(sizes, accuracy, strict=True))
    votes = {size: value for size, value in points.items() if size >= _LEAST_VOTE}
    single = points.get(1) if len(votes) >= 3 else None
    fitted = points if len(votes) < 3 else votes
    k, seen = np.array(list(fitted), dtype=np.float64), np.array(list(fitted.values()))

    def miss(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = _accuracy(k, *values) - seen
        return found

    solve = scipy_part("optimize").least_squares
    bounds = ((0.0, 0.5, 0.0), (1.0, 1.0, 0.5))
    found = min((solve(miss, start, bounds=bounds) for start in _STARTS), key=lambda one: one.cost)
    error = float(np.sqrt(2 * found.cost / len(fitted)))
    easy, p_easy, p_hard = (float(value) for value in found.x)
    return VoteLaw(easy, p_easy, p_hard, error, max(sizes), single)


def recommend(
    accuracy: Callable[[float], float],
    measured: int,
    *,
    target: float | None = None,
    most: int | None = None,
) -> Recommended:
    """Return the number of samples to use.

    With a target it is the least odd number that reaches it; without one, or where none does, the
    least that is within half a point of the best: what comes after that costs and hardly gains.

    Args:
        accuracy: Accuracy by number of samples, such as a `VoteLaw` or `continued`.
        measured: Largest size that was measured.
        target: Accuracy to reach, 0 to 1.
        most: Samples at most, such as a budget over the price of one; default: as many as were
            measured, or 1,000 with a target.

    Raises:
        InputError: `most` is below 1.
    """
    limit = most if most is not None else measured if target is None else _LARGEST
    if limit < 1:
        raise InputError(f"the budget pays for {limit} samples: at least 1 is needed")
    # One more than an odd number only adds ties; but what was measured needs no replacement.
    also = [measured] if target is None and measured <= limit else []
    sizes = sorted({*range(1, limit + 1, 2), *also})
    values = {size: accuracy(size) for size in sizes}
    enough = [] if target is None else [size for size in sizes if values[size] >= target]
    best = max(values.values())
    close = [size for size in sizes if values[size] >= best - _WORTH]
    chosen = min(enough or close)
    return Recommended(chosen, values[chosen], target is None or bool(enough), chosen <= measured)


def continued(points: Mapping[int, float], law: VoteLaw) -> Callable[[float], float]:
    """Return accuracy by number of samples: as measured, and beyond that as the law grows.

    Args:
        points: Measured accuracy by number of samples.
        law: Fitted to the points.
    """
    sizes = sorted(points)
    values, last = [points[size] for size in sizes], sizes[-1]

    def accuracy(size: float) -> float:
        if size <= last:
            return float(np.interp(size, sizes, values))
        return min(1.0, max(0.0, values[-1] + law(size) - law(last)))

    return accuracy


def _accuracy(
    sizes: NDArray[np.float64], easy: float, p_easy: float, p_hard: float
) -> NDArray[np.float64]:
    beta = scipy_part("special").betainc
    half = (sizes + 1) / 2
    found: NDArray[np.float64] = easy * beta(half, half, p_easy) + (1 - easy) * beta(
        half, half, p_hard
    )
    return found
