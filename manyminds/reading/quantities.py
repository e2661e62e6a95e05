"""A reference answer that is a number with its unit: 12 km, 0.5 kg, -40 °C.

A reply states it where it has the same figure in that unit, in another spelling of it or in one
that measures the same (500 g), or the figure alone.
"""

import re
from collections.abc import Hashable

from manyminds.reading import figures, measures, numbers, units
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found

_LONGEST = 40  # characters of such an answer


def is_quantity(answer: str) -> bool:
    """Say whether an answer is a number with a known unit, and nothing else."""
    figure, unit = _parts(answer) if len(answer) <= _LONGEST else ("", "")
    return bool(unit) and figures.is_number(figure) and unit in measures.UNITS


def find(text: str) -> Found | None:
    """Return the number that a reply states, with its unit if it names one."""
    place = numbers.find(text)
    unit = None if place is None else measures.unit_of(text, place.answer)
    return place if place is None or unit is None else Found(f"{place.answer} {unit}", place.where)


def key(answer: str) -> Hashable:
    """Return what an amount measures, and how much of the smallest unit it is."""
    figure, unit = _parts(answer)
    value, name = figures.value(figure), measures.UNITS.get(unit, unit)
    size = units.SIZES.get(name)
    if value is None or size is None:
        return name, value
    return size[0], float(f"{value * size[1]:.10g}")


def _parts(answer: str) -> tuple[str, str]:
    """Return the figure and the unit of an amount, the latter in lower case."""
    figure = answer.strip().rstrip(". ")
    unit = ""
    while figure and not figure[-1].isdigit():
        figure, unit = figure[:-1], figure[-1] + unit
    unit = re.sub(r"^degrees? ", "", unit.strip().casefold())
    return figure.strip(), unit.replace("\u00b0 ", "\u00b0")


def _same(one: str, other: str) -> bool:
    (figure, unit), (figure_2, unit_2) = _parts(one), _parts(other)
    alone = not (unit and unit_2) and figures.value(figure) is not None
    return alone and figures.value(figure) == figures.value(figure_2)


QUANTITY = finding("quantity", find, key, _same)
