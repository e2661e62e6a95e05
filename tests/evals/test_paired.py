import numpy as np
import pytest

from manyminds.evals.paired import difference, mcnemar


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (1, 0), (5, 5), (10, 2), (2, 10), (30, 12)])
def test_mcnemar_is_the_exact_binomial_test(better: int, worse: int) -> None:
    scipy = pytest.importorskip("scipy.stats")
    n = better + worse
    expected = 1.0 if n == 0 else scipy.binomtest(better, n, 0.5).pvalue
    assert mcnemar(better, worse) == pytest.approx(expected)


def test_mcnemar_of_large_counts() -> None:
    assert mcnemar(3_000, 3_000) == 1.0
    assert 0 < mcnemar(3_000, 2_800) < 0.02
    assert mcnemar(8, 0) == 2 / 2**8


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random, held = np.random.default_rng(1), 0
    for trial in range(60):
        one = (random.random(120) < 0.7).astype(float)
        other = (random.random(120) < 0.6).astype(float)
        gap, (low, high) = difference([*one], [*other], seed=trial)
        assert low <= gap <= high
        held += low <= 0.1 <= high
    assert held >= 52


def test_pairing_narrows_the_interval() -> None:
    random = np.random.default_rng(2)
    one = (random.random(200) < 0.6).astype(float)
    nearly = one.copy()
    nearly[:4] = 1 - nearly[:4]
    _, paired = difference([*one], [*nearly])
    _, apart = difference([*one], [*random.permutation(nearly)])
    assert paired[1] - paired[0] < 0.25 * (apart[1] - apart[0])


def test_the_same_answers_differ_by_nothing() -> None:
    assert difference([1.0, 0.0], [1.0, 0.0]) == (0.0, (0.0, 0.0))
    assert difference([], []) == (0.0, (0.0, 0.0))
