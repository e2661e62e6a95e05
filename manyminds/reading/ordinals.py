"""Ordinal numbers as answers to "In which place ...?": "third", "3rd", "the third place"."""

import re

from manyminds.reading import digits, locate, numbers
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:which|what)\s+(?:place|position|rank|floor|grade|century)\b", re.IGNORECASE
)
_PLACE = re.compile(r"^(?:in\s+)?(?:the\s+)?(?P<said>[a-z-]{3,20}?)(?:\s+[a-z]{4,10})?$")
_SHORT = 40  # characters


def asks(question: str) -> bool:
    """Say whether a question asks for a place in an order."""
    return _ASKS.search(question) is not None


def find(text: str) -> Found | None:
    """Return the number that a reply gives as its answer; a short one may be an ordinal word."""
    place = next(locate.stated(readable(text)), None) or Found(readable(text), "whole reply")
    said = _PLACE.match(place.answer.casefold().strip(" .!*")[:_SHORT])
    spelled = "" if said is None else digits.spelled(f"{said['said']} place")
    return (
        Found(spelled.split()[0][:-2], place.where) if spelled[:1].isdigit() else numbers.find(text)
    )


ORDINAL = finding("number", find, numbers.key)
