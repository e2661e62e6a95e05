"""Choosing members: performance, diversity, size, weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.errors import InputError
from manyminds.votes.selection import (
    choose,
    encoded,
    error_correlations,
    ranked,
    weighted_vote,
    win_rates,
)

RIGHT = "right"


def answers(accuracies: list[float], questions: int, seed: int = 0) -> dict[str, list[str | None]]:
    """Members that err independently, each in its own way."""
    draw = np.random.default_rng(seed)
    return {
        f"m{n}": [RIGHT if draw.random() < p else f"wrong-{n}-{q}" for q in range(questions)]
        for n, p in enumerate(accuracies)
    }


def test_independent_members_of_equal_skill_are_all_worth_asking() -> None:
    selection = choose(answers([0.8] * 5, 200), [RIGHT] * 200)
    assert len(selection.members) == 5
    assert [m.accuracy for m in selection.members] == sorted(
        (m.accuracy for m in selection.members), reverse=True
    )


def test_copies_of_one_member_add_nothing_and_rank_behind_a_different_one() -> None:
    given = answers([0.8, 0.78], 400)
    given["copy"] = list(given["m0"])
    correct = encoded(list(given.values()), [RIGHT] * 400) == 0
    alike = error_correlations(correct)
    assert alike[0, 2] == pytest.approx(1.0)
    order = ranked(np.array([0.8, 0.78, 0.8]), alike, 3)
    assert order == [0, 1, 2]


def test_one_strong_member_is_not_outvoted_by_a_crowd_that_errs_together() -> None:
    draw = np.random.default_rng(1)
    crowd = [RIGHT if draw.random() < 0.6 else "same" for _ in range(300)]
    given: dict[str, list[str | None]] = {f"crowd{n}": list(crowd) for n in range(8)}
    given["strong"] = list(answers([0.95], 300, seed=2)["m0"])
    selection = choose(given, [RIGHT] * 300)
    chosen = [list(given).index(member.name) for member in selection.members]
    weights = np.array([member.weight for member in selection.members])
    codes = encoded([given[member.name] for member in selection.members], [RIGHT] * 300)
    assert list(given).index("strong") in chosen
    assert (weighted_vote(codes, weights) == 0).mean() >= 0.94


def test_a_question_not_answered_is_not_right_and_does_not_vote() -> None:
    codes = encoded([[None, "a"], ["b", None]], ["b", "a"])
    assert codes.tolist() == [[-1, 0], [0, -1]]
    assert weighted_vote(codes, np.array([1.0, 1.0])).tolist() == [0, 0]
    assert weighted_vote(codes[:, :1] * 0 - 1, np.array([1.0, 1.0])).tolist() == [-1]


def test_a_tie_goes_to_the_member_that_comes_first() -> None:
    codes = encoded([["x"], ["y"]], ["z"])
    assert weighted_vote(codes, np.array([2.0, 2.0])).tolist() == [codes[0, 0]]
    assert weighted_vote(codes, np.array([1.0, 2.0])).tolist() == [codes[1, 0]]


def test_win_rates_count_ties_as_halves_and_missing_as_lost() -> None:
    rates = win_rates(np.array([[3.0, 1.0], [2.0, 1.0], [np.nan, 0.0]]))
    assert rates.tolist() == [0.875, 0.625, 0.0]


@pytest.mark.parametrize(
    ("given", "right", "message"),
    [
        ({}, ["a"], "at least one member"),
        ({"m": []}, [], "calibration question"),
        ({"m": ["a"]}, ["a", "b"], "one answer a question"),
    ],
)
def test_wrong_input_says_what_to_give(
    given: dict[str, list[str | None]], right: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        choose(given, right)


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "c", None]), min_size=6, max_size=6),
        min_size=1,
        max_size=6,
    )
)
def test_any_answers_give_a_choice_with_positive_weights(rows: list[list[str | None]]) -> None:
    given_answers = {f"m{n}": row for n, row in enumerate(rows)}
    selection = choose(given_answers, ["a"] * 6)
    assert 1 <= len(selection.members) <= len(rows)
    assert all(member.weight > 0 for member in selection.members)
    assert selection.best_single == selection.members[0].name
