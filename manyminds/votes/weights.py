"""Weights of votes: from confidence, from measured accuracy."""

import math
from collections.abc import Sequence
from statistics import fmean

from manyminds.errors import InputError

_CERTAIN = 1e-3  # an accuracy measured as 0 or 1 is not infinitely telling


def cisc_weights(confidences: Sequence[float | None], temperature: float = 1.0) -> list[float]:
    """Return a softmax of the confidences of one question's candidates; the weights add up to 1.

    Confidence-Informed Self-Consistency (arXiv 2502.06233): what counts is how confidences compare
    within the question. Tune the temperature on held-out questions; a low one trusts the most
    confident alone. A missing confidence counts as the mean of the others.

    Args:
        confidences: one a candidate, on any one scale (0 to 1, or 0 to 100).
        temperature: in units of that scale.

    Raises:
        InputError: the temperature is not above 0, or a confidence is not finite.
    """
    if not temperature > 0:
        raise InputError(f"give cisc_weights a temperature above 0, not {temperature}")
    known = [c for c in confidences if c is not None]
    if not all(map(math.isfinite, known)):
        raise InputError("give cisc_weights finite confidences, or None where one is missing")
    mean = math.fsum(known) / len(known) if known else 0.0
    filled = [mean if c is None else c for c in confidences]
    top = max(filled, default=0.0)
    powers = [math.exp((c - top) / temperature) for c in filled]
    total = math.fsum(powers)
    return [power / total for power in powers]


def log_odds_weights(accuracies: Sequence[float], *, choices: int = 2) -> list[float]:
    """Return the log odds of each member's accuracy, the best weights for independent voters.

    A member no better than chance weighs nothing, one worse counts against what it votes for.

    Args:
        accuracies: of the members, 0 to 1, measured on other questions.
        choices: number of possible answers; chance is one over it.

    Raises:
        InputError: an accuracy is outside 0 to 1, or there are fewer than two choices.
    """
    if choices < 2:
        raise InputError(f"give log_odds_weights at least 2 choices, not {choices}")
    weights: list[float] = []
    for accuracy in accuracies:
        if not 0 <= accuracy <= 1:
            raise InputError(f"give accuracies between 0 and 1, not {accuracy}")
        p = min(max(accuracy, _CERTAIN), 1 - _CERTAIN)
        weights.append(math.log(p * (choices - 1) / (1 - p)))
    return weights


def proportional_weights(confidences: Sequence[float | None]) -> list[float]:
    """Return confidences from 0 to 1 as weights; a missing one counts as the mean of the others."""
    known = [share for share in confidences if share is not None]
    mean = fmean(known) if known else 1.0
    return [mean if share is None else share for share in confidences]


def reconcile_weights(confidences: Sequence[float | None]) -> list[float]:
    """Return the stepped weights of ReConcile (arXiv 2309.13007) for confidences from 0 to 1.

    Models are overconfident: 1 counts 1, from 0.9 on 0.8, from 0.8 on 0.5, above 0.6 0.3, the rest
    and a missing confidence 0.1; each a hair more, so that no vote is worth nothing.
    """
    return [_reconcile(0.0 if c is None else c) + 1e-5 for c in confidences]


def _reconcile(confidence: float) -> float:
    if confidence >= 1:
        return 1.0
    if confidence >= 0.9:
        return 0.8
    if confidence >= 0.8:
        return 0.5
    return 0.3 if confidence > 0.6 else 0.1
