"""The certified stop: its error over many questions, and waves that waste no sample."""

import itertools
import math
import random
from collections import Counter

import pytest

from manyminds.errors import InputError
from manyminds.votes.certified import Bets, certified
from manyminds.votes.stopping import rule


def ends(
    chances: list[float], alpha: float, draw: random.Random, cap: int
) -> tuple[int | None, int]:
    """Sample one question; return the certified answer, None at the cap, and the samples."""
    bets = Bets()
    for asked in range(1, cap + 1):
        (vote,) = draw.choices(range(len(chances)), chances)
        bets.add(vote)
        if bets.least() >= -math.log(alpha):
            leader = bets.leader
            assert isinstance(leader, int)
            return leader, asked
    return None, cap


@pytest.mark.parametrize("alpha", [0.05, 0.2])
@pytest.mark.parametrize(
    "chances",
    [[0.51, 0.49], [0.34, 0.33, 0.33], [0.15, *[0.85 / 8] * 8], [0.2, 0.19, *[0.0305] * 20]],
    ids=["two", "three", "nine", "many"],
)
def test_the_error_is_at_most_alpha_whenever_it_stops(chances: list[float], alpha: float) -> None:
    """A rate above alpha by three deviations would be noticed."""
    draw, n = random.Random(7), 500
    wrong = sum(ends(chances, alpha, draw, 40)[0] not in (0, None) for _ in range(n))
    assert wrong / n <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / n)


def test_it_stops_where_the_mode_is_clear() -> None:
    draw = random.Random(1)
    found = [ends([0.8, 0.1, 0.1], 0.05, draw, 60) for _ in range(300)]
    assert sum(answer == 0 for answer, _ in found) > 285
    assert sum(asked for _, asked in found) / 300 < 20


@pytest.mark.parametrize(("alpha", "votes"), [(0.1, 5), (0.05, 6), (0.01, 9)])
def test_equal_votes_that_are_enough(alpha: float, votes: int) -> None:
    made = certified(alpha)
    assert made.stop(["a"] * (votes - 1)) is None
    assert made.stop(["a"] * votes) == f"certified: {votes} of {votes}, error <= {alpha}"
    assert made.need([]) == votes and made.need(["a"] * votes) == 0


def test_waves_hold_no_more_than_the_rule_needs_at_least() -> None:
    """Against all continuations of short sequences: none stops before `need` says."""
    made = certified(0.25, cap=9)
    for votes in itertools.product("abc", repeat=3):
        needed = made.need(votes)
        for more in range(min(needed, 4)):
            for rest in itertools.product("abcd", repeat=more):
                assert made.stop([*votes, *rest]) is None, (votes, rest)


def test_an_abstention_is_asked_and_no_vote() -> None:
    made = certified(0.05, cap=8)
    assert made.stop([None, "a"] * 4) == "cap: 8 asked"
    assert made.need([None] * 3) == 5 and made.need([None, "a"]) == 5


def test_every_order_of_a_clear_count_is_treated_alike() -> None:
    votes = ["a"] * 30 + ["b"] * 3
    found = Counter[bool]()
    for seed in range(20):
        random.Random(seed).shuffle(votes)
        found[certified(0.05, cap=40).stop(votes) is not None] += 1
    assert found[True] == 20


def test_it_is_written_as_other_rules() -> None:
    assert rule("certified:0.05", cap=25).name == "certified:0.05,25"
    assert rule("certified").name == "certified:0.05,40"
    assert rule("certified:0.1,12|esc:5").cap == 12
    with pytest.raises(InputError, match="error between 0 and 1, not 1"):
        rule("certified:1")
    with pytest.raises(InputError, match="cap of at least 1"):
        certified(0.05, cap=0)
