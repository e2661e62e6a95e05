"""Lengths of time in one or more units: "2 hours and 15 minutes", "2h 15min", "135 minutes"."""

import re
from fractions import Fraction

from manyminds.reading import digits, locate
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_SECONDS = {
    "w": 604_800, "d": 86_400, "t": 86_400, "j": 86_400, "h": 3_600, "st": 3_600, "m": 60, "s": 1
}  # fmt: skip
"""By the first letters of a unit: Tage and jours are days, Stunden are hours."""
_UNIT = (
    r"(?P<unit{n}>weeks?|days?|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s|wochen?|tagen?|tage"
    r"|stunden?|minuten?|sekunden?|heures?|jours?|horas?|minutos?|segundos?)"
)
_PART = r"(?P<figure{n}>[0-9]+(?:\.[0-9]+)?(?: [0-9]/[0-9])?)[\s-]?" + _UNIT + r"\b\.?"
_JOIN = r"(?:\s*,)?\s*(?:and|und|et|y)?\s*"
_WHOLE = re.compile(
    _PART.replace("{n}", "0") + f"(?:{_JOIN}{_PART.replace('{n}', '1')})?"
    f"(?:{_JOIN}{_PART.replace('{n}', '2')})?",
    re.IGNORECASE,
)


def find(text: str) -> Found | None:
    """Return the one length of time that a reply states, and where; None for two different ones."""
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where)
    sentences = locate.sentences(text)
    whole = "whole reply" if len(sentences) == 1 else "last sentence"
    return _only(sentences[-1], whole) if sentences else None


def is_compound(answer: str) -> bool:
    """Say whether a length of time is in two units."""
    found = _WHOLE.search(_plain(answer))
    return found is not None and found["unit1"] is not None


def key(answer: str) -> Fraction | str:
    """Return a length of time in seconds; the text itself where it is none."""
    found = _WHOLE.search(_plain(answer))
    return answer if found is None else _seconds(found)


def _only(said: str, where: str) -> Found | None:
    said = _plain(said)
    found = list(_WHOLE.finditer(said))
    if not found or len({_seconds(one) for one in found}) > 1:
        return None
    rest = _WHOLE.sub(" ", said)
    return None if re.search(r"[0-9]|\b(?:not|or|between)\b", rest) else Found(found[0][0], where)


def _plain(said: str) -> str:
    return digits.plain(digits.spelled(digits.plain(digits.mixed(said[:400]))))


def _seconds(found: re.Match[str]) -> Fraction:
    total = Fraction(0)
    for n in range(3):
        unit, figure = found[f"unit{n}"], found[f"figure{n}"]
        if unit:
            size = _SECONDS.get(unit[:2].casefold()) or _SECONDS[unit[0].casefold()]
            total += sum(Fraction(part) for part in figure.split()) * size
    return total
