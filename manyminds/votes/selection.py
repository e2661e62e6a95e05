"""Which members to ask, and the weight of each vote, measured on a few questions with answers.

The two criteria of Mixture-of-Agents (arXiv 2406.04692): members that do well, and members that err
on different questions. A size rule then stops adding where more would not help the vote.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError

Floats: TypeAlias = NDArray[np.float64]

MOST = 25
"""Members at most in a choice."""

# How much a place in the middle of the others' errors costs, in spreads of accuracy.
_DIVERSITY = 1.0
# Members closer than this cannot be distinguished on a hundred questions: then diversity decides.
_LEAST_SPREAD = 0.03
# How sharply the margin of a vote is told from a tie when sizes are compared. A count of right
# votes on a hundred questions is too coarse to choose between sizes; this looks at how surely.
_SHARPNESS = 3.0
# Sizes less sure than the best by at most one standard error count as good as it: the one-standard-
# error rule, here in favour of more members, whose errors even out on new questions.
_TOLERANCE = 1.0


@dataclass(frozen=True)
class Chosen:
    """One chosen member: its share of right answers, and the weight of its vote."""

    name: str
    accuracy: float
    weight: float


@dataclass(frozen=True)
class Selection:
    """A choice of members, best first.

    Attributes:
        members: chosen members, with weights.
        best_single: the member that did best by itself.
        accuracy: share of right answers of every member that could be chosen.
        error_correlation: mean correlation of errors between two chosen members, 0 for one.
    """

    members: tuple[Chosen, ...]
    best_single: str
    accuracy: Mapping[str, float]
    error_correlation: float


def choose(
    answers: Mapping[str, Sequence[Hashable | None]],
    right: Sequence[Hashable],
    *,
    most: int = MOST,
) -> Selection:
    """Choose members and weights for a weighted vote from their answers to calibration questions.

    Members are ranked by accuracy less their mean error correlation with those ranked before. The
    size is the largest at which the weighted vote is right about as surely as at the best size, by
    the one-standard-error rule: few questions cannot tell close sizes apart.
    Weights are the log odds of accuracy, with one right and one wrong answer added, so that no
    weight is infinite.

    Args:
        answers: of each member, one key a question; None: not answered, which is not right.
        right: the key of the right answer to each question.
        most: members at most.

    Raises:
        InputError: there is no member or no question, or the numbers of answers differ.
    """
    if not answers or not right:
        raise InputError("choose: give at least one member and one calibration question")
    if any(len(row) != len(right) for row in answers.values()):
        raise InputError("choose: give one answer a question for every member, None where missing")
    names = list(answers)
    codes = encoded([answers[name] for name in names], right)
    correct = codes == 0
    accuracy = correct.mean(axis=1)
    weights = _log_odds(correct.sum(axis=1), len(right))
    correlation = error_correlations(correct)
    # Who was never right has nothing to vote for; the best one stays in any case.
    order = [
        member
        for place, member in enumerate(ranked(accuracy, correlation, most))
        if place == 0 or accuracy[member] > 0
    ]
    picked = order[: _size([codes[i] for i in order], weights[order])]
    return Selection(
        members=tuple(
            Chosen(names[i], float(accuracy[i]), float(weights[i]))
            for i in sorted(picked, key=lambda i: (-accuracy[i], i))
        ),
        best_single=names[int(np.argmax(accuracy))],
        accuracy={name: float(value) for name, value in zip(names, accuracy, strict=True)},
        error_correlation=_mean_between(correlation, picked),
    )


def encoded(
    answers: Sequence[Sequence[Hashable | None]], right: Sequence[Hashable]
) -> NDArray[np.int64]:
    """Number the answers to each question: 0 is right, -1 not answered; members by questions."""
    codes = np.full((len(answers), len(right)), -1, dtype=np.int64)
    for question, key in enumerate(right):
        known: dict[Hashable, int] = {key: 0}
        for member, row in enumerate(answers):
            if row[question] is not None:
                codes[member, question] = known.setdefault(row[question], len(known))
    return codes


def error_correlations(correct: NDArray[np.bool_]) -> Floats:
    """Return how the errors of every two members go together, -1 to 1; 0 where one never errs."""
    errors = (~correct).astype(np.float64)
    errors -= errors.mean(axis=1, keepdims=True)
    norms = np.sqrt((errors**2).sum(axis=1))
    scale = np.outer(norms, norms)
    products: Floats = errors @ errors.T
    return np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)


def ranked(quality: Floats, alike: Floats, most: int) -> list[int]:
    """Rank by quality and diversity: a good member that differs from the earlier ones is next.

    Args:
        quality: accuracy or win rate of each member.
        alike: error correlation or similarity of every two members.
        most: number of places.
    """
    spread = max(_LEAST_SPREAD, float(quality.std()))
    left = sorted(range(len(quality)), key=lambda i: (-quality[i], i))
    order = [left.pop(0)]
    while left and len(order) < most:
        merit = [
            float(quality[i] - _DIVERSITY * spread * max(0.0, alike[i, order].mean())) for i in left
        ]
        order.append(left.pop(int(np.argmax(merit))))
    return order


def weighted_vote(codes: NDArray[np.int64], weights: Floats) -> NDArray[np.int64]:
    """Return the winning answer to each question; a tie goes to the member that comes first.

    Args:
        codes: answers as `encoded` numbers them, members by questions, best member first.
        weights: of the members.
    """
    totals = _totals(codes, weights)
    best = totals.max(axis=1, keepdims=True)
    winners = np.full(codes.shape[1], -1, dtype=np.int64)
    for row in codes[::-1]:
        at_best = (row >= 0) & np.isclose(
            totals[np.arange(len(row)), np.maximum(row, 0)], best[:, 0], rtol=0, atol=1e-9
        )
        winners = np.where(at_best, row, winners)
    return winners


def win_rates(scores: Floats) -> Floats:
    """Return each member's mean share of wins over the others; a tie is half a win.

    Use it where answers have no key: `scores` are a judge's, members by questions, NaN where a
    member was not scored, which counts as lost against one that was.
    """
    filled = np.where(np.isnan(scores), -np.inf, scores)
    members = len(filled)
    if members < 2:
        return np.full(members, 0.5)
    rates = np.zeros(members)
    for i in range(members):
        others = np.delete(filled, i, axis=0)
        with np.errstate(invalid="ignore"):
            rates[i] = ((filled[i] > others) + 0.5 * (filled[i] == others)).mean()
    return rates


def _totals(codes: NDArray[np.int64], weights: Floats) -> Floats:
    totals = np.full((codes.shape[1], int(codes.max(initial=0)) + 1), -np.inf)
    for row, weight in zip(codes, weights, strict=True):
        voted = np.nonzero(row >= 0)[0]
        cell = totals[voted, row[voted]]
        totals[voted, row[voted]] = np.where(np.isinf(cell), 0.0, cell) + weight
    return totals


def _log_odds(right: NDArray[Any], asked: int) -> Floats:
    share = (right + 1) / (asked + 2)
    # A member wrong more often than right is given next to no say, but never counts against.
    return np.maximum(np.log(share / (1 - share)), 0.01)


def _size(rows: Sequence[NDArray[np.int64]], weights: Floats) -> int:
    """Return how many of the members, in their order, to take."""
    sure = [_sureness(np.array(rows[:size]), weights[:size]) for size in range(1, len(rows) + 1)]
    best = max(sure, key=lambda each: float(each.mean()))
    close = 1
    for size, each in enumerate(sure, 1):
        short = best - each
        error = float(short.std()) / np.sqrt(len(short))
        if float(short.mean()) <= _TOLERANCE * error + 1e-12:
            close = size
    return close


def _sureness(codes: NDArray[np.int64], weights: Floats) -> Floats:
    """How surely the vote on each question is right: its margin over the next answer, squashed."""
    totals = np.maximum(_totals(codes, weights), 0.0)
    right = totals[:, 0]
    others = totals[:, 1:].max(axis=1) if totals.shape[1] > 1 else np.zeros_like(right)
    margin = (right - others) / np.sqrt((weights**2).sum())
    squashed: Floats = 1 / (1 + np.exp(-_SHARPNESS * margin))
    return squashed


def _mean_between(alike: Floats, chosen: Sequence[int]) -> float:
    if len(chosen) < 2:
        return 0.0
    block = alike[np.ix_(chosen, chosen)]
    pairs = len(chosen) * (len(chosen) - 1)
    return float((block.sum() - np.trace(block)) / pairs)
