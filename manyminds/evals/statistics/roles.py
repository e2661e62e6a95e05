"""Which part a model plays best: the same model as proposer and as aggregator.

Mixture-of-Agents (arXiv 2406.04692, table 4): some models write good proposals and aggregate badly.
The study runs every aggregator over every set of proposers, which need not be a full square.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from manyminds.errors import InputError
from manyminds.evals.statistics.paired import difference


class RoleEffect(NamedTuple):
    """A model in its two roles, against the mean of the others in the same role.

    Attributes:
        model: Its name.
        proposing: Mean result of the runs in which it proposes minus that of the other runs with
            the same aggregators.
        proposing_interval: 95 %, paired bootstrap over questions.
        aggregating: The same for the runs in which it aggregates.
        aggregating_interval: 95 %.
    """

    model: str
    proposing: float
    proposing_interval: tuple[float, float]
    aggregating: float
    aggregating_interval: tuple[float, float]


def role_effects(
    results: Mapping[tuple[str, str], Sequence[float]], seed: int = 0
) -> list[RoleEffect]:
    """Compare every model as proposer and as aggregator with the others in that role.

    Args:
        results: For each (proposer, aggregator), the result on each question, same order. A model
            is left out that was not tried in both roles next to others.
        seed: Drives the bootstrap.

    Raises:
        InputError: Fewer than two models were tried in both roles, or lengths differ.
    """
    if len({len(row) for row in results.values()}) != 1:
        raise InputError("give every pair of proposer and aggregator a result on each question")
    names = list(dict.fromkeys(name for pair in results for name in pair))
    found = list[RoleEffect]()
    for name in names:
        proposing, aggregating = (_effect(results, name, role, seed) for role in (0, 1))
        if proposing and aggregating:
            found.append(RoleEffect(name, *proposing, *aggregating))
    if len(found) < 2:
        raise InputError("try at least two models, each as proposer and as aggregator")
    return found


def _effect(
    results: Mapping[tuple[str, str], Sequence[float]], name: str, role: int, seed: int
) -> tuple[float, tuple[float, float]] | None:
    """Return what a model in a role gains over the others in it, other role alike."""
    ours, theirs = list[Sequence[float]](), list[list[float]]()
    for pair, row in results.items():
        if pair[role] != name:
            continue
        others = [
            other
            for key, other in results.items()
            if key[1 - role] == pair[1 - role] and key[role] != name
        ]
        if others:
            ours.append(row)
            theirs.append(_means(others))
    return difference(_means(ours), _means(theirs), seed) if ours else None


def _means(rows: Sequence[Sequence[float]]) -> list[float]:
    return [fmean(column) for column in zip(*rows, strict=True)]
