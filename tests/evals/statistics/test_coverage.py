import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.errors import InputError
from manyminds.evals.statistics.coverage import fit_power_law, pass_at_k, pass_hat_k


@given(st.integers(1, 30), st.data())
def test_coverage_is_the_chance_of_a_right_one_among_k(asked: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, asked))
    k = data.draw(st.integers(1, asked))
    wrong = math.prod((asked - right - i) / (asked - i) for i in range(k))
    assert pass_at_k(asked, right, k) == pytest.approx(1 - max(wrong, 0.0))


@pytest.mark.parametrize("right", range(8))
@pytest.mark.parametrize("k", range(1, 8))
def test_both_agree_with_every_subset(right: int, k: int) -> None:
    samples = [True] * right + [False] * (7 - right)
    subsets = list(combinations(samples, k))
    assert pass_at_k(7, right, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))
    assert pass_hat_k(7, right, k) == pytest.approx(sum(map(all, subsets)) / len(subsets))


def test_without_samples_nothing_is_covered() -> None:
    assert pass_at_k(0, 0, 3) == pass_hat_k(0, 0, 3) == 0.0
    assert pass_at_k(4, 1, 9) == 1.0, "no more samples than there are"


def test_the_power_law_is_found_again() -> None:
    samples = [1, 2, 5, 10, 40, 100]
    law = fit_power_law(samples, [math.exp(-2.2 * k**-0.45) for k in samples])
    assert (law.scale, law.slope) == pytest.approx((-2.2, -0.45), rel=1e-4)
    assert law(1_000) == pytest.approx(math.exp(-2.2 * 1_000**-0.45))


def test_too_few_points_are_refused() -> None:
    for samples, coverage in (([1], [0.5]), ([1, 2], [0.0, 0.0]), ([1, 2], [0.5])):
        with pytest.raises(InputError, match="at least two numbers"):
            fit_power_law(samples, coverage)
