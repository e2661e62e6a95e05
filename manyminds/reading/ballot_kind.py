"""The kind of answer that the replies to one question give, decided for all of them together."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from manyminds.reading import (
    choices,
    clock,
    concluded,
    durations,
    labelled,
    lists,
    locate,
    markup,
    numbered,
    outputs,
    polarity,
)
from manyminds.reading.answers import EXTRACTORS, Extractor, finding
from manyminds.reading.concluded import WHERE
from manyminds.reading.figures import is_number
from manyminds.reading.kinds import DURATION, KINDS, NUMBER_WITH_COMMA, kinds_of_question, lettered
from manyminds.reading.locate import Found
from manyminds.reading.measures import in_small_unit
from manyminds.reading.numbers import has_decimal_comma
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.ranges import RANGE, is_range
from manyminds.reading.restated import restated
from manyminds.reading.texts import TEXT

_EXACT = frozenset(("literal", "json", "code"))  # whose answers may have marks of their own
_ENOUGH = 0.6
"""Share of the replies that state something which a kind must be able to read."""
_LONGEST_QUESTION = 10_000
_SHORT_QUESTION = 200  # characters
_WH = re.compile(  # a question that yes and no do not answer
    r"(?:^|[.!\n\u00bf]\s*)(?:(?:what|which|who(?:m|se)?|where|when|why|wer|welche[rsnm]?|wo|wann|qui|quel(?:le)?s?|qui\u00e9n|cu\u00e1l"
    r"|d\u00f3nde|qual[ei]?|chi|quem)\b|how\s+(?:many|much|long|far|old|tall|big|often)\b)[^.?!\n]*\?\s*$",
    re.IGNORECASE,
)
_TRUTH = re.compile(r"\b(?:true|false|yes|no|truth|valid|holds?)\b", re.IGNORECASE)
_ONLY_IF = {DURATION: durations.is_compound, RANGE: is_range}
"""Kinds of which one reply at least must have an answer that only they read."""
_LETTER = re.compile(r"\b(?:what|which)\s+letter\b(?![^?]*\b(?:option|answer)\b)", re.IGNORECASE)
_WHO = re.compile(
    r"(?:^|[.!\n]\s*)who(?:se|m)?\b[^.?!\n]*\?\s*$|[\u8c01\u8ab0]|\u54ea(?:\u4e00)?[\u5ea7\u4f4d\u56fd\u6761\u91cc]|\u3069\u3053|\ub204\uad6c|\uc5b4\ub514",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"(?:\b(?:how\s+(?:many|much)|(?:what|which)\s+(?:number|percent(?:age)?)|wie\s*viele?|combien|cu\u00e1nt[oa]s?|quant[oiae]s?|hoeveel|\u0441\u043a\u043e\u043b\u044c\u043a\u043e|ile)\b"
    r"|\u591a\u5c11|\u51e0(?!\u4e4e)|\u3044\u304f[\u3064\u3089]|\u4f55(?=[\u4eba\u500b\u5339\u672c\u679a\u5186\u56de\u5206\u79d2])|\uba87|\uc5bc\ub9c8)"
    r"(?:[^.?!\n]|\.(?=[0-9]))*[?\uff1f]\s*$",
    re.IGNORECASE,
)
_NUMBER_ONLY = re.compile(
    r"\b(?:answer|reply|respond)\s+(?:only\s+)?with\s+(?:(?:only|just)\s+)?(?:the|a|one)\s+(?:number|integer)\b"
    r"|\b(?:only|just)\s+(?:the|a)\s+number\b",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(  # asks for nothing but a number
    r"^\W*(?:what(?:'s|\s+is)|calculate|compute|evaluate|how\s+much\s+is|was\s+ist|combien\s+font|cu\u00e1nto\s+es)?"
    r"\s*(?=[^?]*[0-9]\s*[-+*/\u00d7\u00f7^x])[-+*/\u00d7\u00f7^().0-9x\s%=]+(?:\?|\.|$)",
    re.IGNORECASE,
)
_NO_AMOUNTS = frozenset(("yes or no", "choice", "date", "time"))
"""Kinds of answers that no question for an amount has."""
_VARIABLE = re.compile(r"[0-9]x|(?<![0-9]\s)x|x(?!\s*[0-9])", re.IGNORECASE)  # "5 x 7" has none
_LAST_LETTER = "J"
_FORMULA = re.compile(
    r"[\\0-9=^+*/<>\u00b1\u221a\u03c0\u221e]|^[a-z]$|\b(?:sin|cos|tan|sec|csc|cot|log|ln|exp|sqrt)\b"
)
_IN_FIGURES = frozenset(("number", "math"))
_WORDS = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,4}")
_MOSTLY = 2 / 3
"""Share of the answers that have figures where others may say "no solution"."""


def decided(good: Sequence[str], question: str) -> Extractor:
    """Return the first kind that reads enough of the replies that state anything."""
    options = _options(question)
    listed = {} if options else numbered.options_in(question)
    if (options or listed) and (order := lists.in_order_of(options or listed, question)):
        return order
    if options:
        return lettered(tuple(options.items()), question)
    if listed and (by_number := _by_number(listed, good, question)) is not None:
        return by_number
    if outputs.asks(question[-_LONGEST_QUESTION:]):
        return EXTRACTORS["literal"]
    stated = {text: one for text in good if (one := _called_answer(text)) is not None}
    with_comma = has_decimal_comma(question) or any(map(has_decimal_comma, good))
    number = NUMBER_WITH_COMMA if with_comma else EXTRACTORS["number"]
    if _ARITHMETIC.search(question) and not _VARIABLE.search(question):
        return number  # whatever else the replies calculate with
    own = _own_kind(good, question) if question else None
    left = () if own is not None or _asks_for_words(good, question) else _tried(question)
    for plain in (*kinds_of_question(question), *left):
        kind = number if plain is EXTRACTORS["number"] else plain
        found = _read_enough(kind, good, question)
        if not found or _is_unfit(kind, found, question):
            continue
        # A kind that leaves out what other replies call their answer reads past it.
        if len(found) >= len(stated):
            return _plainer(kind, found, good, question)
        if kind.name in _IN_FIGURES and _else_in_words(kind, stated, question):
            return _or_words(kind)
    amount = _HOW_MANY.search(question) or _NUMBER_ONLY.search(question[-_LONGEST_QUESTION:])
    if own is None and amount and not _formulas(good):
        return number  # a question that has no other kind, however few state one
    return own or TEXT


def _read_enough(kind: Extractor, good: Sequence[str], question: str) -> list[Found]:
    """Return what a kind finds in the replies; nothing where it can read too few of them.

    Mathematics also reads words, which are counted as text.
    """
    found: list[Found] = []
    for n, text in enumerate(good, start=1):
        place = read_as(kind, text, question)
        if place is not None and (kind.name != "math" or _FORMULA.search(place.answer)):
            found.append(place)
        if len(found) + len(good) - n < _ENOUGH * len(good):
            return []
    return found


def _called_answer(text: str) -> str | None:
    """Return what a reply calls its answer, unless it says that there is none."""
    place = read_as(EXTRACTORS["final"], text)
    return None if place is None or locate.refuses(place.answer) else place.answer


def _else_in_words(kind: Extractor, stated: Mapping[str, str], question: str) -> bool:
    """Say whether all that a kind leaves out are a few answers in words: "no solution"."""
    left = [one for text, one in stated.items() if read_as(kind, text, question) is None]
    worded = [one for one in left if _WORDS.fullmatch(one)]
    figures = sum(bool(_FORMULA.search(one)) for one in stated.values())
    return len(worded) == len(left) and figures >= _MOSTLY * len(stated)


@lru_cache(maxsize=16)  # one reader, so that what it has read is remembered
def _or_words(kind: Extractor) -> Extractor:
    """Return a kind that also reads what a reply calls its answer in words."""

    def find(text: str) -> Found | None:
        place = kind.located(text) or read_as(EXTRACTORS["final"], text)
        return None if place is None or locate.refuses(place.answer) else place

    return finding(kind.name, find, kind.key, kind.same)


def _options(question: str) -> Mapping[str, str]:
    """Return the lettered options of a question; "Team A: 5 points" are none of "How many"."""
    options = choices.options_in(question) if question else {}
    things = options and _HOW_MANY.search(question) and labelled.label_in(question, len(options))
    return {} if things else options


def _by_number(listed: Mapping[str, str], good: Sequence[str], question: str) -> Extractor | None:
    """Return the reader of numbered options, where a question asks which or it reads enough."""
    by_number = numbered.reader(tuple(listed.items()), question)
    read = sum(read_as(by_number, text, question) is not None for text in good)
    sure = numbered.asks_which(question) or numbered.are_lettered(listed)
    return by_number if sure or read >= _ENOUGH * len(good) > 0 else None


def _is_unfit(kind: Extractor, found: Sequence[Found], question: str) -> bool:
    """Say whether answers of a kind are none: the names x, y and z, a number of days."""
    if kind.name == "choice" and any(one.answer > _LAST_LETTER for one in found):
        return True
    if kind is DURATION and in_small_unit(question):  # "How many minutes ...?"
        return True
    return kind in _ONLY_IF and not any(_ONLY_IF[kind](one.answer) for one in found)


def _tried(question: str) -> Sequence[Extractor]:
    """Return the kinds that are tried for any question: yes and no answer no "which" or "who"."""
    if _HOW_MANY.search(question):
        return [kind for kind in KINDS if kind.name not in _NO_AMOUNTS]
    left_out = [YES_OR_NO] if _WH.search(question) and not _TRUTH.search(question) else []
    if _LETTER.search(question):
        left_out.append(EXTRACTORS["choice"])
    if clock.asks(question):
        left_out.append(EXTRACTORS["math"])
    return [kind for kind in KINDS if kind not in left_out]


def _says_more(text: str) -> bool:
    """Say whether a reply has several sentences, the last of which calculates nothing."""
    sentences = locate.sentences(text)
    return len(sentences) > 1 and "=" not in sentences[-1] and "$" not in sentences[-1]


def _plainer(
    kind: Extractor, found: Sequence[Found], good: Sequence[str], question: str
) -> Extractor:
    """Return the reader of numbers in place of that of formulas where it reads no fewer replies."""
    if kind.name != "math" or not all(is_number(one.answer) for one in found):
        return kind
    number = EXTRACTORS["number"]
    if _HOW_MANY.search(question) and any(map(_says_more, good)):
        return number  # which knows which thing a sentence speaks of
    read = sum(read_as(number, text, question) is not None for text in good)
    return number if read >= len(found) else kind


def _asks_for_words(good: Sequence[str], question: str) -> bool:
    """Say whether a question asks for words, by its "who" or as half of the replies fill it in."""
    if not question or _HOW_MANY.search(question):
        return False
    return _WHO.search(question) is not None or _fills_in_words(good, question)


def _own_kind(good: Sequence[str], question: str) -> Extractor | None:
    """Return the kind of a short question that names it: "Is ...?", "Which is larger, 7 or 12?".

    A list is one where the question says of how many items, or where a third of the replies do.
    """
    first = next(iter(kinds_of_question(question)), None)
    if polarity.asks_nothing_else(question) and first is not None and first.name != "text":
        return first
    for kind in kinds_of_question(question) if len(question) <= _SHORT_QUESTION else ():
        read = sum(read_as(kind, text, question) is not None for text in good)
        if kind.name == "text" and 3 * read < 2 * len(good):
            return TEXT  # one of the alternatives that it names, in other words
        counted = lists.count_in(question) is not None
        if kind.name == "list" and (counted or read and 3 * read >= len(good)):
            return kind
    return None


def _formulas(good: Sequence[str]) -> bool:
    """Say whether more replies state a formula than a number."""
    stated = [read_as(EXTRACTORS["math"], text) for text in good]
    formulas = sum(one is not None and bool(_FORMULA.search(one.answer)) for one in stated)
    return formulas > sum(read_as(EXTRACTORS["number"], text) is not None for text in good)


def _fills_in_words(good: Sequence[str], question: str) -> bool:
    """Say whether half of the replies or more fill words into the question, and no numbers."""
    number = EXTRACTORS["number"]
    read = [(restated(text, question), read_as(number, text, question)) for text in good]
    filled = [one for one, _ in read if one is not None]
    words = [one for one in filled if not any(char.isdigit() for char in one.answer.split()[0])]
    names = [one for one in words if one.answer[:1].isupper()]
    if any(one is not None and one.where == WHERE and said not in names for said, one in read):
        return False
    return bool(good) and 2 * len(words) >= len(good) and len(words) == len(filled)


# A forest reads its replies again after every wave, and after every answer where it cuts.
@lru_cache(maxsize=4_096)
def read_as(kind: Extractor, text: str, question: str = "") -> Found | None:
    """Return what a reply states; one that nothing is read in is read without its markup."""
    found = kind.located(text)
    if found is None and kind.name not in _EXACT and (bare := markup.bare(text)) != text:
        found = kind.located(bare)
    if found is None and question and kind.name == "literal":
        return outputs.error(text)
    return concluded.read(kind, text, found, question) if question else found
