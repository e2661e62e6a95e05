"""Ranges of numbers as answers: "12-16", "between 12 and 16 hours", "from 5 to 10 %"."""

import re
from collections.abc import Hashable

from manyminds.reading import digits, figures, locate, numbers
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_FIGURE = r"[$\u20ac\u00a3]?(?P<{}>[0-9](?:[0-9,.]{{0,15}}[0-9])?)"
_UNIT = r"(?:\s?(?:%|[a-z]{1,12}))?"
_RANGE = re.compile(
    rf"(?:\b(?:from|between|zwischen|von|entre|de|da)\s+{_FIGURE.format('from')}{_UNIT}\s+(?:and|to|und|bis|et|\u00e0|y|a|e)\s+"
    rf"|{_FIGURE.format('low')}{_UNIT}\s?(?:[-\u2013\u2014~]|\bto\b|\bbis\b|\u00e0\b|\u81f3|\u5230)\s?){_FIGURE.format('high')}(?![0-9/:-]|(?-i:[ijnxyz\u03c0])\b)",
    re.IGNORECASE,
)
_LONGEST = 200  # characters of a place or sentence that states a range


def find(text: str) -> Found | None:
    """Return the one range that a reply states, else its number; and where it is."""
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where) or numbers.find(text)
    sentences = locate.sentences(text)
    found = _only(sentences[0], "whole reply") if len(sentences) == 1 else None
    return found or numbers.find(text)


def is_range(answer: str) -> bool:
    """Return whether an answer is a range."""
    return _RANGE.fullmatch(answer) is not None


def key(answer: str) -> Hashable:
    """Return both ends of a range; the value of a number."""
    found = _RANGE.fullmatch(answer)
    return numbers.key(answer) if found is None else _ends(found)


def _ends(found: re.Match[str]) -> tuple[float, float] | None:
    ends = [
        figures.value(end.rstrip(".,")) for end in (found["from"] or found["low"], found["high"])
    ]
    low, high = ends
    return None if low is None or high is None or low >= high else (low, high)


def _only(said: str, where: str) -> Found | None:
    said = digits.plain(said[:_LONGEST])
    found = [one for one in _RANGE.finditer(said) if _ends(one) is not None]
    rest = _RANGE.sub(" ", said)
    alone = len(found) == 1 and not any(map(str.isdigit, rest)) and "=" not in rest
    return Found(found[0][0], where) if alone else None


RANGE = finding("range", find, key)
