"""The length-controlled win rate of AlpacaEval 2 (arXiv 2404.04475)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.statistics.scipy_parts import scipy_part

_RIDGE = 0.02  # where all wins fall together with length, the weights would be infinite


class WinRate(NamedTuple):
    """How often a method wins against the reference.

    Attributes:
        raw: Share of wins, a tie half.
        controlled: The share that the fitted model expects at equal lengths.
        length_effect: Weight of tanh of the standardised difference of lengths: above 0, longer
            answers win.
    """

    raw: float
    controlled: float
    length_effect: float


def win_rate(wins: Sequence[float], lengths: Sequence[tuple[int, int]]) -> WinRate:
    """Return the raw and the length-controlled win rate.

    Wins are fitted by logistic regression on a constant (who is better) and on tanh of the
    difference of lengths, in standard deviations; at equal lengths the second is nothing. The
    paper's third term, the difficulty of each instruction, is fitted over many published models and
    is left out, and so is its weighting towards two reworded baselines.

    Args:
        wins: For each pair 1, 0, or a share between them, such as 0.5 where two orders disagree.
        lengths: Characters of the method's answer and of the reference.

    Raises:
        InputError: There is no pair, or scipy is not installed.
    """
    if not wins or len(wins) != len(lengths):
        raise InputError("Give at least one comparison, and the lengths of both answers of each.")
    won: NDArray[np.float64] = np.asarray(wins, dtype=np.float64)
    longer = np.array([mine - other for mine, other in lengths], dtype=np.float64)
    spread = float(longer.std())
    longer = np.tanh(longer / spread) if spread else np.zeros_like(longer)

    def loss(values: NDArray[np.float64]) -> float:
        logit = values[0] + values[1] * longer
        fitted = np.logaddexp(0, -logit) * won + np.logaddexp(0, logit) * (1 - won)
        return float(fitted.mean() + _RIDGE * (values**2).mean() / len(won) ** 0.5)

    better, effect = scipy_part("optimize").minimize(loss, np.zeros(2), method="BFGS").x
    return WinRate(float(won.mean()), float(1 / (1 + np.exp(-better))), float(effect))
