"""Ratios: "2:3", "12 : 18", "2 to 3"; equal where one is a multiple of the other."""

import re
from fractions import Fraction

from manyminds.reading import digits, locate
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ASKS = re.compile(r"\bratio\b|\bverh\u00e4ltnis\b|\u6bd4\u4f8b|\u4e4b\u6bd4", re.IGNORECASE)
_RATIO = re.compile(
    r"(?<![\w.:])([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(?::|\bto\b|\u6bd4)\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)(?![\w:]|\.[0-9])"
)
_LONGEST = 300  # characters of a place or sentence that states a ratio


def asks(question: str) -> bool:
    """Say whether a question asks for a ratio."""
    return _ASKS.search(question) is not None


def find(text: str) -> Found | None:
    """Return the one ratio that a reply states, and where; the last of an equation."""
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where)
    sentences = locate.sentences(text)
    return _only(sentences[-1], "last sentence") if sentences else None


def key(answer: str) -> Fraction | str:
    """Return the value of a ratio; the text itself where it is none."""
    found = _RATIO.search(answer)
    if found is None or not float(found[2]):
        return answer
    return Fraction(found[1]) / Fraction(found[2])


def _only(said: str, where: str) -> Found | None:
    said = digits.plain(digits.spelled(said[:_LONGEST])).split("=")[-1]
    found = {key(m[0]): m[0] for m in _RATIO.finditer(said)}
    return Found(found.popitem()[1], where) if len(found) == 1 else None


RATIO = finding("ratio", find, key)
