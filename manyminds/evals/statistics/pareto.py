"""What is worth paying for: methods that no other one beats in accuracy and cost at once."""

from collections.abc import Mapping
from typing import NamedTuple


class Priced(NamedTuple):
    """A method's accuracy, and one kind of cost: dollars, tokens or seconds a question."""

    accuracy: float
    cost: float


def front(points: Mapping[str, Priced]) -> list[str]:
    """Return the methods on the Pareto front, cheapest first.

    A method is off the front where another one is at least as accurate and costs no more, and is
    better in one of the two. Equal methods are both on it.
    """
    return sorted(
        (name for name, one in points.items() if not any(_beats(o, one) for o in points.values())),
        key=lambda name: (points[name].cost, -points[name].accuracy, name),
    )


def _beats(one: Priced, other: Priced) -> bool:
    no_worse = one.accuracy >= other.accuracy and one.cost <= other.cost
    return no_worse and one != other
