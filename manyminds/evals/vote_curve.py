"""Votes of every size from answers that are stored: nothing is asked again."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from manyminds.evals.members_alone import Answered
from manyminds.evals.statistics.coverage import pass_at_k
from manyminds.evals.statistics.intervals import interval

ORDERS = 20


class VotePoint(NamedTuple):
    """A vote of one size.

    Attributes:
        samples: Votes.
        accuracy: Mean over questions and random orders.
        interval: 95 %, over questions.
        coverage: Share of questions that one of so many samples answers rightly, unbiased.
    """

    samples: int
    accuracy: float
    interval: tuple[float, float]
    coverage: float


def vote_curve(answers: Sequence[Answered], seed: int = 0, orders: int = ORDERS) -> list[VotePoint]:
    """Return the accuracy of a majority vote of 1, 2, 3, 5, 10, ... samples, up to all.

    Every size is drawn in many random orders of each question's samples. Answers that are right
    are equal, others are as they were read; a tie goes to the sample that came first.

    Args:
        answers: Of members, with the same question ids.
        seed: Drives the orders.
        orders: Random orders for each question.

    Returns:
        One point a size; empty where a question has a single sample.
    """
    by_id: dict[str, list[str | None]] = {}
    for one in answers:
        label = "right" if one["right"] else None if one["answer"] is None else f"={one['answer']}"
        by_id.setdefault(one["id"], []).append(label)
    most = min((len(labels) for labels in by_id.values()), default=0)
    if most < 2:
        return []
    sizes = [n for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 100) if n < most] + [most]
    shares: dict[int, list[float]] = {size: [] for size in sizes}
    covered: dict[int, list[float]] = {size: [] for size in sizes}
    for id in sorted(by_id):
        labels, draw = by_id[id], random.Random(f"{seed}:{id}")
        shuffled = [draw.sample(labels, len(labels)) for _ in range(orders)]
        for size in sizes:
            right = sum(_winner(order[:size]) == "right" for order in shuffled)
            shares[size].append(right / orders)
            covered[size].append(pass_at_k(len(labels), labels.count("right"), size))
    return [
        VotePoint(
            size,
            sum(shares[size]) / len(shares[size]),
            interval(shares[size]),
            sum(covered[size]) / len(covered[size]),
        )
        for size in sizes
    ]


def _winner(votes: Sequence[str | None]) -> str | None:
    counts = Counter(vote for vote in votes if vote is not None)
    return max(counts, key=lambda vote: counts[vote], default=None)
