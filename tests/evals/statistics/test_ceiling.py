from math import comb

import numpy as np
import pytest
from scipy.optimize import brentq

from manyminds.errors import InputError
from manyminds.evals.statistics.ceiling import ceiling, effective_votes, regret


def tail(k: int, n: int, p: float) -> float:
    """Chance of at most k successes of n."""
    return sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


def test_the_ceiling_counts_questions_that_all_miss() -> None:
    right = {
        "a": [True] * 14 + [False] * 6,
        "b": [False] * 4 + [True] * 12 + [False] * 4,
    }
    found = ceiling(right)
    assert (found.n, found.beta, found.ceiling) == (20, 0.2, 0.8)
    assert (found.best, found.best_accuracy) == ("a", 0.7)
    high = brentq(lambda p: tail(4, 20, p) - 0.025, 1e-9, 1 - 1e-9)
    low = brentq(lambda p: 1 - tail(3, 20, p) - 0.025, 1e-9, 1 - 1e-9)
    assert found.interval == pytest.approx((1 - high, 1 - low), abs=1e-6)
    assert "gain 10.0 points over a" in found.advice


def test_where_nothing_can_be_gained_it_says_so() -> None:
    right = {"a": [True] * 490 + [False] * 10, "b": [True] * 400 + [False] * 100}
    assert "No choice among these answers can gain 2%" in ceiling(right).advice


def test_effective_votes_follow_from_the_correlation() -> None:
    random = np.random.default_rng(1)
    shared = random.random(20_000) < 0.5
    votes = {
        f"m{n}": np.where(random.random(20_000) < 0.5, shared, random.random(20_000) < 0.5).tolist()
        for n in range(9)
    }
    # Two votes take the shared value together in a quarter of the cases: correlation 1/4.
    assert effective_votes(votes) == pytest.approx(9 / (1 + 8 * 0.25), rel=0.03)
    assert effective_votes({"a": [True, False], "b": [True, False]}) == 1.0
    assert effective_votes({"a": [True, False], "b": [False, True]}) == 2.0
    assert effective_votes({"a": [True, True]}) == 1.0


def test_regret_is_what_was_within_reach() -> None:
    right = {"a": [True, False, False, True], "b": [False, True, False, True]}
    found = regret(right, [False, True, True, True])
    assert (found.share, found.rescued) == (0.25, 0.25)
    assert found.interval[0] < 0.25 < found.interval[1]


def test_members_must_be_asked_the_same_questions() -> None:
    unequal: list[dict[str, list[bool]]] = [{}, {"a": []}, {"a": [True], "b": [True, False]}]
    for right in unequal:
        with pytest.raises(InputError, match="the same questions"):
            ceiling(right)
    with pytest.raises(InputError, match="for every question"):
        regret({"a": [True]}, [True, False])


def test_a_member_that_is_always_right_leaves_nothing_to_gain() -> None:
    assert ceiling({"a": [True] * 5, "b": [False] * 5}).advice == (
        "a answers all of these questions rightly: there is nothing to gain."
    )
