# ruff: noqa: E501 - patterns are easier to read in one line
"""Lists of a reply whose lines explain their items: "1. **Oregon** - along the 42nd parallel"."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_BULLET = re.compile(r"(?:[-*\u2022+]|\(?[0-9]{1,2}[.)])\s+(?P<said>\S.*)")
_HEADING = re.compile(r"#{1,6}\s|(?:\*\*|__)[^*_]{2,80}(?:\*\*|__)[:.]?\s*$")
_BOLD = re.compile(r"(?:\*\*|__)(?P<name>[^*_\n]{1,60}?)[:.]?(?:\*\*|__)")
_HEAD = re.compile(
    r"(?P<name>[^\u2013\u2014:(\uff08\uff1a\n]{1,50}?)\s*(?:[\u2013\u2014:(\uff08\uff1a]|\s-\s)"
)
_ITEM = re.compile(r"(?P<name>[^.,:;()\n]{1,40})[.,;]?$")
_ANNOUNCES = re.compile(
    r"(?<!\w)(?:are|were|is|include|includes|these|following|namely|as\s+follows|in\s+(?:this\s+)?order|sind|waren|folgende\w*|sont|\u00e9taient|suivant\w*|son|fueron|siguientes?|sono|seguenti|s\u00e3o|seguintes?|zijn|volgende|\u0442\u0430\u043a\u0438\u0435|\u0441\u043b\u0435\u0434\u0443\u044e\u0449\w+|to|nast\u0119puj\u0105c\w+)(?!\w)[^.!?]{0,80}[:\uff1a]\W*$"
    "|(?:\u662f|\u6709|\u5982\u4e0b|\u4ee5\u4e0b|\u5206\u522b|\u306f|\u901a\u308a|\u6b21\u306e)[^\u3002]{0,20}[:\uff1a]\\W*$",
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"\b(?:steps?|schritte?n?|\u00e9tapes?|pasos?|passi|passos|stappen|\u0448\u0430\u0433\w*|method|approach|procedure|reasons?|how\s+(?:to|we|you|i)|tips?|options|ways?|facts?|rules?|not|nicht|pas|no)\b|\u6b65\u9aa4|\u624b\u9806",
    re.IGNORECASE,
)


class _Block(NamedTuple):
    """Lines of one list: what introduces it, whether under a heading behind an answer, its lines."""

    intro: str
    headed: bool
    items: list[str]


def names(text: str) -> list[str]:
    """Return the names at the beginning of the lines of the list that a reply announces.

    Args:
        text: The reply.

    Returns:
        The names, without what explains them. Nothing where a reply announces no list or two.
    """
    announced = [one for one in _blocks(text) if _ANNOUNCES.search(one.intro)]
    own = [one for one in announced if not one.headed and not _STEPS.search(one.intro)]
    return _heads(own[0].items) if len(own) == 1 else []


def is_sectioned(text: str) -> bool:
    """Say whether each of several lists of a reply has a heading of its own: "### 1. Mercury"."""
    blocks = _blocks(text)
    return len(blocks) > 1 and all(_HEADING.match(one.intro) for one in blocks)


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    before, headed, goes_on = "", False, False
    for line in text.split("\n"):
        bullet = _BULLET.match(line)
        if bullet is not None:
            if not goes_on:
                blocks.append(_Block(before, headed, []))
            blocks[-1].items.append(bullet["said"])
            goes_on = True
        elif line.strip() and not line[:1].isspace():
            headed = bool(blocks) and (headed or _HEADING.match(line) is not None)
            before, goes_on = line.strip(), False
    return blocks


def _heads(lines: Sequence[str]) -> list[str]:
    """Return the names before what explains them; all in bold print, or all before a dash."""
    for form in (_BOLD, _HEAD, _ITEM):
        found = [form.match(line) for line in lines]
        names = [one["name"].strip(" *_`\"'") for one in found if one is not None]
        if len(names) == len(lines) > 1 and all(names):
            return names
    return []
