"""How certain it is that one method is better than another on the same questions."""

from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.evals.statistics.scipy_parts import scipy_stats

_FEW = 30  # questions, or groups of them
_RESAMPLES, _BATCH = 4_000, 200
SIGNIFICANT = 0.05


class Pair(NamedTuple):
    """Two methods on the questions that both were graded on.

    Attributes:
        one: Name of the first method.
        other: Name of the second method.
        gap: Accuracy of the first minus that of the second.
        interval: Of the gap, 95 %, paired.
        p: Of McNemar's exact test or, with repeats or groups, of a permutation test.
        adjusted: p after Holm's correction for all pairs.
        n: Number of questions.
    """

    one: str
    other: str
    gap: float
    interval: tuple[float, float]
    p: float
    adjusted: float
    n: int

    @property
    def differs(self) -> bool:
        """Whether the two can be distinguished after Holm's correction."""
        return self.adjusted < SIGNIFICANT


def mcnemar(better: int, worse: int) -> float:
    """Return the p value of McNemar's exact test, two-sided.

    It is the chance of a split at least as uneven as this one among the questions on which the two
    methods differ, if neither were better; 1 where they never differ.

    Args:
        better: Number of questions that only the first method answered right.
        worse: Number of questions that only the second method answered right.

    Raises:
        InputError: scipy is not installed.
    """
    if not better + worse:
        return 1.0
    return float(scipy_stats().binomtest(better, better + worse).pvalue)


def permutation(
    one: Sequence[float],
    other: Sequence[float],
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> float:
    """Return the p value of a paired permutation test of equal means, two-sided.

    Use it where questions are repeated, so that results are shares, or come in groups; with one
    repeat it is what McNemar's exact test computes. The methods swap their results on a question,
    or on a whole group: in every way where there are few, at random where there are more.

    Args:
        one: Share of right repeats for each question, 0 to 1.
        other: The same questions in the same order.
        seed: Drives the permutations.
        groups: Group of each question; None: every question is its own group.

    Raises:
        InputError: scipy is not installed.
    """
    gaps, _ = _grouped(np.asarray(one, dtype=np.float64) - np.asarray(other), groups)
    gaps = gaps[gaps != 0]  # equal pairs are the same whichever way they are swapped
    if len(gaps) < 2:
        return 1.0  # one pair swaps in two ways, which are equally far from 0
    found = scipy_stats().permutation_test(
        (gaps,),
        _total,
        permutation_type="samples",
        vectorized=True,
        n_resamples=10_000,
        batch=1_000,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def difference(
    one: Sequence[float],
    other: Sequence[float],
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> tuple[float, tuple[float, float]]:
    """Return the mean of `one` minus the mean of `other`, with its 95 % interval.

    It is the percentile interval of a paired bootstrap over questions: each resample draws
    questions, or whole groups of them, and takes the results of both methods on them. A bootstrap
    of few questions is too narrow: under 30, Student's interval widens it. Where all questions
    agree, a bootstrap has no width at all; then the interval allows for as many that differ as are
    not seen once in 20 times.

    Args:
        one: Share of right repeats for each question, 0 to 1.
        other: The same questions in the same order.
        seed: Drives the resamples.
        groups: Group of each question; None: every question is its own group.

    Raises:
        InputError: scipy is not installed.
    """
    gaps = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    mean = float(gaps.mean()) if len(gaps) else 0.0
    sums, sizes = _grouped(gaps, groups)
    if len(sums) < 2:
        return mean, (-1.0, 1.0)
    found = scipy_stats().bootstrap(
        (sums, sizes),
        _ratio,
        n_resamples=_RESAMPLES,
        batch=_BATCH,
        method="percentile",
        paired=True,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    low, high = map(float, found.confidence_interval)
    half = _half_width(sums - mean * sizes, float(sizes.sum()))
    return mean, (max(-1.0, min(low, mean - half)), min(1.0, max(high, mean + half)))


def _half_width(deviations: NDArray[np.float64], questions: float) -> float:
    """Return the half width that an interval of few questions, or of equal ones, has at least."""
    n = len(deviations)
    if not np.abs(deviations).max() > 1e-12:
        return float(1 - 0.05 ** (1 / n))
    if n >= _FEW:
        return 0.0
    error = np.sqrt((deviations**2).sum() * n / (n - 1)) / questions
    return float(scipy_stats().t.ppf(0.975, n - 1) * error)


def holm(values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, after Holm (1979).

    The chance of calling any pair different that is not stays below the level, however the tests
    depend on each other. scipy has no Holm; statsmodels', which takes seconds to load, gives the
    same numbers.
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    found, largest = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        found[place] = largest
    return found


def all_pairs(
    results: Mapping[str, Mapping[str, float]],
    *,
    seed: int = 0,
    groups: Mapping[str, Hashable] | None = None,
) -> list[Pair]:
    """Compare every two methods on the questions that both were graded on.

    Args:
        results: For each method, the share of right repeats by question id.
        seed: Drives bootstrap and permutations.
        groups: Group of each question by id; None: every question is its own group.

    Raises:
        InputError: scipy is not installed.
    """
    pairs = list[Pair]()
    for one, other in combinations(results, 2):
        ids = sorted(id for id in results[one] if id in results[other])
        mine, theirs = [results[one][id] for id in ids], [results[other][id] for id in ids]
        kinds = None if groups is None else [groups[id] for id in ids]
        gap, around = difference(mine, theirs, seed, kinds)
        signs = [a > b for a, b in zip(mine, theirs, strict=True) if a != b]
        if kinds is None and {*mine, *theirs} <= {0.0, 1.0}:
            p = mcnemar(sum(signs), len(signs) - sum(signs))
        else:
            p = permutation(mine, theirs, seed, kinds)
        pairs.append(Pair(one, other, gap, around, p, p, len(ids)))
    adjusted = holm([pair.p for pair in pairs])
    return [pair._replace(adjusted=value) for pair, value in zip(pairs, adjusted, strict=True)]


def indistinguishable(names: Sequence[str], pairs: Sequence[Pair]) -> list[list[str]]:
    """Return the largest sets of methods of which no two can be distinguished.

    A method may be in several sets: where a and b, and b and c, cannot be distinguished, a and c
    may differ anyway.

    Args:
        names: Methods, in the order in which sets list them.
        pairs: Of `all_pairs`.
    """
    apart = {frozenset((pair.one, pair.other)) for pair in pairs if pair.differs}
    alike = {a: {b for b in names if a != b and frozenset((a, b)) not in apart} for a in names}
    found = list[list[str]]()

    def extend(chosen: set[str], open: set[str], closed: set[str]) -> None:  # Bron and Kerbosch
        if not open and not closed:
            found.append([name for name in names if name in chosen])
        for name in [one for one in names if one in open]:
            extend(chosen | {name}, open & alike[name], closed & alike[name])
            open, closed = open - {name}, closed | {name}

    extend(set(), set(names), set())
    return found


def _total(sample: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.sum(sample, axis=axis)
    return found


def _grouped(
    gaps: NDArray[np.float64], groups: Sequence[Hashable] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of the gaps of each group, and its number of questions."""
    if groups is None:
        return gaps, np.ones(len(gaps))
    order = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    places = [order[group] for group in groups]
    sums, sizes = np.zeros(len(order)), np.zeros(len(order))
    np.add.at(sums, places, gaps)
    np.add.at(sizes, places, 1.0)
    return sums, sizes


def _ratio(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], axis: int = -1
) -> NDArray[np.float64]:
    found: NDArray[np.float64] = sums.sum(axis=axis) / sizes.sum(axis=axis)
    return found
