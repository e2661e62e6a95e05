# ruff: noqa: E501 - patterns are easier to read in one line
"""What the readers of role replies share: the reply without reasoning and markup, and its fields."""

import math
import re
from typing import NamedTuple

from manyminds.reading.loose_json import Json, objects
from manyminds.reading.reasoning import LONGEST, WIDE, visible

_MARKS = {0x3010: 0x5B, 0x3011: 0x5D, 0x2019: 0x27, 0xFE55: 0x3A}
_WIDE = WIDE | _MARKS
_CONTROL_TOKEN = re.compile(r"<\|[a-z_]{1,20}\|>|</s>")
_MARKUP = re.compile(r"\*\*|__|`{1,3}(?:json|python|text)?|(?m:^[ \t]*#{1,6} )")
_KEY = re.compile(r"[^a-z]+")


class Fraction(NamedTuple):
    """A number with the largest value of its scale, if the text names one; 100 for a percentage."""

    number: float
    most: float | None


def reply_of(text: str) -> str:
    """Return a reply without reasoning and control tokens, its full-width characters as ASCII."""
    return _CONTROL_TOKEN.sub(" ", visible(text[-LONGEST:])).translate(_WIDE)


def plain(reply: str) -> str:
    """Return a reply without Markdown's emphasis, fences and headings."""
    return _MARKUP.sub("", reply).strip()


def fields(reply: str) -> list[dict[str, Json]]:
    """Return the objects in a reply with the letters of their keys only: "end debate" and
    "end_debate" are both "enddebate".
    """
    return [
        {_KEY.sub("", key.lower()): value for key, value in found.value.items()}
        for found in objects(reply)
        if isinstance(found.value, dict)
    ]


def number_of(value: Json) -> float | None:
    """Return a JSON number, or a text that is a number, as a float."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str) and re.fullmatch(
        r"\s*[-+]?(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*", value
    ):
        return float(value)
    return None
