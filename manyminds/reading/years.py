"""Years as answers: "It ended on 2 September 1945, after six years." to "In which year ...?"."""

import re

from manyminds.reading import locate
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:which|what)\s+(?:calendar\s+)?year\b(?!s)|\bin\s+welchem\s+jahr|\bwelches\s+jahr|\bquelle\s+ann\u00e9e"
    r"|\bqu\u00e9\s+a\u00f1o|\u54ea\u4e00?\u5e74|\u4f55\u5e74",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\w.,$-])(?:1[0-9]{3}|20[0-9]{2})(?![\w%]|[.,][0-9])")
_LONGEST = 2_000  # characters of a reply in which a year is looked for


def asks(question: str) -> bool:
    """Say whether a question asks for a year."""
    return _ASKS.search(question) is not None


def find(text: str) -> Found | None:
    """Return the one year that a reply names: in the place of its answer, else in all of it."""
    text = readable(text)
    for place in locate.stated(text):
        named = set(_YEAR.findall(place.answer))
        return Found(named.pop(), place.where) if len(named) == 1 else None
    named = set(_YEAR.findall(text[:_LONGEST]))
    return Found(named.pop(), "the only year") if len(named) == 1 else None


YEAR = finding("year", find, str.strip)
