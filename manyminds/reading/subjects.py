"""Whose number it is: "Jon has 27" does not answer "How many does Maria have?"."""

import re
from functools import lru_cache

from manyminds.reading import locate
from manyminds.reading.stems import SMALL, WORD

COUNTED = re.compile(
    r"\b(?:how\s+(?:many|much)|wie\s+viele?|combien\s+(?:de(?=\s)|d['\u2019])|cu\u00e1nt[oa]s?|quant[eioa]s?|hoeveel|\u0441\u043a\u043e\u043b\u044c\u043a\u043e|ile|hur\s+m\u00e5nga)"
    r"(?:\s+|(?<=['\u2019]))(?P<noun>(?:more\s+)?\w+(?:\s+\w+){0,2})",
    re.IGNORECASE,
)
"""What a question counts."""
CLAUSES = re.compile(
    r"[,;:]\s|[\uff0c,\u3001\u3002](?=[\u3040-\u9fff])|\s(?:and|while|but|whereas|und|et|y|e|en|\u0438|\u0430|i|w\u00e4hrend|mientras|tandis\s+que|mentre|enquanto|terwijl|\u548c)\s"
)
_BEGINS = re.compile(
    r"\W*(?:(?:so|thus|then|and|but|while|whereas|now|hence|therefore|also|und|et|y|e|en|a|i)\b,?\s+)*(?P<name>[^\W\d_][\w'\u2019-]+)",
    re.IGNORECASE,
)
_NAMES_AT_MOST = 40  # words of the sentence that asks


def sentence_asked(question: str) -> str:
    """Return the sentence of a question that asks."""
    sentences = locate.sentences(question)
    asks = [one for one in sentences if one.endswith(("?", "\uff1f"))]
    return (asks or sentences or [""])[-1]


@lru_cache(maxsize=256)
def names_asked(question: str) -> frozenset[str]:
    """Return the names in the sentence that asks, without the things that it counts."""
    asked = COUNTED.sub(_named_in_it, sentence_asked(question))
    words = WORD.findall(asked)[1:_NAMES_AT_MOST]
    return frozenset(one for one in words if _is_name(one))


def _named_in_it(counted: re.Match[str]) -> str:
    """Return the words behind what is counted: "does Maria have" counts nothing yet."""
    return f"how {' '.join(counted['noun'].split()[1:])}"


def clauses(said: str) -> list[tuple[int, int]]:
    """Return where the clauses of a sentence begin and end."""
    ends = [0, *(mark.end() for mark in CLAUSES.finditer(said)), len(said) + 1]
    return list(zip(ends, ends[1:], strict=False))


def begins_with(clause: str) -> str | None:
    """Return the name that a clause begins with."""
    begun = _BEGINS.match(clause)
    return begun["name"] if begun is not None and _is_name(begun["name"]) else None


def own_clauses(said: str, question: str) -> list[tuple[int, int]] | None:
    """Return the clauses about the name that is asked for, where all others have another one."""
    asked = names_asked(question)
    if not asked:
        return None
    parts: list[tuple[int, int]] = []
    for begin, end in clauses(said):  # one without a name goes on with the one before
        goes_on = parts and begins_with(said[begin:end]) is None
        parts.append((parts.pop()[0] if goes_on else begin, end))
    parts = [(begin, end) for begin, end in parts if any(map(str.isdigit, said[begin:end]))]
    names = [begins_with(said[begin:end]) for begin, end in parts]
    own = [part for part, name in zip(parts, names, strict=True) if name in asked]
    return own if own and len(own) < len(parts) and None not in names else None


def of_another(sentence: str, question: str) -> bool:
    """Say whether a sentence is about another name of the question than it asks for."""
    asked, name = names_asked(question), begins_with(sentence)
    if name is None or not asked or name in asked or not re.search(rf"\b{name}\b", question):
        return False
    return asked.isdisjoint(WORD.findall(sentence))


def _is_name(word: str) -> bool:
    return word[:1].isupper() and word[1:].islower() and word.casefold() not in SMALL
