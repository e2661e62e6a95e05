# ruff: noqa: E501 - patterns are easier to read in one line
"""What the sentences of a reply are for: its conclusion, a remark next to it, a supposition."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from manyminds.reading.cues import ANSWER_IS
from manyminds.reading.discourse_words import (
    ADVICE,
    ASIDE_EASTERN,
    BY_THE_WAY,
    CHECKS,
    DISCOURSE,
    JUST_IN_CASE,
    JUST_IN_CASE_EASTERN,
    SO_EASTERN,
    SUPPOSE_EASTERN,
)


def _any(parts: Iterable[str]) -> str:
    return "|".join(part for part in parts if part)


BEFORE = r"[\W_]*(?:(?:and|but|okay|ok|well|great|und|et|y|e|и)\b,?\s+)?"
_SO = re.compile(
    rf"{BEFORE}(?:(?:{_any(one.so for one in DISCOURSE)})(?![\w'’-])(?:\s+(?:dann|alors|then)(?!\w))?"
    rf"|(?:{SO_EASTERN}))[*_]*[\s,:，、]*",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    rf"(?<=[\w*\"')\]])[ ,]+(?:{_any(one.inside for one in DISCOURSE)})(?!\w),?(?=\s|:)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    rf"{BEFORE}(?:(?:{_any(one.aside for one in DISCOURSE)})|(?:{ASIDE_EASTERN}))", re.IGNORECASE
)
_BY_THE_WAY = re.compile(
    rf"(?:^|[\s,(])(?:(?:{BY_THE_WAY})(?=[\s,.!)]|$)|{JUST_IN_CASE})", re.IGNORECASE
)
_BY_THE_WAY_EASTERN = re.compile(f"顺便(?:说一下|一提)?|順便一提|{JUST_IN_CASE_EASTERN}")
_ADVICE = re.compile(rf"{BEFORE}(?:{ADVICE})", re.IGNORECASE)
_WOULD = re.compile(rf"(?<![\w'’])(?:{_any(one.would for one in DISCOURSE)})(?!\w)", re.IGNORECASE)
_SUPPOSE = re.compile(
    rf"{BEFORE}(?:(?:{_any(one.suppose for one in DISCOURSE)})(?!\w)|(?P<eastern>{SUPPOSE_EASTERN}))",
    re.IGNORECASE,
)
_ENGLISH_IF = re.compile(rf"{BEFORE}(?:\w+,?\s+){{0,2}}if\b(?P<clause>[^,]*)", re.IGNORECASE)
_PAST = re.compile(  # of what is not so: "if she kept", "if there were"
    r"\b(?:had|were|weren['’]t|was|did(?:n['’]t)?|could|kept|got|made|took|went|ran|bought|sold|gave|left|came|paid|ate"
    r"|drove|split|(?!need)\w{2,}ed)\b",
    re.IGNORECASE,
)
_CHECK = re.compile(rf"{BEFORE}(?:{CHECKS})", re.IGNORECASE)
_CONFIRMED = re.compile(
    r"(?:,|\s[\u2014\u2013-])\s*(?:(?:exactly\s+|just\s+)?as\s+(?:it\s+should(?:\s+be)?|required|expected|needed|given|stated|wanted|desired)"
    r"|which\s+(?:checks\s+out|is\s+(?:correct|right|what\s+we\s+\w+)|matches|agrees|fits)\b[^.]*|wie\s+(?:gefordert|verlangt|gew\u00fcnscht)"
    r"|comme\s+pr\u00e9vu|como\s+se\s+ped\u00eda|come\s+richiesto)\W*$",
    re.IGNORECASE,
)
_FAILS = re.compile(
    r"\b(?:wrong|incorrect|mistake\w*|error|wait|oops|not|n['\u2019]t|too)\b|\u2260|\u4e0d\u5bf9|\u9519",
    re.IGNORECASE,
)
_GUESSES = re.compile(r"\bif\s+i\s+(?:had|were|was)\s+to\b", re.IGNORECASE)
_INVERTED = re.compile(
    rf"{BEFORE}(?:had|were|should)\s+(?!been\b)\w+(?:\s+\w+){{1,12}}?,\s", re.IGNORECASE
)
_BRACKETED = re.compile(r"[\s*_]*\((?:[^()]|\([^()]*\)){25,400}\)[\s*_.]*")
_ADVERB = re.compile(r"[A-Za-z]{3,20}ly(?:\s+speaking)?,\s+(?=\w)")
_SO_CLAUSE = re.compile(  # "both values fit, so the solutions are 2 and 8"
    r"[,;]\s+(?:and\s+)?so\s+(?=(?:the|their|its|his|her|this|that|it|there)\s(?:[^,.;]{0,60}?\s)?(?:is|are|was|were|equals?|becomes)\s)",
    re.IGNORECASE,
)
SINCE = re.compile(
    r"[\W_]*(?:since|as(?!\s+(?:for|an?|to|you|we|mentioned|noted|shown|before|above|it\s+is)\b)|because|da|weil|puisque|comme|como|dado\s+que|poich\u00e9|siccome)\s[^,]{3,200},\s",
    re.IGNORECASE,
)
"""A reason before what follows from it."""
_MOST_WORDS = 3  # of a sentence that is an answer rather than a remark
_COMMENTS = re.compile(  # what follows comments on the answer
    r"\((?=\s*[\w'\u2019]+,?\s+[\w'\u2019.]+[,\s])|[,;(\u2014\u2013]\s*(?:(?:and|or|und|et|y|e)\s+)?(?:so\b|which\b(?!\s+(?:means|gives|makes|leaves|equals|implies|yields))|who\b|where(?:as)?\b|while\b|i\.e\.|that\s+is\b|together\s+with\b|along\s+with\b|compared\b|followed\s+by\b"
    r"|but\b|though\b|although\b|because\b|since\b|namely\b|plus\b|minus\b|less\s+than\b|more\s+than\b|about\b|roughly\b|approximately\b|almost\b|nearly\b|an?\s+(?:bit|little|few)\b"
    r"|provided\b|assuming\b|as\s+long\b|not\b|instead\b|rather\b|including\b|unless\b|if\b|when\b|thanks\b|leaving\b|making\b|with\b|in\s+addition\b|equivalent\b|equal\s+to\b|thus\b"
    r"|(?:was|is)\s+(?:bei|das)\b|w\u00e4hrend\b|aber\b|wobei\b|sofern\b|also\b|d\.\s?h\.|das\s+(?:hei\u00dft|sind|ist)\b|weil\b|da\b"
    r"|ce\s+qui\b|soit\b|c['\u2019]est|tandis\b|mais\b|car\b|es\s+decir\b|lo\s+que\b|mientras\b|pero\b|porque\b|cio\u00e8\b|mentre\b|ma\b|perch\u00e9\b|ou\s+seja\b|enquanto\b|mas\b|pois\b"
    r"|terwijl\b|maar\b|oftewel\b|\u0430\b|\u043d\u043e\b|\u0442\u043e\s+\u0435\u0441\u0442\u044c\b|\u0447\u0442\u043e\b|\u0430le\b|czyli\b|a\b(?=\s+nie))"
    r"|\s(?:while|whereas|because|compared\s+(?:with|to)|together\s+with|along\s+with|as\s+opposed\s+to|instead\s+of|rather\s+than|provided|w\u00e4hrend|tandis\s+que|mientras|mentre|enquanto|terwijl)\s",
    re.IGNORECASE,
)


_COLON = re.compile(
    r":\s+(?=(?:so\s+)?(?:the|its|his|her|their|this|that|it|there|der|die|das|es|le|la|l['\u2019]|il|el|lo|o|a|de|het)\b(?:\s|(?<=['\u2019]))"
    r"[^:;.]{0,80}?(?:\b(?:is|are|was|will\s+be|equals|ist|sind|est|es|sono|is)|\u00e8|\u00e9)\s[^:;]{1,80}$)",
    re.IGNORECASE,
)


def behind_colon(sentence: str) -> str | None:
    """Return the statement in which a sentence ends behind a colon: "...: the due date is May 4"."""
    statement = _COLON.search(sentence)
    return None if statement is None else sentence[statement.end() :]


def so(sentence: str) -> re.Match[str] | None:
    """Return the words with which a sentence begins as a conclusion: "So", "In total,"."""
    return _SO.match(sentence)


def is_marked(sentence: str) -> bool:
    """Say whether a sentence concludes by a word behind its verb or in it: "is therefore"."""
    return _INSIDE.search(sentence) is not None or _SO_CLAUSE.search(sentence) is not None


def unmarked(sentence: str) -> str:
    """Return a sentence without the words that make it a conclusion."""
    begun = _SO.match(sentence)
    while begun is not None and sentence[begun.end() :].strip(" .*_"):
        sentence = sentence[begun.end() :]
        begun = _SO.match(sentence)
    adverb = _ADVERB.match(sentence)
    sentence = sentence if adverb is None else sentence[adverb.end() :]
    reason = SINCE.match(sentence) or _SO_CLAUSE.search(sentence)
    sentence = sentence if reason is None else sentence[reason.end() :]
    return _INSIDE.sub("", sentence, count=1).strip()


def would(text: str) -> bool:
    """Say whether a text has a verb of what is not the case."""
    return _WOULD.search(text) is not None


@lru_cache(maxsize=4_096)
def supposes(sentence: str) -> bool:
    """Say whether a sentence tells what would be, not what is."""
    return _WOULD.search(sentence) is not None or contrary(sentence)


@lru_cache(maxsize=4_096)  # a conclusion asks it of the same sentences again and again
def is_aside(sentence: str) -> bool:
    """Say whether a sentence is a remark next to the answer, or about what is not the case."""
    cue = ANSWER_IS.search(sentence)
    if cue is not None and not (_WOULD.search(cue[0]) and contrary(sentence)):
        return False
    if len(sentence.split()) <= _MOST_WORDS and sentence.isascii():
        return False
    if _CHECK.match(sentence) is not None and _FAILS.search(sentence) is None:
        return True
    if _CONFIRMED.search(sentence) and "=" in sentence and _SO.match(sentence) is None:
        return True
    remark = _ASIDE.match(sentence) or _BRACKETED.fullmatch(sentence)
    remark = remark or _BY_THE_WAY.search(sentence) or _ADVICE.match(sentence)
    if remark is None and not sentence.isascii():
        remark = _BY_THE_WAY_EASTERN.search(sentence)
    return remark is not None or contrary(sentence)


def contrary(sentence: str) -> bool:
    """Say whether a sentence begins with a condition that is not met: "Had it been ...".

    In English the tense of the condition decides: "If you have 2 and buy 3, you would have 5".
    """
    begins = _SUPPOSE.match(sentence)
    if begins is None or _GUESSES.search(sentence):
        return False
    if begins["eastern"] is not None:
        return True
    if _WOULD.search(sentence, begins.end()) is None and _INVERTED.match(sentence) is None:
        return _WOULD.match(sentence[begins.start() :].lstrip(" *_(")) is not None
    condition = _ENGLISH_IF.match(sentence)
    return condition is None or _PAST.search(condition["clause"]) is not None


def parts(said: str) -> Iterator[str]:
    """Yield a sentence up to what comments on its answer, then all of it."""
    comment = _COMMENTS.search(said)
    result = (
        comment is not None
        and "=" in said[comment.start() :]
        and "=" not in said[: comment.start()]
    )
    if comment is not None and comment.start() and not result:
        yield said[: comment.start()].rstrip()
    yield said
