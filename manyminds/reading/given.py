"""Numbers of a reply next to those of the question: what it adds to them is its answer.

"You need 5 cups of flour for 30 cookies" says 5 where the question asks for 30 cookies; alone, it
has two numbers.
"""

import re
from collections.abc import Sequence

from manyminds.reading import digits, figures, locate, numbers
from manyminds.reading.asked import content
from manyminds.reading.cut_off import is_cut_off, stops_short
from manyminds.reading.figures import TOKEN
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import stem
from manyminds.reading.subjects import sentence_asked

NEW = "number that the question lacks"
_LOOSE = frozenset(["whole reply", "last sentence", "only number"])
_LONGEST = 400  # characters of a sentence
_LONGEST_QUESTION = 2_000
_UNCERTAIN = re.compile(
    r"\b(?:or|between|at\s+least|at\s+most|more\s+than|less\s+than|fewer\s+than|up\s+to|over|under|might|maybe"
    r"|perhaps|if|not|cannot|never|oder|ou|if|whether|except|each|every|pairs?)\b|n't\b|[?<>\u2264\u2265\u00b1~]|[0-9]\s?(?:[\u2013-]|to\b|bis\b|\u00e0\b)\s?[0-9]|\u6216",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"\W*(?:let\b|suppose\b|assum|first\b|next\b|then\b|step\b|to\s+\w+[^,]*,|for\s+(?:example|instance)\b|we\s+(?:need|have)\s+to\b"
    r"|[0-9]{1,2}[.)]\s|each\b|every\b)",
    re.IGNORECASE,
)
_SO = re.compile(
    r"\W*(?:so|thus|therefore|hence|in\s+total|altogether|in\s+all|consequently|finally|donc|por\s+lo\s+tanto|as\u00ed|daher"
    r"|also|insgesamt|\u56e0\u6b64|\u6240\u4ee5)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\W*(?P<words>(?:[^\W\d_]+\s){0,3}[^\W\d_]+)\W{0,3}:\W{0,3}\s[-$\u20ac\u00a3]{0,2}\s?[0-9][0-9.,]*(?:\s?[^\W\d_]{1,15}|\s?%)?[.!*]*"
)
_COMES_TO = re.compile(
    r"(?:[=\u2248]|\b(?:is|are|equals?|leaves?|gives?|makes?|get|ist|sind|ergibt|est|fait|es|son|da|\u00e8|fa|\u00e9))\s+(?:an?\s+)?",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:one|two|three)\s+(?:numbers?|fractions?|values?|terms?|parts?|steps?|ways?|sides?|of)\b",
    re.I,
)
_NONE = re.compile(
    r"(?:none|not\s+(?:one|any|a\s+single\s+one)|nil|no\s+(?P<unit>[a-z]{3,20}))"
    r"(?:\s+(?:at\s+all|of\s+them|are\s+\w+|remain|is\s+\w+))?[.!]*",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow\s+many\s+(?P<unit>[a-z]{3,20})\b", re.IGNORECASE)
_UNCLEAR = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}\.[0-9]{3}(?![0-9])")  # thousands, or not
_BARE = re.compile(r"[0-9]\s*(?:[,;]\s|$|[.]\s*$)")  # a number of nothing
_COMPARES = re.compile(r"\b(?:but|while|whereas|unlike|although|however)\b", re.IGNORECASE)
_COPULA = re.compile(r"\b(?:is|are|was|were|equals?|makes?|gives?)\b", re.I)
_EQUATION = re.compile(r"[=\u2248+*/\u00d7\u00f7^]|\\")


def added(
    found: Sequence[Found | None],
    texts: Sequence[str | None],
    refused: Sequence[bool],
    question: str,
) -> list[Found | None]:
    """Read replies that have no certain number by the one number that they add to the question.

    Args:
        found: What each reply states.
        texts: The replies.
        refused: Whether each refuses to answer.
        question: The question.

    Returns:
        As `found`. Replies with a box, a field or a cue stay as they are.
    """
    comma = numbers.has_decimal_comma(question)
    given = _values(question[-_LONGEST_QUESTION:], comma=comma)
    unit = _HOW_MANY.search(question)
    counted = None if unit is None else _counting(unit["unit"])
    read: list[Found | None] = []
    for text, one, no in zip(texts, found, refused, strict=True):
        if one is None and unit is not None and text is not None and _is_none(text, unit["unit"]):
            read.append(Found("0", "whole reply"))
            continue
        loose = one is None or one.where in _LOOSE and figures.value(one.answer) in given
        if text is None or no or not loose or locate.places(readable(text)):
            read.append(one)
            continue
        read.append(_added(readable(text), given, counted, question, comma=comma) or one)
    return read


def _is_none(text: str, unit: str) -> bool:
    """Return whether a reply says that there is none of what a question counts: "No apples."."""
    said = _NONE.fullmatch(text.strip())
    named = said["unit"] if said is not None else None
    return said is not None and (named is None or stem(named.casefold()) == stem(unit.casefold()))


def _counting(unit: str) -> re.Pattern[str]:
    """Return what finds a number of the things that a question counts: "24 legs"."""
    stem = re.escape(unit.casefold().removesuffix("s"))
    return re.compile(
        rf"(?P<token>{TOKEN.pattern})\s+(?:\w+\s+)?{stem}\w{{0,2}}\b", re.VERBOSE | re.IGNORECASE
    )


def _plain(text: str) -> str:
    text = _SEVERAL.sub(" ", text)
    return digits.plain(digits.spelled(digits.plain(digits.mixed(text))))


def _values(text: str, *, comma: bool) -> dict[float, str]:
    """Return the numbers of a text by their values."""
    values: dict[float, str] = {}
    plain = _plain(text)
    for token in TOKEN.finditer(plain):
        written = figures.written(token, comma=comma)
        value = None if written is None else figures.value(written)
        if value is not None and written is not None:
            values.setdefault(value, written)
            if value < 0 and token.start() and plain[token.start() - 1].isdigit():
                values.setdefault(-value, written.removeprefix("-"))  # 1756-1791
    return values


def _is_labelled(last: str, question: str) -> bool:
    """Say whether a last sentence is a number behind words of the question: "Balance: $2,200."."""
    label = _LABEL.fullmatch(last)
    words = frozenset[str]() if label is None else content(label["words"])
    return bool(words) and words <= content(sentence_asked(question))


def _repeats_result(sentences: list[str], given: dict[float, str], *, comma: bool) -> bool:
    """Say whether the only new number of a last sentence is what an earlier one came to."""
    ending = sentences[-1][:_LONGEST] if sentences else ""
    values = [value for value in _values(ending, comma=comma) if value not in given]
    before = _plain(" ".join(sentences[:-1])[-_LONGEST:])
    tokens = (TOKEN.match(before, verb.end()) for verb in _COMES_TO.finditer(before))
    results = {
        figures.value(figures.written(token, comma=comma) or "") for token in tokens if token
    }
    return len(values) == 1 and values[0] in results


def _added(
    text: str,
    given: dict[float, str],
    counted: "re.Pattern[str] | None",
    question: str,
    *,
    comma: bool,
) -> Found | None:
    comma = comma or numbers.has_decimal_comma(text)
    if is_cut_off(text) or stops_short(text):
        return None
    sentences = locate.sentences(text)
    every = [value for sentence in sentences for value in _values(sentence[:_LONGEST], comma=comma)]
    last = sentences[-1] if sentences else ""
    sure = _SO.match(last) or len(set(every)) == 1
    sure = sure or _is_labelled(last, question)
    sure = sure or _repeats_result(sentences, given, comma=comma)
    if len(sentences) > 1 and not sure:
        with_numbers = [one for one in sentences if _values(one[:_LONGEST], comma=comma)]
        if len(with_numbers) != 1:
            return None
        last = with_numbers[0]
    if not last or len(last) > _LONGEST or _UNCERTAIN.search(last) or _STEP.match(last):
        return None
    if _EQUATION.search(last) or _UNCLEAR.search(last) or len(_COPULA.findall(last)) > 1:
        return None
    values = _values(last, comma=comma)
    new = {value: written for value, written in values.items() if value not in given}
    if counted is not None and len(new) > 1 and not _COMPARES.search(last):
        named = {m["token"].strip() for m in counted.finditer(_plain(last))}
        if len(named) == 1 and not _BARE.search(_plain(last)):
            return Found(named.pop(), NEW)
    if len(new) == 1:
        return Found(next(iter(new.values())), NEW)
    if not new and counted is not None:
        named = {m["token"] for m in counted.finditer(_plain(last))}
        new = _values(named.pop(), comma=comma) if len(named) == 1 else {}
    elif not new and len(set(every)) == 1:
        new = values
    return Found(next(iter(new.values())), NEW) if len(new) == 1 else None
