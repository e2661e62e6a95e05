import sys
from math import comb

import numpy as np
import pytest

from manyminds.errors import InputError
from manyminds.evals.paired import difference, mcnemar


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (1, 0), (5, 5), (10, 2), (2, 10), (30, 12)])
def test_mcnemar_is_the_exact_binomial_test(better: int, worse: int) -> None:
    n = better + worse
    tail = sum(comb(n, k) for k in range(min(better, worse) + 1))
    assert mcnemar(better, worse) == pytest.approx(min(1.0, 2 * tail / 2**n))


def test_mcnemar_of_large_counts() -> None:
    assert mcnemar(3_000, 3_000) == pytest.approx(1.0)
    assert 0 < mcnemar(3_000, 2_800) < 0.02
    assert mcnemar(8, 0) == pytest.approx(2 / 2**8)


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


def test_one_question_has_no_spread() -> None:
    assert difference([1.0], [0.0]) == (1.0, (1.0, 1.0))


def test_equal_seeds_give_equal_intervals() -> None:
    one, other = [1.0, 0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 1.0]
    assert difference(one, other, seed=3) == difference(one, other, seed=3)


def test_without_scipy_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    for compute in (lambda: mcnemar(2, 1), lambda: difference([1.0, 0.0], [0.0, 0.0])):
        with pytest.raises(InputError, match=r"needs scipy: pip install .manyminds\[eval\]"):
            compute()
