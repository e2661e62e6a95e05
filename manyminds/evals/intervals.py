"""How certain an accuracy is."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

_Z = 1.959963984540054  # of the normal distribution, 95 % two-sided


def interval(shares: Sequence[float], repeats: int = 1) -> tuple[float, float]:
    """Return the 95 % interval of the mean over questions, for other questions of the same kind.

    The unit is the question: repeats of one question are not independent, so they narrow the
    interval only as far as they narrow the spread between questions. It is Wilson's interval with
    the effective number of questions, p (1 - p) / variance of the mean (Korn and Graubard 1998);
    for one repeat that is exactly Wilson's. Unlike a bootstrap it needs no random numbers, and it
    is not empty where every answer is right.

    Args:
        shares: Share of right repeats for each question, 0 to 1.
        repeats: Repeats of each question; at most questions x repeats are counted.

    Returns:
        The lower and the upper end, 0 to 1; (0, 1) if there is no question.
    """
    n = len(shares)
    if n == 0:
        return 0.0, 1.0
    p = float(np.mean(shares))
    spread = float(np.var(shares))
    size = float(n * repeats if spread == 0 and 0 < p < 1 else n)
    if spread > 0:
        size = min(n * p * (1 - p) / spread, n * repeats)
    return wilson(p, size)


def wilson(p: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a share of `n` independent trials.

    scipy's takes whole numbers of trials only; the effective number of questions is a fraction.

    Args:
        p: Observed share, 0 to 1.
        n: Number of trials, more than 0.
    """
    z2 = _Z * _Z
    center = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, center - half), min(1.0, center + half)
