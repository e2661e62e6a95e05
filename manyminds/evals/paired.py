"""How sure it is that one method is better than another on the same questions."""

from collections.abc import Sequence

import numpy as np

_RESAMPLES, _BLOCK = 4_000, 200


def mcnemar(better: int, worse: int) -> float:
    """Return the exact two-sided p value of McNemar's test.

    It is the chance of a split at least as uneven as this one among the questions on which the two
    differ, if neither were better; 1 where they never differ.

    Args:
        better: questions that only the first one got right.
        worse: questions that only the second one got right.
    """
    n = better + worse
    tail = ways = 1
    for k in range(min(better, worse)):
        ways = ways * (n - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << n))


def difference(
    one: Sequence[float], other: Sequence[float], seed: int = 0
) -> tuple[float, tuple[float, float]]:
    """Return by how much the mean of `one` is above that of `other`, with its 95 % interval.

    It is the percentile interval of a paired bootstrap over questions: each resample draws
    questions, and takes both methods' results on them.

    Args:
        one: for each question, the share of its repeats that were right, 0 to 1.
        other: the same questions in the same order.
        seed: of the resamples.
    """
    gaps = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    if not len(gaps):
        return 0.0, (0.0, 0.0)
    random = np.random.default_rng(seed)
    means = [
        gaps[random.integers(0, len(gaps), size=(_BLOCK, len(gaps)))].mean(axis=1)
        for _ in range(_RESAMPLES // _BLOCK)
    ]
    low, high = np.quantile(np.concatenate(means), [0.025, 0.975])
    return float(gaps.mean()), (float(low), float(high))
