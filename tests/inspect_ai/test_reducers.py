"""Our votes and figures agree with Inspect's reducers."""

import random
from collections.abc import Sequence

import pytest
from inspect_ai.scorer import Score, at_least, mean_score, mode_score, pass_at

from manyminds.evals.statistics.coverage import pass_at_k
from manyminds.votes.votes import majority

DRAWS = range(50)


def scores(values: Sequence[str | float]) -> list[Score]:
    return [Score(value=value) for value in values]


@pytest.mark.parametrize("seed", DRAWS)
def test_majority_is_the_mode(seed: int) -> None:
    draw = random.Random(seed)
    answers = [draw.choice("ABCD") for _ in range(draw.randint(1, 30))]
    assert majority(answers)["answer"] == mode_score()(scores(answers)).value


@pytest.mark.parametrize("seed", DRAWS)
def test_pass_at_k_and_pass_hat_k_are_inspects(seed: int) -> None:
    draw = random.Random(seed)
    right = [float(draw.random() < 0.3) for _ in range(draw.randint(1, 40))]
    k = draw.randint(1, len(right))
    ours = pass_at_k(len(right), int(sum(right)), k)
    assert ours == pytest.approx(pass_at(k)(scores(right)).value, abs=1e-12)
    assert pass_at_k(len(right), int(sum(right)), 1) == pytest.approx(
        mean_score()(scores(right)).value
    )


@pytest.mark.parametrize("seed", DRAWS)
def test_a_vote_over_right_and_wrong_is_at_least_half(seed: int) -> None:
    draw = random.Random(seed)
    right = [draw.random() < 0.5 for _ in range(2 * draw.randint(0, 15) + 1)]
    won = majority([str(one) for one in right])["answer"] == "True"
    needed = len(right) // 2 + 1
    assert won == (at_least(needed)(scores([float(one) for one in right])).value == 1)
