import random
from itertools import permutations, product

import pytest

from manyminds.votes.peers import dissenting, rank_correlation, settled
from manyminds.votes.ranked import borda


def others(n: int, author: int) -> list[int]:
    return [candidate for candidate in range(n) if candidate != author]


@pytest.mark.parametrize("seed", range(40))
def test_settled_means_that_no_missing_ranking_changes_the_winner(seed: int) -> None:
    draw, n = random.Random(seed), 4
    # Nobody's taste is far from 0, 1, 2, 3, so that some of these are certain early.
    tastes = [sorted(others(n, a), key=lambda c: c + draw.uniform(0, 1.5)) for a in range(n)]
    for heard in range(n + 1):
        rankings = [taste if a < heard else None for a, taste in enumerate(tastes)]
        if not settled(rankings, range(n), n):
            continue
        winner = borda([r or [] for r in rankings], n, authors=range(n))["winner"]
        choices = [[[], *map(list, permutations(others(n, a)))] for a in range(heard, n)]
        for rest in product(*choices):
            ballot = borda([*tastes[:heard], *rest], n, authors=range(n))
            assert ballot["winner"] == winner and not ballot["tie"]


def test_settled_before_the_last() -> None:
    tastes: list[list[int] | None] = [[1, 2, 3, 4], [4, 0, 3, 2], [1, 0, 4, 3], [1, 4, 2, 0], None]
    assert settled(tastes, range(5), 5)
    assert not settled([*tastes[:3], None, None], range(5), 5)
    assert not settled([None] * 5, range(5), 5)
    assert not settled([[1, 2], [2, 0], [0, 1]], range(3), 3)  # all in, and a tie


@pytest.mark.parametrize(
    ("order", "reference", "tau"),
    [
        ([0, 1, 2], [0, 1, 2], 1.0),
        ([2, 1, 0], [0, 1, 2], -1.0),
        ([1, 0, 2], [0, 1, 2], 1 / 3),
        ([2, 0], [0, 1, 2], -1.0),
        ([0, 0, 1], [0, 1], 1.0),
        ([0, 7], [0, 1], None),
        ([], [0, 1], None),
    ],
)
def test_rank_correlation(order: list[int], reference: list[int], tau: float | None) -> None:
    assert rank_correlation(order, reference) == (None if tau is None else pytest.approx(tau))


@pytest.mark.parametrize(
    ("correlations", "who"),
    [
        ([1.0, 1.0, 1.0, -1.0], [3]),
        ([1.0, 0.9, 0.8, None], []),
        ([1.0, 1.0, 1.0], []),
        ([1.0, -1.0], []),
        ([None, None], []),
        ([], []),
        ([0.5, 0.5, 0.5, 0.5, -0.5, None], [4]),
    ],
)
def test_dissenting(correlations: list[float | None], who: list[int]) -> None:
    assert [at for at, far in enumerate(dissenting(correlations)) if far] == who
