"""Squares of a chessboard in replies: e4."""

import re

from manyminds.reading import locate
from manyminds.reading.locate import Found, found
from manyminds.reading.reasoning import readable

_FINAL = re.compile(r"final\s+answer[*_ ]*[:\n\s]*", re.IGNORECASE)
_SQUARE = re.compile(r"([a-h][1-8])(?![0-9A-Za-z])")
_ANY_SQUARE = re.compile(
    r"(?<![A-Za-z0-9])([A-Ha-h][1-8])(?![0-9A-Za-z])|([a-h][1-8])(?![0-9A-Za-z])"
)
_LONGEST = 400  # characters of a place that states the answer


def find_square(text: str) -> Found | None:
    """Return the square that a reply ends in, and where it is."""
    return found(square(text), "final answer" if _FINAL.search(readable(text)) else "last square")


def square(text: str) -> str | None:
    """Return the square that a reply ends in: of its "final answer", else the last one at all."""
    text = readable(text)
    ends = [match.end() for match in _FINAL.finditer(text)]
    if ends:
        named = _squares(locate.plain(text[ends[-1] : ends[-1] + _LONGEST]))
        return named[-1] if named else None
    if locate.refuses(text):
        return None
    stated = next(locate.stated(text), None)
    if stated is not None and len(named := _squares(stated.answer)) == 1:
        return named[0]
    squares = _SQUARE.findall(text)
    return squares[-1] if squares else None


def _squares(place: str) -> list[str]:
    return [(one[1] or one[2]).lower() for one in _ANY_SQUARE.finditer(place)]
