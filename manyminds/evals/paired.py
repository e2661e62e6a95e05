"""How certain it is that one method is better than another on the same questions."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from manyminds.errors import InputError

_RESAMPLES, _BATCH = 4_000, 200


def need_scipy() -> Any:
    """Import and return scipy's statistics.

    Raises:
        InputError: scipy is not installed.
    """
    try:
        return import_module("scipy.stats")
    except ImportError:
        raise InputError('comparing methods needs scipy: pip install "manyminds[eval]"') from None


def mcnemar(better: int, worse: int) -> float:
    """Return the p value of McNemar's exact test, two-sided.

    It is the chance of a split at least as uneven as this one among the questions on which the two
    methods differ, if neither were better; 1 where they never differ.

    Args:
        better: Number of questions that only the first method answered right.
        worse: Number of questions that only the second method answered right.

    Raises:
        InputError: scipy is not installed.
    """
    if not better + worse:
        return 1.0
    return float(need_scipy().binomtest(better, better + worse).pvalue)


def difference(
    one: Sequence[float], other: Sequence[float], seed: int = 0
) -> tuple[float, tuple[float, float]]:
    """Return the mean of `one` minus the mean of `other`, with its 95 % interval.

    It is the percentile interval of a paired bootstrap over questions: each resample draws
    questions, and takes the results of both methods on them.

    Args:
        one: Share of right repeats for each question, 0 to 1.
        other: The same questions in the same order.
        seed: Drives the resamples.

    Raises:
        InputError: scipy is not installed.
    """
    gaps = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    mean = float(gaps.mean()) if len(gaps) else 0.0
    if len(gaps) < 2:
        return mean, (mean, mean)
    found = need_scipy().bootstrap(
        (gaps,),
        np.mean,
        n_resamples=_RESAMPLES,
        batch=_BATCH,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    low, high = found.confidence_interval
    return mean, (float(low), float(high))
