"""How many questions it takes to see a difference: to be known before anything is run.

A method is better by d on average, and the two are right on different questions in a share s of
all. The difference on a question is then 1, 0 or -1 with variance s - d^2, and n questions show it
with the given power when d = (z_level + z_power) * sqrt((s - d^2) / n) ("Adding Error Bars to
Evals", arXiv 2411.00640, section 5). s is what makes paired comparisons sharp: two methods that
answer alike differ on few questions.
"""

from math import ceil, sqrt

from manyminds.errors import InputError
from manyminds.evals.statistics.scipy_parts import scipy_stats

USUAL_DISCORDANCE = 0.2
"""Share of questions on which two methods differ, where nothing is known of it."""


def smallest_effect(
    n: int, *, discordance: float = USUAL_DISCORDANCE, level: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest true difference in accuracy that n questions show.

    Args:
        n: Questions, each run by both methods.
        discordance: Share of the questions that one of the two methods gets right and the other
            wrong; `discordance_of` bounds it from two accuracies.
        level: Chance of calling equal methods different, two-sided.
        power: Chance of seeing a difference that is there.

    Returns:
        A difference between 0 and 1; `discordance` itself where even that would not be seen.

    Raises:
        InputError: An argument is out of range, or scipy is not installed.
    """
    if n < 1:
        raise InputError(f"give at least 1 question, not {n}")
    z = _z(discordance, level, power)
    return min(discordance, z * sqrt(discordance / (n + z * z)))


def questions_needed(
    effect: float,
    *,
    discordance: float = USUAL_DISCORDANCE,
    level: float = 0.05,
    power: float = 0.8,
) -> int:
    """Return how many questions show a true difference in accuracy of this size.

    Args:
        effect: Difference in accuracy, above 0 and at most the discordance.
        discordance: As for `smallest_effect`.
        level: As for `smallest_effect`.
        power: As for `smallest_effect`.

    Raises:
        InputError: An argument is out of range, or scipy is not installed.
    """
    if not 0 < effect <= discordance:
        raise InputError(
            f"give an effect above 0 and at most the discordance {discordance}, not {effect}: "
            "methods cannot differ by more than the share of questions on which they differ"
        )
    z = _z(discordance, level, power)
    return max(1, ceil(z * z * (discordance - effect * effect) / (effect * effect)))


def discordance_of(one: float, other: float) -> tuple[float, float]:
    """Return the least and the greatest share of questions on which two accuracies can differ."""
    return abs(one - other), min(one + other, 2 - one - other)


def _z(discordance: float, level: float, power: float) -> float:
    if not 0 < discordance <= 1 or not 0 < level < 1 or not 0 < power < 1:
        raise InputError("give discordance, level and power between 0 and 1")
    normal = scipy_stats().norm
    return float(normal.isf(level / 2) + normal.ppf(power))
