"""Coverage: how often one of k samples is right, and how it grows with k."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, exp, log

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.statistics.scipy_parts import scipy_part

_LEAST = 1e-9


def pass_at_k(asked: int, right: int, k: int) -> float:
    """Return the chance that k of the samples drawn hold a right one, unbiased.

    "Evaluating Large Language Models Trained on Code", arXiv 2107.03374: 1 - C(n-c, k) / C(n, k).
    Counting "is one of the first k right" has the same mean and more noise; 1 - (1 - c/n)^k is
    biased.

    Args:
        asked: Samples drawn, n.
        right: Samples that are right, c.
        k: Samples taken; at most those that were drawn count.
    """
    k = min(k, asked)
    return 1.0 - comb(asked - right, k) / comb(asked, k) if asked else 0.0


def pass_hat_k(asked: int, right: int, k: int) -> float:
    """Return the chance that k of the samples drawn are all right, unbiased: C(c, k) / C(n, k).

    It measures reliability, as in tau-bench (arXiv 2406.12045).

    Args:
        asked: Samples drawn, n.
        right: Samples that are right, c.
        k: Samples taken; at most those that were drawn count.
    """
    k = min(k, asked)
    return comb(right, k) / comb(asked, k) if asked else 0.0


@dataclass(frozen=True)
class PowerLaw:
    """Coverage c(k) = exp(scale * k ** slope), with both below 0 (arXiv 2407.21787)."""

    scale: float
    slope: float

    def __call__(self, k: float) -> float:
        """Return the coverage at k samples; beyond those measured it is an extrapolation."""
        return exp(self.scale * k**self.slope)


def fit_power_law(samples: Sequence[int], coverage: Sequence[float]) -> PowerLaw:
    """Fit the exponentiated power law of "Large Language Monkeys" to measured coverage.

    Args:
        samples: Numbers of samples, at least two.
        coverage: At each of them, above 0 for at least one.

    Raises:
        InputError: There are too few points, or scipy is not installed.
    """
    if len(samples) != len(coverage) or len(samples) < 2 or not any(coverage):
        raise InputError("give at least two numbers of samples, and a coverage above 0 for each")
    k = np.asarray(samples, dtype=np.float64)
    seen = np.clip(np.asarray(coverage, dtype=np.float64), _LEAST, 1 - _LEAST)

    def miss(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.exp(-np.exp(values[0]) * k ** -np.exp(values[1])) - seen
        return found

    start = (log(-log(float(seen[0]))), log(0.5))
    found = scipy_part("optimize").least_squares(miss, start)
    return PowerLaw(-exp(float(found.x[0])), -exp(float(found.x[1])))
