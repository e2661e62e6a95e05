"""Reads all replies to one question together: one kind for all, equal answers under one name.

One reply alone often leaves open what it states. Next to the others, and with the question, most
replies can be read: three that state a number say that the fourth does too.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from manyminds.reading import choices, locate
from manyminds.reading.answers import EXTRACTORS, Extractor, find_final, finding, text_key
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ENOUGH = 0.6
"""Share of the replies that state something which a kind must be able to read."""
_YES_NO = re.compile(r"^(yes|no|true|false)\b(?!-)", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|a|an|der|die|das|le|la|les|el|los|las)\s+")
_ASIDE = re.compile(r"\s*[(\uff08][^()\uff08\uff09]{0,80}[)\uff09]\s*$")
_REASON = re.compile(r"[,;]?\s+(?:because|since|as it|weil|parce que|porque)\b.*", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:it(?:'|\u2019)?s|it is|that(?:'|\u2019)?s|this is|i think)\s+", re.IGNORECASE
)
_DENIES = re.compile(r"\b(?:not|never|nor|wrong|incorrect|instead|rather|\w+n't)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+", re.UNICODE)
_FORMULA = re.compile(r"[\\0-9=^+*/<>]|^[a-z]$")
_SET = re.compile(r"\\?\{(?P<items>[^{}]+?)\\?\}")
_DATES = ("%B %d, %Y", "%d %B %Y", "%Y-%m-%d", "%b %d, %Y", "%d %b %Y", "%d.%m.%Y")
_SHORT = 6  # words of a whole reply that can be an answer
_LONGEST = 2_000  # characters in which the answers of other replies are looked for


@dataclass(frozen=True)
class Reading:
    """What the replies to one question state.

    Attributes:
        kind: Kind of the answers: choice, yes or no, number, math, final (what a reply calls its
            answer), text, or the name of an extractor that was given.
        answers: The answer of each reply, equal answers in the same words. None: abstains.
        found: The answer of each reply in its own words, with the place where it stands.
        reasons: Why a reply abstains, else None.
        extractor: Reads and compares answers of this kind.
    """

    kind: str
    answers: list[str | None]
    found: list[Found | None]
    reasons: list[str | None]
    extractor: Extractor


def read_all(
    texts: Sequence[str | None], *, question: str = "", kind: str | Extractor | None = None
) -> Reading:
    """Read the replies to one question together.

    Args:
        texts: The replies. None: no reply, which abstains.
        question: The question. Lettered options in it make the answers choices.
        kind: Extractor to use for all replies. Default: the kind that suits most replies.

    Returns:
        One answer or abstention per reply. It never raises, whatever the texts are.
    """
    refused = [text is None or _refuses(text) for text in texts]
    good = [text for text, no in zip(texts, refused, strict=True) if text is not None and not no]
    chosen = _kind_of(good, question) if kind is None else _named(kind)
    found = [
        None if text is None or (no and kind is None) else _read(chosen, text)
        for text, no in zip(texts, refused, strict=True)
    ]
    if chosen is _TEXT:
        found = _mentioned(texts, found, refused)
    answers = _in_the_same_words([locate.answer_of(one) for one in found], chosen)
    reasons = [
        None if answer is not None else _why(text, no, chosen.name)
        for text, answer, no in zip(texts, answers, refused, strict=True)
    ]
    return Reading(chosen.name, answers, found, reasons, chosen)


def _named(kind: str | Extractor) -> Extractor:
    return EXTRACTORS[kind] if isinstance(kind, str) else kind


def _why(text: str | None, refused: bool, kind: str) -> str:
    if text is None or not text.strip():
        return "no reply"
    return "refuses to answer" if refused else f"no answer of kind {kind} was found"


def _kind_of(good: Sequence[str], question: str) -> Extractor:
    """Return the first kind that reads enough of the replies that state anything."""
    options = choices.options_in(question) if question else {}
    if options:
        return _lettered(tuple(options.items()))
    stated = sum(_read(EXTRACTORS["final"], text) is not None for text in good)
    for kind in (_YES_OR_NO, EXTRACTORS["choice"], EXTRACTORS["number"], EXTRACTORS["math"]):
        found = [place for text in good if (place := _read(kind, text)) is not None]
        # Mathematics also reads words: they are counted as text.
        read = sum(kind.name != "math" or bool(_FORMULA.search(one.answer)) for one in found)
        # A kind that leaves out what other replies call their answer reads past it.
        if read and read >= _ENOUGH * len(good) and read >= stated:
            return kind
    return _TEXT


# A forest reads its replies again after every wave, and after every answer where it cuts.
@lru_cache(maxsize=4_096)
def _read(kind: Extractor, text: str) -> Found | None:
    return kind.located(text)


@lru_cache(maxsize=4_096)
def _refuses(text: str) -> bool:
    return locate.refuses(readable(text))


@lru_cache(maxsize=64)
def _lettered(options: tuple[tuple[str, str], ...]) -> Extractor:
    def letter(text: str) -> Found | None:
        return choices.find(text, dict(options))

    return finding("choice", letter, lambda answer: answer.upper())


def _yes_or_no(text: str) -> Found | None:
    said, where = find_final(text) or Found(readable(text).strip(), "first word")
    word = _YES_NO.match(said.strip(" *_\"'`"))
    if word is None:
        return None
    return Found("yes" if word[1].casefold() in ("yes", "true") else "no", where)


def _stated_text(text: str) -> Found | None:
    """Return the words in which a reply states its answer."""
    place = find_final(text)
    text = readable(text)
    place = place or locate.found(locate.bold(text), "bold text")
    whole = text.strip()
    if place is None and len(whole.split()) <= _SHORT and not whole.endswith("?"):
        place = Found(whole, "whole reply")
    if place is None:
        return None
    said = _OPENING.sub("", _REASON.sub("", locate.plain(place.answer))).strip(" .,:;!*_\"'`")
    return locate.found(said or None, place.where)


def _plain_key(answer: str) -> str:
    """Return a text answer without case, article, quotes, aside and punctuation.

    A date becomes year, month and day; a set its sorted elements.
    """
    for form in _DATES:
        with suppress(ValueError):
            return datetime.strptime(answer.strip(" ."), form).date().isoformat()
    items = _SET.fullmatch(answer.strip())
    if items is not None:
        return "{" + ", ".join(sorted({item.strip() for item in items["items"].split(",")})) + "}"
    key = _ASIDE.sub("", text_key(answer)).strip("\"'`\u201c\u201d\u2018\u2019 .,:;!")
    return _ARTICLE.sub("", key) or key


_YES_OR_NO = finding("yes or no", _yes_or_no, text_key)
_TEXT = finding("text", _stated_text, _plain_key)


def _mentioned(
    texts: Sequence[str | None], stated: Sequence[Found | None], refused: Sequence[bool]
) -> list[Found | None]:
    """Give a reply without a stated answer the one answer of the others that it mentions."""
    known = {_plain_key(one.answer): one.answer for one in stated if one is not None}
    found = list(stated)
    for position, text in enumerate(texts):
        if found[position] is not None or text is None or refused[position]:
            continue
        shown = readable(text)[:_LONGEST]
        if _DENIES.search(shown):
            continue
        words = f" {' '.join(_WORD.findall(shown.casefold()))} "
        mentions = [answer for key, answer in known.items() if _holds(words, key)]
        if len(mentions) == 1:
            found[position] = Found(mentions[0], "mention of another reply's answer")
    return found


def _holds(words: str, key: str) -> bool:
    inner = " ".join(_WORD.findall(key))
    return bool(inner) and f" {inner} " in words


def _in_the_same_words(answers: Sequence[str | None], kind: Extractor) -> list[str | None]:
    """Replace each answer by the first answer of the ballot that it equals."""
    merge: Callable[[list[str]], dict[str, str]] = (
        _contained if kind is _TEXT else lambda distinct: _equal(distinct, kind)
    )
    distinct = list(dict.fromkeys(answer for answer in answers if answer is not None))
    same = merge(distinct)
    return [None if answer is None else same[answer] for answer in answers]


def _equal(distinct: list[str], kind: Extractor) -> dict[str, str]:
    first: dict[object, str] = {}
    return {answer: first.setdefault(kind.key(answer), answer) for answer in distinct}


def _contained(distinct: list[str]) -> dict[str, str]:
    """Merge "Paris, France" and "the city of Paris" into "Paris", "New York" not into "York"."""
    first: dict[str, str] = {}
    for answer in distinct:
        first.setdefault(_plain_key(answer), answer)
    merged = dict(zip(first, first, strict=True))
    for key in first:
        held = [other for other in first if other != key and _qualifies(key, other)]
        if len(held) == 1 and not _DENIES.search(key):
            merged[key] = held[0]
    return {answer: first[merged[_plain_key(answer)]] for answer in distinct}


def _qualifies(key: str, inner: str) -> bool:
    return key.startswith(f"{inner}, ") or key.endswith(f" of {inner}")
