# ruff: noqa: E501 - patterns are easier to read in one line
"""Answers in words: what a reply states, and which of two wordings name the same thing."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from manyminds.reading import dates, locate, names
from manyminds.reading.answers import Extractor, find_final, finding, text_key
from manyminds.reading.cues import ANSWER_IS
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ARTICLE = re.compile(
    r"^(?:(?:on|in|at|by)\s+)?(?:(?:the|a|an|der|die|das|le|la|les|el|los|las)\s+)?"
)
_ASIDE = re.compile(r"\s*[(\uff08][^()\uff08\uff09]{0,80}[)\uff09]\s*$")
_REASON = re.compile(r"[,;]?\s+(?:because|since|as it|weil|parce que|porque)\b.*", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:(?:it(?:'|\u2019)?s|it is|that(?:'|\u2019)?s|this is|i(?: would|'?d) say|i think"
    r"|i believe|i guess|i say|the (?:output|result|value) is|c'est|es ist|es|\u044d\u0442\u043e)\s+){1,2}",
    re.IGNORECASE,
)
DENIES = re.compile(
    r"\b(?:not|never|nor|wrong|incorrect|instead|rather|\w+n't|nicht|kein\w*|pas|no es)\b"
    r"|不是|не\s",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\b(?:is|are|was|were|it's|that's|has|have|called|ist|sind|war|est|sont|es|son|fue)\b|[是はが]|\s[\u2014-]\s",
    re.IGNORECASE,
)
SMALL = frozenset(  # words that add nothing to an answer
    re.findall(
        r"\w+",
        "the a an of in on at by to for and or it is was are were be this that its i think would "
        "say so der die das ist la le les el los las de du des est es un una than then very more "
        "most much also only just do does did has have had can will there their his her he she "
        "they we you as but no with from",
    )
)
_SET = re.compile(r"\\?\{(?P<items>[^{}]+?)\\?\}")
_AND = re.compile(r"\s*,?\s+(?:and|&|und|et|y)\s+|\s*,\s*")
_RANGE = re.compile(r"(?<=[0-9])\s*(?:[-\u2013\u2014~]|\bto\b|\bbis\b|\u81f3|\u5230)\s*(?=[0-9])")
WORD = re.compile(r"\w+", re.UNICODE)
_BULLET = re.compile(r"^(?:[-*\u2022]\s+|[0-9]{1,2}[.)]\s+(?=\D))")
_POLITE = re.compile("(?:\u3067\u3059|\u3067\u3042\u308b|\u3060)$")
_EITHER = re.compile(  # two answers
    r"\beither\b|(?<!\bone)(?<!\bmore)\s(?:or|oder|ou)\s(?!(?:so|more|less|not)\b)", re.IGNORECASE
)
_CUT_OFF = re.compile(r"(?:\b(?:and|or|but|because|the|a|an|is|of|with)|,)$", re.IGNORECASE)
_SHORT = 6  # words of a whole reply that can be an answer
_MOST_WORDS = 10  # of a statement in which "or" joins two answers
OPEN = re.compile(r"\?|\b(?:or|maybe|might|could|perhaps|either|oder|ou|quiz\w+)\b", re.IGNORECASE)


def stated(text: str) -> Found | None:
    """Return the words in which a reply states its answer."""
    place = find_final(text)
    text = readable(text)
    place = place or locate.found(locate.bold(text), "bold text")
    whole = text.strip()
    ended = not whole.endswith("?") and not _CUT_OFF.search(whole)
    short = len(whole.split()) <= _SHORT and ended
    if place is None and short and not (DENIES.search(whole) and ANSWER_IS.search(whole)):
        place = Found(whole, "whole reply")
    if place is None:
        return None
    if _EITHER.search(place.answer) and len(place.answer.split()) <= _MOST_WORDS:
        return None
    said = _OPENING.sub("", _REASON.sub("", locate.plain(place.answer))).strip(" .,:;!*_\"'`\u3002")
    return locate.found(said or None, place.where)


def plain_key(answer: str) -> str:
    """Return a text answer without case, article, quotes, aside and punctuation.

    A date becomes year, month and day; a set its sorted elements; a list is joined by "&".
    """
    day = dates.key(answer)
    if (day[:4].isdigit() or day.startswith("--")) and day[4:5] == "-":
        return day
    items = _SET.fullmatch(answer.strip())
    if items is not None:
        return "{" + ", ".join(sorted({item.strip() for item in items["items"].split(",")})) + "}"
    key = _ASIDE.sub("", text_key(_POLITE.sub("", _BULLET.sub("", answer.strip())))).strip(
        "\"'`\u201c\u201d\u2018\u2019 .,:;!\u3002"
    )
    key = _RANGE.sub("-", key)
    parts = _AND.split(key)
    if len(parts) > 2 or len(parts) == 2 and "," not in key:
        key = " & ".join(parts)
    return _ARTICLE.sub("", key) or key


TEXT = finding("text", stated, plain_key)
"""Reads what a reply states in words."""


def speaks(text: str) -> bool:
    """Say whether a text is a sentence.

    It has a verb such as "is", or a full stop and a word that is no name.
    """
    words = text.split()
    plain = any(word.isalpha() and word.islower() and word not in SMALL for word in words)
    ended = len(words) > 2 and text.rstrip().endswith((".", "!")) and plain
    return _COPULA.search(text) is not None or ended


def in_words(question: str) -> Extractor:
    """Return the reader of answers in words to a question, which tells what may be left out."""
    return replace(TEXT, together=partial(contained, question=question))


def contained(distinct: Sequence[str], question: str = "") -> dict[str, str]:
    """Merge "Paris, France" and "the city of Paris" into "Paris", "New York" not into "York"."""
    first: dict[str, str] = {}
    for answer in distinct:
        first.setdefault(plain_key(answer), answer)
    merged = names.merged(list(first), question)
    for key in first:
        held = [other for other in first if other != key and _qualifies(key, other)]
        if len(held) == 1 and not DENIES.search(key):
            merged[key] = merged[held[0]]
    return {answer: first[merged[plain_key(answer)]] for answer in distinct}


def _qualifies(key: str, inner: str) -> bool:
    return key.startswith(f"{inner}, ") or key.endswith(f" of {inner}")
