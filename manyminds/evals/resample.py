"""Asking everything of samples that were drawn once: every number of samples, rule and vote.

Nothing is asked of a model. Each question puts its samples in many random orders, and every figure
is a mean over them; intervals are over questions.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property, lru_cache
from statistics import fmean
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from manyminds.errors import InputError
from manyminds.evals.samples import Drawn
from manyminds.evals.statistics.coverage import pass_at_k
from manyminds.evals.statistics.intervals import interval
from manyminds.votes import stopping
from manyminds.votes.bests import self_consistent_member
from manyminds.votes.selection import choose
from manyminds.votes.unlabelled import agreement_weights
from manyminds.votes.weights import log_odds_weights

Order = Sequence[int]
Pick = Callable[[Drawn, Order], int | None]
ORDERS, MOST = 10, 40
SIZES = (1, 2, 3, 5, 10, 20, 40)
RULES = (
    *("beta:0.95", "esc:5", "ahead:3", "ahead:4", "share:0.75", "certified:0.05"),
    *("certified:0.01", "unbeatable:{most}"),
)
"""Rules that are tried unless others are named."""
_CHOICES = 4  # answers that are taken to be open where weights are learned


class Figure(NamedTuple):
    """One way to answer, and how it does.

    Attributes:
        kind: "samples" for a majority of so many, "rule", "vote", or "chosen" for chosen members.
        name: Number of samples, rule, or vote.
        samples: Samples a question, mean.
        accuracy: Share of questions answered correctly, 0 to 1, mean over orders.
        interval: Its 95 % interval over questions.
        same: Share of the answers that are the majority's of all samples.
        coverage: Chance that one of the samples is right; for numbers of samples.
        tokens: Tokens a question, mean; 0 where they are not known.
    """

    kind: Literal["samples", "rule", "vote", "chosen"]
    name: str
    samples: float
    accuracy: float
    interval: tuple[float, float]
    same: float
    coverage: float | None
    tokens: float


def shuffled(count: int, seed: int, id: str, order: int = 0) -> list[int]:
    """Return the numbers below `count` in the random order of a question.

    Args:
        count: Samples, or members.
        seed: Seed of all orders.
        id: Id of the question.
        order: Which of its orders.
    """
    places = list(range(count))
    random.Random(f"{seed}:{id}" + (f":{order}" if order else "")).shuffle(places)
    return places


def leader(votes: Sequence[Hashable | None]) -> int | None:
    """Return the place of the first vote for the most frequent answer, the earliest of a tie."""
    counts = Counter(vote for vote in votes if vote is not None)
    if not counts:
        return None
    most = max(counts.values())
    return next(n for n, vote in enumerate(votes) if vote is not None and counts[vote] == most)


def stopped(rule: stopping.StoppingRule, votes: Sequence[Hashable | None]) -> int:
    """Return after how many of these votes a rule stops; all, if it never does."""
    names: dict[Hashable, int] = {}
    plain = [None if vote is None else names.setdefault(vote, len(names)) for vote in votes]
    asked = 0
    while asked < len(plain) and (more := _need(cast("Any", rule), tuple(plain[:asked]))):
        asked = min(asked + more, len(plain))
    return asked


@lru_cache(maxsize=200_000)
def _need(rule: Any, votes: tuple[int | None, ...]) -> int:
    # Most questions begin alike: the first few votes are seldom new.
    return int(rule.need(votes))


class Resampling:
    """Samples in random orders, and what every way to vote on them would have answered.

    Args:
        drawn: Samples of each question.
        orders: Random orders of each question's samples.
        most: Samples a question at most.
        seed: Seed of the orders.

    Raises:
        InputError: There are no samples, or a number is below 1.
    """

    def __init__(
        self, drawn: Sequence[Drawn], *, orders: int = ORDERS, most: int = MOST, seed: int = 0
    ) -> None:
        if not drawn or orders < 1 or most < 1:
            raise InputError("give samples, at least 1 order and at least 1 sample a question")
        self.drawn, self.most = drawn, min(most, max(len(one.labels) for one in drawn))
        self.orders = [
            [shuffled(len(one.labels), seed, one.id, n)[:most] for n in range(orders)]
            for one in drawn
        ]
        self.members = list(dict.fromkeys(name for one in drawn for name in one.members))

    def everything(
        self, sizes: Sequence[int] = SIZES, rules: Sequence[str] = RULES
    ) -> list[Figure]:
        """Return the figures of all numbers of samples, rules and votes, and of chosen members."""
        found = [self.size(n) for n in sizes if n <= self.most]
        found += [self.rule(name.format(most=self.most)) for name in rules]
        if len(self.members) > 1:
            found += [self.vote(name) for name in VOTES]
            found.append(self.chosen())
        return found

    def size(self, n: int) -> Figure:
        """Return the figure of a majority of n samples."""
        covered = fmean(pass_at_k(len(one.right), sum(one.right), n) for one in self.drawn)
        return self._figure("samples", str(n), majority, lambda _, __: n, covered)

    def rule(self, spec: str) -> Figure:
        """Return the figure of a stopping rule, such as "beta:0.95"."""
        rule = stopping.rule(spec, cap=self.most)
        return self._figure(
            "rule", spec, majority, lambda one, order: stopped(rule, _votes(one, order))
        )

    def vote(self, name: str) -> Figure:
        """Return the figure of a vote over all samples: a name of `VOTES`.

        Raises:
            InputError: There is no vote.
        """
        if name not in VOTES:
            raise InputError(f"there is no vote {name!r} over samples: use {', '.join(VOTES)}")
        return self._figure("vote", name, VOTES[name](self))

    def chosen(self) -> Figure:
        """Return the figure of members chosen and weighted on the other half of the questions."""
        return self._figure("chosen", "chosen and weighted", _by_half(self, _chosen_weights))

    @cached_property
    def full(self) -> list[list[int | None]]:
        """The answer of a majority of all samples, for each question and order."""
        return [
            [_label(one, order, majority(one, order)) for order in orders]
            for one, orders in zip(self.drawn, self.orders, strict=True)
        ]

    def single(self) -> dict[str, float]:
        """Return the accuracy of each member alone, over the questions that it answered."""
        right: dict[str, list[bool]] = {}
        for one in self.drawn:
            for name, correct in zip(one.members, one.right, strict=True):
                right.setdefault(name, []).append(correct)
        return {name: fmean(each) for name, each in right.items()}

    def _figure(
        self,
        kind: Literal["samples", "rule", "vote", "chosen"],
        name: str,
        pick: Pick,
        count: Callable[[Drawn, Order], int] = lambda _, order: len(order),
        covered: float | None = None,
    ) -> Figure:
        shares, asked, tokens, same = list[float](), list[int](), list[int](), list[bool]()
        for one, orders, full in zip(self.drawn, self.orders, self.full, strict=True):
            right = list[bool]()
            for order, whole in zip(orders, full, strict=True):
                used = order[: count(one, order)]
                won = pick(one, used)
                right.append(won is not None and one.right[used[won]])
                asked.append(len(used))
                tokens.append(sum(one.tokens[place] for place in used))
                same.append(_label(one, used, won) == whole)
            shares.append(fmean(right))
        within = interval(shares, len(self.orders[0]))
        return Figure(
            kind, name, fmean(asked), fmean(shares), within, fmean(same), covered, fmean(tokens)
        )


def majority(one: Drawn, order: Order) -> int | None:
    """Return the place in the order of the sample that wins a majority."""
    return leader(_votes(one, order))


def _weighted(weights: Mapping[str, float]) -> Pick:
    def pick(one: Drawn, order: Order) -> int | None:
        totals: dict[int, float] = {}
        for place in order:
            label = one.labels[place]
            if label is not None:
                totals[label] = totals.get(label, 0.0) + weights.get(one.members[place], 0.0)
        if not totals:
            return None
        best = max(totals.values()) - 1e-9
        return next(
            n for n, p in enumerate(order) if totals.get(_none(one.labels[p]), -np.inf) >= best
        )

    return pick


def _none(label: int | None) -> int:
    return -1 if label is None else label


def _consistent(one: Drawn, order: Order) -> int | None:
    answers = [None if one.labels[p] is None else str(one.labels[p]) for p in order]
    return self_consistent_member(answers, [one.members[p] for p in order])["winner"]


def _agreement(run: Resampling) -> Pick:
    found = agreement_weights([_row(run, one) for one in run.drawn], choices=_CHOICES)
    return _weighted(dict(zip(run.members, found, strict=True)))


def _accuracy_weights(run: Resampling, known: Sequence[Drawn]) -> Mapping[str, float]:
    shares = Resampling(known, orders=1).single()
    weights = log_odds_weights(list(shares.values()), choices=_CHOICES)
    return dict(zip(shares, weights, strict=True))


def _chosen_weights(run: Resampling, known: Sequence[Drawn]) -> Mapping[str, float]:
    answers: dict[str, list[Hashable | None]] = {name: [] for name in run.members}
    for one in known:
        for name, label in zip(run.members, _row(run, one), strict=True):
            answers[name].append(label)
    selection = choose(answers, ["right"] * len(known))
    return {member.name: member.weight for member in selection.members}


def _by_half(
    run: Resampling, learn: Callable[[Resampling, Sequence[Drawn]], Mapping[str, float]]
) -> Pick:
    """Return a weighted vote whose weights come from the half that a question is not in."""
    half = {one.id: n % 2 for n, one in enumerate(run.drawn)}
    picks = [
        _weighted(learn(run, [one for one in run.drawn if half[one.id] != side] or run.drawn))
        for side in (0, 1)
    ]
    return lambda one, order: picks[half[one.id]](one, order)


def _row(run: Resampling, one: Drawn) -> list[Hashable | None]:
    """Return the first vote of each member on a question; right ones are all called "right"."""
    first: dict[str, Hashable | None] = {}
    for name, label, right in zip(one.members, one.labels, one.right, strict=True):
        first.setdefault(name, "right" if right else label)
    return [first.get(name) for name in run.members]


def _votes(one: Drawn, order: Order) -> list[int | None]:
    return [one.labels[place] for place in order]


def _label(one: Drawn, order: Order, won: int | None) -> int | None:
    return None if won is None else one.labels[order[won]]


VOTES: Mapping[str, Callable[[Resampling], Pick]] = {
    "majority": lambda _: majority,
    "agreement": _agreement,
    "weighted": lambda run: _by_half(run, _accuracy_weights),
    "self-consistent-member": lambda _: _consistent,
}
"""Votes over extracted answers; "weighted" has weights from the other half of the questions."""
