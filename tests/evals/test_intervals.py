import numpy as np
import pytest
from scipy.stats import binomtest

from manyminds.evals.intervals import interval, wilson


@pytest.mark.parametrize(
    ("right", "n", "expected"),
    [(8, 10, (0.4902, 0.9433)), (0, 20, (0.0, 0.1611)), (20, 20, (0.8389, 1.0))],
)
def test_one_repeat_is_wilsons_interval(right: int, n: int, expected: tuple[float, float]) -> None:
    found = interval([1.0] * right + [0.0] * (n - right))
    assert found == pytest.approx(expected, abs=5e-5)
    assert found == pytest.approx(tuple(binomtest(right, n).proportion_ci(method="wilson")))


def test_repeats_that_agree_say_no_more_than_one() -> None:
    shares = [1.0] * 30 + [0.0] * 10
    assert interval(shares, repeats=5) == interval(shares)


def test_repeats_of_questions_alike_count_like_further_questions() -> None:
    assert interval([0.5] * 40, repeats=4) == wilson(0.5, 160)


def test_no_question_says_nothing() -> None:
    assert interval([]) == (0.0, 1.0)


@pytest.mark.parametrize("repeats", [1, 5])
@pytest.mark.parametrize("hard", [0.1, 0.9])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(repeats: int, hard: float) -> None:
    # Questions differ: the chance of a right answer is drawn for each from a wide distribution.
    random = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        chance = random.beta(4 * hard, 4 * (1 - hard), size=80)
        shares = random.binomial(repeats, chance) / repeats
        low, high = interval([float(share) for share in shares], repeats)
        inside += low <= hard <= high
    assert 0.92 <= inside / 400 <= 0.985
