"""How sure a vote is: closed forms behind the stopping rules."""

import math
from functools import lru_cache

from manyminds.errors import InputError


@lru_cache(maxsize=4096)
def majority_probability(a: int, b: int) -> float:
    """Return P(Beta(a+1, b+1) > 1/2): how surely an answer with a votes against b is the majority.

    In closed form, the probability of at most a heads in a+b+1 tosses of a fair coin (the Beta rule
    of Adaptive-Consistency, arXiv 2305.11860).
    """
    tosses = a + b + 1
    return sum(math.comb(tosses, heads) for heads in range(a + 1)) / (1 << tosses)


def lead_for(accuracy: float, steps: int, target: float = 0.95) -> int:
    """Return the lead with which a chain of steps, each voted on, succeeds with this probability.

    For `stopping.ahead_by`. MAKER (arXiv 2511.09030): the least k with which
    (1 + ((1-p)/p)^k)^-steps >= target, for two answers a step.

    Args:
        accuracy: of one vote on one step, above 0.5 and below 1.
        steps: number of steps that must all be right.
        target: the probability that they are, between 0 and 1.

    Raises:
        InputError: an argument is out of range.
    """
    if not 0.5 < accuracy < 1:
        raise InputError(f"give lead_for an accuracy between 0.5 and 1, not {accuracy}")
    if steps < 1 or not 0 < target < 1:
        raise InputError("give lead_for at least 1 step and a target between 0 and 1")
    odds = math.expm1(-math.log(target) / steps)
    return max(1, math.ceil(math.log(odds) / math.log((1 - accuracy) / accuracy)))
