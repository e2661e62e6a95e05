"""Votes of every size, and with every stopping rule, from answers that are stored."""

from collections.abc import Sequence
from typing import NamedTuple

from manyminds.evals.members_alone import Answered
from manyminds.evals.resample import RULES, Figure, Resampling
from manyminds.evals.samples import Drawn

ORDERS = 20
_SIZES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 100)
_LEAST_FOR_RULES = 10


class StoredVotes(NamedTuple):
    """What votes over the stored answers give.

    Attributes:
        sizes: A majority of 1, 2, 3, 5, ... samples, up to all; empty where a question has one.
        rules: The majority with each stopping rule; empty where there are fewer than ten samples.
    """

    sizes: list[Figure]
    rules: list[Figure]


def stored_votes(answers: Sequence[Answered], seed: int = 0) -> StoredVotes:
    """Vote over stored answers in many random orders; nothing is asked again.

    Args:
        answers: Of members. Answers that are right are equal, others are as they were read.
        seed: Drives the orders.
    """
    by_id: dict[str, list[Answered]] = {}
    for one in answers:
        by_id.setdefault(one["id"], []).append(one)
    most = min((len(given) for given in by_id.values()), default=0)
    if most < 2:
        return StoredVotes([], [])
    drawn = [_drawn(id, by_id[id]) for id in sorted(by_id)]
    run = Resampling(drawn, orders=ORDERS, most=most, seed=seed)
    sizes = [n for n in _SIZES if n < most] + [most]
    rules = [name.format(most=most) for name in RULES] if most >= _LEAST_FOR_RULES else []
    return StoredVotes([run.size(n) for n in sizes], [run.rule(name) for name in rules])


def _drawn(id: str, given: Sequence[Answered]) -> Drawn:
    known: dict[str, int] = {}
    texts = ["right" if one["right"] else one["answer"] and f"={one['answer']}" for one in given]
    return Drawn(
        id=id,
        members=[one["member"] for one in given],
        labels=[None if text is None else known.setdefault(text, len(known)) for text in texts],
        right=[one["right"] for one in given],
        tokens=[one["input_tokens"] + one["output_tokens"] for one in given],
    )
