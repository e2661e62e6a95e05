"""Weights without labels: they follow skill, and are not fooled by what says nothing."""

import random

import pytest

from manyminds.errors import InputError
from manyminds.votes.unlabelled import agreement_weights
from manyminds.votes.votes import majority, weighted, weighted_together


def simulated(skills: list[float], questions: int, seed: int) -> list[list[str | None]]:
    """Return votes on questions whose right answer is "right"."""
    draw = random.Random(seed)
    return [
        ["right" if draw.random() < skill else f"wrong {draw.randrange(3)}" for skill in skills]
        for _ in range(questions)
    ]


def test_weights_follow_skill() -> None:
    found = agreement_weights(simulated([0.9, 0.75, 0.6, 0.45, 0.3], 400, 1))
    assert found == sorted(found, reverse=True) and found[0] > 2 * found[2]


def test_weighted_votes_beat_the_majority_where_skills_differ() -> None:
    rows = simulated([0.92, 0.9, 0.35, 0.35, 0.35, 0.3, 0.3], 500, 2)
    weights = agreement_weights(rows)
    plain = sum(majority(row)["answer"] == "right" for row in rows)
    better = sum(weighted(row, weights)["answer"] == "right" for row in rows)
    assert better > plain + 25


def test_a_member_that_always_abstains_or_always_dissents_gains_nothing() -> None:
    rows = [[*row, None, f"own {n}"] for n, row in enumerate(simulated([0.8] * 4, 200, 3))]
    weights = agreement_weights(rows)
    assert weights[5] == 0 and weights[4] <= min(weights[:4])


def test_nothing_to_compare_is_one_for_all() -> None:
    assert agreement_weights([]) == []
    alone = agreement_weights([["a", None], [None, "b"]])
    assert alone[0] == alone[1] > 0


def test_rows_must_fit() -> None:
    with pytest.raises(InputError, match="Give 2 votes for every question"):
        agreement_weights([["a", "b"], ["a"]])
    with pytest.raises(InputError, match="choices=1"):
        agreement_weights([["a", "b"]], choices=1)


def test_a_vote_over_many_questions_finds_its_weights_itself() -> None:
    rows = simulated([0.85, 0.75, 0.45, 0.4, 0.35], 300, seed=8)
    found = [ballot["answer"] == "right" for ballot in weighted_together(rows)]
    plain = [majority(row)["answer"] == "right" for row in rows]
    by_hand = agreement_weights(rows)
    assert found == [weighted(row, by_hand)["answer"] == "right" for row in rows]
    assert sum(found) > sum(plain)
    assert {ballot["vote"] for ballot in weighted_together(rows, by_hand)} == {"weighted"}
    with pytest.raises(InputError, match="votes for every question"):
        weighted_together([["a", "b"], ["a"]])
