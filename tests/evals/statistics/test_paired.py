import sys
from itertools import product
from math import comb

import numpy as np
import pytest
from helpers.statsmodels_parts import statsmodels

from manyminds.errors import InputError
from manyminds.evals.statistics.paired import (
    all_pairs,
    difference,
    holm,
    indistinguishable,
    mcnemar,
    permutation,
)


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


def test_the_interval_agrees_with_a_paired_t_test_of_statsmodels() -> None:
    random = np.random.default_rng(6)
    one, other = random.integers(0, 5, (2, 800)) / 4
    _, found = difference([*one], [*other])
    expected = statsmodels("stats.weightstats").DescrStatsW(one - other).tconfint_mean()
    assert found == pytest.approx(expected, abs=0.004)
    groups = np.repeat(np.arange(200), 4)
    gaps = np.repeat(random.integers(-2, 3, 200) / 2, 4)
    _, clustered = difference([*gaps], [0.0] * 800, groups=[*groups])
    ols = statsmodels("regression.linear_model").OLS(gaps, np.ones(800))
    robust = ols.fit(cov_type="cluster", cov_kwds={"groups": groups}).conf_int()[0]
    assert clustered == pytest.approx(tuple(robust), abs=0.02)


def test_pairing_narrows_the_interval() -> None:
    random = np.random.default_rng(2)
    one = (random.random(200) < 0.6).astype(float)
    nearly = one.copy()
    nearly[:4] = 1 - nearly[:4]
    _, paired = difference([*one], [*nearly])
    _, apart = difference([*one], [*random.permutation(nearly)])
    assert paired[1] - paired[0] < 0.25 * (apart[1] - apart[0])


@pytest.mark.parametrize("n", [2, 10, 59, 400])
def test_the_same_answers_may_differ_on_other_questions(n: int) -> None:
    """As many may differ as are not seen in n questions once in 20 times: the rule of three."""
    gap, (low, high) = difference([1.0, 0.0] * n, [1.0, 0.0] * n)
    assert gap == 0 and high == -low
    assert (1 - high) ** (2 * n) == pytest.approx(0.05)


def test_one_question_and_none_say_nothing() -> None:
    assert difference([1.0], [0.0]) == (1.0, (-1.0, 1.0))
    assert difference([], []) == (0.0, (-1.0, 1.0))


@pytest.mark.parametrize("n", [4, 8, 20])
def test_the_interval_of_few_questions_is_as_wide_as_a_paired_t_test(n: int) -> None:
    random = np.random.default_rng(n)
    one, other = random.integers(0, 5, (2, n)) / 4
    low, high = difference([*one], [*other])[1]
    expected = statsmodels("stats.weightstats").DescrStatsW(one - other).tconfint_mean()
    assert low <= max(-1.0, expected[0]) + 1e-9 and high >= min(1.0, expected[1]) - 1e-9


def test_the_interval_of_few_groups_is_as_wide_as_that_of_their_means() -> None:
    random = np.random.default_rng(3)
    means = random.integers(-2, 3, 9) / 4
    gaps, groups = np.repeat(means, 5), [str(place) for place in range(9) for _ in range(5)]
    low, high = difference([*gaps], [0.0] * 45, groups=groups)[1]
    expected = statsmodels("stats.weightstats").DescrStatsW(means).tconfint_mean()
    assert low <= expected[0] + 1e-9 and high >= expected[1] - 1e-9


def test_equal_seeds_give_equal_intervals() -> None:
    one, other = [1.0, 0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 1.0]
    assert difference(one, other, seed=3) == difference(one, other, seed=3)


def test_without_scipy_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    for compute in (lambda: mcnemar(2, 1), lambda: difference([1.0, 0.0], [0.0, 0.0])):
        with pytest.raises(InputError, match=r"need scipy: pip install .manyminds\[eval\]"):
            compute()


def test_holm_and_mcnemar_agree_with_statsmodels() -> None:
    random = np.random.default_rng(4)
    for size in (1, 2, 7, 30):
        values = random.random(size) ** 4
        expected = statsmodels("stats.multitest").multipletests(values, method="holm")[1]
        assert holm(values.tolist()) == pytest.approx(expected.tolist())
    table = [[50, 14], [5, 31]]
    assert mcnemar(14, 5) == pytest.approx(
        statsmodels("stats.contingency_tables").mcnemar(table, exact=True).pvalue
    )


@pytest.mark.parametrize("seed", range(5))
def test_permutation_agrees_with_every_way_of_swapping(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 4, size=9) / 4, random.integers(0, 4, size=9) / 4
    gaps = one - other
    sums = [
        abs(sum(s * g for s, g in zip(signs, gaps, strict=True)))
        for signs in product((1, -1), repeat=9)
    ]
    expected = sum(one >= abs(gaps.sum()) - 1e-9 for one in sums) / len(sums)
    assert permutation(one.tolist(), other.tolist()) == pytest.approx(expected)


def test_permutation_of_right_and_wrong_is_mcnemar() -> None:
    one, other = [1.0] * 9 + [0.0] * 3, [0.0] * 9 + [1.0] * 3
    assert permutation(one, other) == pytest.approx(mcnemar(9, 3))
    assert permutation([1.0, 0.0], [1.0, 0.0]) == 1.0
    many = permutation([1.0] * 60 + [0.0] * 40, [0.0] * 60 + [1.0] * 40)
    assert many == pytest.approx(mcnemar(60, 40), abs=0.02)


def test_groups_swap_together() -> None:
    one, other, groups = [1.0] * 8, [0.0] * 8, list("aabbccdd")
    assert permutation(one, other) == pytest.approx(2 / 2**8)
    assert permutation(one, other, groups=groups) == pytest.approx(2 / 2**4)
    mixed = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    _, alone = difference(mixed, other)
    _, together = difference(mixed, other, groups=groups)
    assert together[1] - together[0] > alone[1] - alone[0]


def test_methods_that_cannot_be_told_apart_are_in_one_set() -> None:
    ids = [f"q{n}" for n in range(100)]
    right = {"best": 95, "close": 90, "middle": 84, "worst": 20}
    results = {
        name: {id: float(place < count) for place, id in enumerate(ids)}
        for name, count in right.items()
    }
    pairs = all_pairs(results)
    told = {(pair.one, pair.other): pair.differs for pair in pairs}
    assert told["best", "close"] is False and told["best", "middle"] is True
    assert indistinguishable(list(right), pairs) == [
        ["best", "close"],
        ["close", "middle"],
        ["worst"],
    ]
    raw = {(pair.one, pair.other): pair.p for pair in pairs}
    assert raw["best", "middle"] == pytest.approx(mcnemar(11, 0))
    assert all(pair.p <= pair.adjusted <= 1 and pair.n == 100 for pair in pairs)


def test_repeats_are_compared_by_permutation_on_common_questions() -> None:
    one, other = {"a": 1.0, "b": 0.5, "c": 0.0}, {"b": 0.0, "a": 0.5, "d": 1.0}
    (pair,) = all_pairs({"x": one, "y": other})
    assert pair.n == 2 and pair.gap == 0.5 and pair.p == 0.5
