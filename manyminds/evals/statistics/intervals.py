"""How certain an accuracy is."""

from collections.abc import Hashable, Sequence
from math import pow as power_of
from math import sqrt

import numpy as np

from manyminds.evals.statistics.scipy_parts import scipy_stats

_Z = 1.959963984540054  # of the normal distribution, 95 % two-sided


def interval(
    shares: Sequence[float], repeats: int = 1, groups: Sequence[Hashable] | None = None
) -> tuple[float, float]:
    """Return the 95 % interval of the mean over questions, for other questions of the same kind.

    The unit is the question: repeats of one question are not independent, so they narrow the
    interval only as far as they narrow the spread between questions. It is Wilson's interval with
    the effective number of questions, p (1 - p) / variance of the mean (Korn and Graubard 1998);
    for one repeat that is exactly Wilson's. Unlike a bootstrap it needs no random numbers, and it
    is not empty where every answer is right. Where questions come in groups, such as several about
    one text, the variance is the clustered one ("Adding Error Bars to Evals", arXiv 2411.00640).

    Args:
        shares: Share of right repeats for each question, 0 to 1.
        repeats: Repeats of each question; at most questions x repeats are counted.
        groups: Group of each question; None: every question is its own group.

    Returns:
        The lower and the upper end, 0 to 1; (0, 1) if there is no question.
    """
    n = len(shares)
    if n == 0:
        return 0.0, 1.0
    p = float(np.mean(shares))
    # Groups that happen to spread less than single questions do not make the interval narrower.
    error = max(standard_error(shares), standard_error(shares, groups))
    if error == 0:
        alone = n if groups is None else len(set(groups))
        return wilson(p, float(n * repeats if 0 < p < 1 else alone))
    return wilson(p, min(p * (1 - p) / error**2, n * repeats))


def spread_interval(shares: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of a mean of ratings, which spread less than right and wrong.

    Wilson's, as in `interval`, with as many questions as the spread is worth, however many; that
    the spread itself is known from few questions only widens it (Korn and Graubard 1998).

    Args:
        shares: Rating of each question, from 0 (worst) to 1 (best).

    Returns:
        The lower and the upper end, 0 to 1; (0, 1) if there is no question.
    """
    n = len(shares)
    error = standard_error(shares)
    if n < 2 or error == 0:
        return interval(shares)
    p = float(np.mean(shares))
    error *= sqrt(n / (n - 1)) * _student(n - 1) / _Z
    return wilson(p, p * (1 - p) / error**2)


def _student(freedom: int) -> float:
    """Return the 97.5 % point of Student's t by Cornish and Fisher's series; below 2 too small."""
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / power_of(freedom, power) for power, term in enumerate(terms, 1))


def standard_error(shares: Sequence[float], groups: Sequence[Hashable] | None = None) -> float:
    """Return the standard error of the mean over questions, clustered where groups are given.

    Questions of one group (about one text, of one problem family) tend to be right together; the
    sum of a group's deviations then counts, not each by itself (arXiv 2411.00640, equation 4).
    Needs many groups: with fewer than about 20 it is too small.

    Args:
        shares: Share of right repeats for each question.
        groups: Group of each question; None: every question is its own group.
    """
    if not shares:
        return 0.0
    deviations = np.asarray(shares, dtype=np.float64) - np.mean(shares)
    if groups is not None:
        order = {group: place for place, group in enumerate(dict.fromkeys(groups))}
        deviations = np.bincount([order[group] for group in groups], weights=deviations)
    return float(np.sqrt((deviations**2).sum()) / len(shares))


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


def clopper_pearson(count: int, n: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share: it holds the truth at least 95 % of the time.

    Use it for a bound that must hold, such as a ceiling; Wilson's is narrower and holds the truth
    95 % of the time on average.

    Args:
        count: Trials that succeeded.
        n: Trials; without one the interval is (0, 1).

    Raises:
        InputError: scipy is not installed.
    """
    if not n:
        return 0.0, 1.0
    found = scipy_stats().binomtest(count, n).proportion_ci(method="exact")
    return float(found.low), float(found.high)
