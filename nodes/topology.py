"""Which debater reads which: topologies, by name or as a function of yours."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from manyminds.errors import InputError

Topology: TypeAlias = Callable[[int, int, int], Iterable[int]]
"""From a debater's place, the number of debaters and the round to the places it reads."""


def everyone(debater: int, debaters: int, round: int) -> list[int]:
    """All others, as in multi-agent debate (arXiv 2305.14325)."""
    return [other for other in range(debaters) if other != debater]


def ring(debater: int, debaters: int, round: int) -> list[int]:
    """The two neighbours: about as good, and much cheaper with many debaters (arXiv 2406.11776)."""
    return sorted({(debater - 1) % debaters, (debater + 1) % debaters} - {debater})


def star(debater: int, debaters: int, round: int) -> list[int]:
    """The first debater reads all, the others read the first one only."""
    return everyone(debater, debaters, round) if debater == 0 else [0]


TOPOLOGIES: Mapping[str, Topology] = {"all": everyone, "ring": ring, "star": star}

Readings: TypeAlias = list[list[list[int]]]
"""By round (from the second on) and debater: the places it reads, in order."""


def readings(topology: str | Topology, debaters: int, rounds: int) -> Readings:
    """Work out which debater reads which in every round after the first.

    Raises:
        InputError: the name is unknown, or a function returns what is no other debater's place.
    """
    if isinstance(topology, str):
        if topology not in TOPOLOGIES:
            raise InputError(
                f"topology={topology!r}: use one of {', '.join(TOPOLOGIES)}, or a function from "
                "place, debaters and round to the places that are read"
            )
        topology = TOPOLOGIES[topology]
    return [
        [_checked(topology(place, debaters, n), place, debaters) for place in range(debaters)]
        for n in range(2, rounds + 1)
    ]


def _checked(places: Iterable[int], debater: int, debaters: int) -> list[int]:
    read = sorted(set(places))
    wrong = next((p for p in read if p == debater or not 0 <= p < debaters), None)
    if wrong is not None:
        raise InputError(
            f"topology: debater {debater} cannot read {wrong}: "
            f"give places from 0 to {debaters - 1} other than its own"
        )
    return read
