import numpy as np
import pytest
from helpers.statsmodels_parts import statsmodels
from scipy.stats import binomtest

from manyminds.evals.statistics.intervals import (
    clopper_pearson,
    interval,
    spread_interval,
    standard_error,
    wilson,
)


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


def test_clopper_pearson_agrees_with_statsmodels() -> None:
    for count, n in ((0, 30), (3, 30), (30, 30), (117, 1319)):
        expected = statsmodels("stats.proportion").proportion_confint(count, n, method="beta")
        assert clopper_pearson(count, n) == pytest.approx(tuple(map(float, expected)), abs=1e-9)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_wilson_of_a_fraction_of_trials_agrees_with_statsmodels() -> None:
    expected = statsmodels("stats.proportion").proportion_confint(0.3 * 41.7, 41.7, method="wilson")
    assert wilson(0.3, 41.7) == pytest.approx(tuple(map(float, expected)), abs=1e-9)


def test_the_clustered_error_agrees_with_a_regression_of_statsmodels() -> None:
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), random.integers(1, 6, size=40))
    shares = (random.random(len(groups)) < random.beta(1, 1, size=40)[groups]).astype(float)
    fitted = (
        statsmodels("regression.linear_model")
        .OLS(shares, np.ones(len(shares)))
        .fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    )
    error = standard_error(shares.tolist(), [int(group) for group in groups])
    assert error == pytest.approx(float(fitted.bse[0]))
    assert error > standard_error(shares.tolist())


def test_the_clustered_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random, inside, plain = np.random.default_rng(5), 0, 0
    groups = [group for group in range(50) for _ in range(4)]
    for _ in range(300):
        chance = np.repeat(random.beta(1.5, 1.5, size=50), 4)
        shares = (random.random(200) < chance).astype(float).tolist()
        low, high = interval(shares, groups=groups)
        inside += low <= 0.5 <= high
        low, high = interval(shares)
        plain += low <= 0.5 <= high
    assert 0.92 <= inside / 300 <= 0.985
    assert plain / 300 < 0.9, "without groups the interval would be too narrow here"


def test_questions_that_stand_alone_are_groups_of_one() -> None:
    shares = [1.0, 0.0, 1.0, 1.0]
    assert interval(shares, groups="abcd") == pytest.approx(interval(shares))
    # All right in four questions about one text is one success, not four.
    assert interval([1.0] * 4, groups="aaaa") == wilson(1.0, 1)


@pytest.mark.parametrize("n", [5, 12, 40, 200])
@pytest.mark.parametrize("steps", [[0, 4, 5, 6, 6, 7, 9], [7, 8, 8, 9], [0, 9]])
def test_the_interval_of_ratings_holds_the_truth_as_often_as_it_says(
    n: int, steps: list[int]
) -> None:
    random, held = np.random.default_rng(5), 0
    shares = np.array(steps) / 9
    for drawn in random.choice(shares, (400, n)):
        low, high = spread_interval([*drawn])
        held += low <= shares.mean() <= high
    assert held >= 400 * 0.92


def test_ratings_that_spread_little_are_more_certain_than_right_and_wrong() -> None:
    rated = [0.6, 0.7, 0.65, 0.7] * 20
    low, high = spread_interval(rated)
    expected = statsmodels("stats.weightstats").DescrStatsW(rated).tconfint_mean()
    assert (low, high) == pytest.approx(expected, abs=0.002)
    assert high - low < 0.2 * (interval(rated)[1] - interval(rated)[0])
    assert spread_interval([]) == (0.0, 1.0)
    assert spread_interval([0.5]) == interval([0.5])
