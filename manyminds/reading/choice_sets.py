"""Several letters as one answer, to a question that says "select all that apply": "A and C"."""

import re
from collections.abc import Mapping

from manyminds.reading import choices, locate
from manyminds.reading.cues import CONCLUDES, DENIES
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:(?:select|choose|check|mark|pick|tick)\s+(?:all|two|three|every|both)|all\s+that\s+apply|more\s+than\s+one"
    r"|w\u00e4hle\s+alle|alle\s+(?:zutreffenden|richtigen)|toutes\s+les|todas\s+las)\b|\u591a\u9009|\u9009\u62e9\u6240\u6709",
    re.IGNORECASE,
)
_MARK = re.compile(r"(?<![\w'])\(?([A-J])\)?(?![\w'])")
_JOINS = r"(?:\s*,\s*(?:(?:and|und|et|y|e)\s+)?|\s+(?:and|und|et|y|e|&)\s+)"
_LISTED = re.compile(  # "a and c" at the end of a sentence, "Only a."
    rf"(?:^|\s)(?P<marks>(?<=only )[a-j]|(?<=Only )[a-j]|[a-j](?:{_JOINS}[a-j])+)\W*$"
)
_IN_BRACKETS = re.compile(r"\(([a-j])\)")
_LETTER = re.compile(r"\b[a-j]\b")
_MOST_WORDS = 12  # of a reply that states its letters without a cue


def asks(question: str) -> bool:
    """Say whether a question asks for all letters that apply."""
    return _ASKS.search(question) is not None


def find(text: str, options: Mapping[str, str]) -> Found | None:
    """Return all option letters that a reply states, in order: "A, C"; and where they are."""
    text = readable(text)
    place = next(locate.stated(text), None)
    last = locate.sentences(text)[-1:]
    if place is None and last and (len(text.split()) <= _MOST_WORDS or CONCLUDES.match(last[0])):
        place = Found(last[0], "whole reply" if last[0] == text.strip() else "last sentence")
    if place is None or DENIES.search(place.answer):
        return None
    marks = sorted(set(_MARK.findall(place.answer)))
    marks = marks or sorted(set(_small(place.answer, options)))
    if not marks:
        return choices.find(text, options)
    return Found(", ".join(marks), place.where) if set(marks) <= set(options) else None


def _small(said: str, options: Mapping[str, str]) -> list[str]:
    """Return the letters that a place has in lower case, or names by the texts of options."""
    listed = _LISTED.search(said)
    small = _LETTER.findall(listed["marks"]) if listed else _IN_BRACKETS.findall(said)
    if small:
        return [mark.upper() for mark in small]
    low = said.casefold()
    named = [
        mark
        for mark, text in options.items()
        if text and re.search(rf"(?<!\w){re.escape(text.casefold())}(?!\w)", low)
    ]
    return named if len(named) > 1 else []
