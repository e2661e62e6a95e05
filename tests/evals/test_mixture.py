"""The optimal mixture is the best of all weights on its questions, which brute force confirms."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.mixture import optimal_mixture


def won(codes: NDArray[np.int64], weights: NDArray[np.float64]) -> int:
    count = 0
    for column in codes.T:
        totals: dict[int, float] = {0: 0.0}
        for code, weight in zip(column.tolist(), weights.tolist(), strict=True):
            if code >= 0:
                totals[code] = totals.get(code, 0.0) + weight
        right = totals.pop(0)
        count += right > max(totals.values(), default=0.0) + 1e-9
    return count


@pytest.mark.parametrize("seed", range(6))
def test_no_weights_on_a_fine_grid_are_better(seed: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.choice([-1, 0, 0, 1, 2], size=(3, 25)).astype(np.int64)
    found = optimal_mixture(codes)
    grid = [np.array(w) / sum(w) for w in product(range(13), repeat=3) if sum(w)]
    best = max(won(codes, weights) for weights in grid)
    assert found.right >= best and found.proved
    assert won(codes, found.weights) == found.right
    assert found.weights.sum() == pytest.approx(1) and (found.weights >= 0).all()


def test_two_experts_of_different_fields_are_mixed() -> None:
    # Neither vote of all nor any single member is right everywhere; a mixture is.
    codes = np.array([[0, 0, 0, 1, 0], [0, 1, 2, 0, 0], [1, 0, 1, 0, 1]], dtype=np.int64)
    found = optimal_mixture(codes)
    assert found.right == 5 == found.bound
    assert found.weights[0] > max(found.weights[1], found.weights[2])


def test_questions_that_all_answer_alike_cost_no_search() -> None:
    codes = np.array([[0, 1, -1], [0, 1, 0]], dtype=np.int64)
    found = optimal_mixture(codes)
    assert (found.right, found.bound) == (2, 2) and found.weights.tolist() == [0.5, 0.5]


def test_without_members_there_is_nothing_to_mix() -> None:
    with pytest.raises(InputError, match="at least one member"):
        optimal_mixture(np.empty((0, 3), dtype=np.int64))
