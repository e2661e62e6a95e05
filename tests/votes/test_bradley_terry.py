"""Strengths from comparisons, and Swiss pairs."""

import math
import random

import pytest

from manyminds.votes.bradley_terry import Game, strengths, swiss_pairs


def test_two_players_match_the_closed_form_without_ties() -> None:
    # 30 wins against 10 nearly outweigh the tie with the phantom: the odds come near to 3.
    found = strengths([Game(0, 1, 1.0)] * 300 + [Game(0, 1, 0.0)] * 100, 2)
    assert found[0] / found[1] == pytest.approx(3, rel=0.05)
    assert math.prod(found) == pytest.approx(1)


def test_who_beats_a_strong_one_is_stronger() -> None:
    games = [Game(0, 1, 1.0), Game(1, 2, 1.0), Game(2, 3, 1.0)]
    assert sorted(range(4), key=lambda n: -strengths(games, 4)[n]) == [0, 1, 2, 3]


def test_ties_alone_leave_all_equal_and_nobody_is_infinite() -> None:
    assert strengths([Game(0, 1, 0.5), Game(1, 2, 0.5)], 3) == pytest.approx([1, 1, 1])
    unbeaten = strengths([Game(0, 1, 1.0)] * 50, 3)
    assert math.isfinite(unbeaten[0]) and unbeaten[0] > unbeaten[2] > unbeaten[1]
    assert strengths([], 2) == [1, 1] and strengths([], 0) == []


def test_true_strengths_are_found_again() -> None:
    true, draw, games = [8.0, 4.0, 2.0, 1.0], random.Random(3), list[Game]()
    for _ in range(3_000):
        one, other = draw.sample(range(4), 2)
        drawn = 0.7 * math.sqrt(true[one] * true[other])
        whole = true[one] + true[other] + drawn
        at = draw.random() * whole
        games.append(
            Game(one, other, 1.0 if at < true[one] else 0.0 if at > true[one] + drawn else 0.5)
        )
    found = strengths(games, 4)
    for place in range(3):
        assert found[place] / found[place + 1] == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13])
def test_swiss_rounds_never_repeat_a_pair(n: int) -> None:
    draw, points, met = random.Random(n), [0.0] * n, set[frozenset[int]]()
    for round in range(math.ceil(math.log2(max(2, n)))):
        pairs = swiss_pairs(points, met)
        if round == 0:
            assert len(pairs) == n // 2
        players = [player for pair in pairs for player in pair]
        assert len(set(players)) == len(players)
        assert not met & {frozenset(pair) for pair in pairs}
        met |= {frozenset(pair) for pair in pairs}
        for pair in pairs:
            points[draw.choice(pair)] += 1


def test_players_with_like_points_meet() -> None:
    assert swiss_pairs([2, 0, 2, 0], set()) == [(0, 2), (1, 3)]
    assert swiss_pairs([2, 0, 2, 0], {frozenset((0, 2))}) == [(0, 1), (2, 3)]
    assert swiss_pairs([1, 1], {frozenset((0, 1))}) == []
