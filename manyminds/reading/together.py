"""Reads all replies to one question together: one kind for all, equal answers under one name.

One reply alone often leaves open what it states. Next to the others, and with the question, most
replies can be read: three that state a number say that the fourth does too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from manyminds.reading import (
    choices,
    given,
    locate,
    polarity,
)
from manyminds.reading.answer_field import fields_of
from manyminds.reading.answers import EXTRACTORS, Extractor, finding
from manyminds.reading.appendix import LOOSE, answering, is_sectioned
from manyminds.reading.ballot_kind import decided, read_as
from manyminds.reading.concluded import PLAIN_PLACES, of_another
from manyminds.reading.cut_off import is_cut_off
from manyminds.reading.discourse import supposes
from manyminds.reading.locate import Found
from manyminds.reading.measures import (
    apart,
    counted_alike,
    grouped_alike,
    in_unit_asked,
    rounded_alike,
)
from manyminds.reading.mentions import is_sentence, mentioned
from manyminds.reading.reasoning import readable
from manyminds.reading.restated import contradicts, restated
from manyminds.reading.revised import undecided
from manyminds.reading.texts import TEXT, in_words

_UNSURE = ("bold text", "first paragraph")
_UNTOLD = re.compile(
    r"\b(?:question|problem|text|task)\s+(?:does(?:n't|\s+not)|only)\s+(?:give|tell|say|state|specify|provide|mention)|\bn['o]t\s+(?:given|stated|specified|told)\b|\bwe\s+(?:only\s+know|aren't\s+told|are\s+not\s+told|don't\s+know)\b",
    re.IGNORECASE,
)


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
    if question and kind is None:
        texts = [text and answering(text, question) for text in texts]
    answers_refusing = kind is None and any(map(_refuses, choices.options_in(question).values()))
    refused = [text is None or not answers_refusing and _refuses(text) for text in texts]
    good = [text for text, no in zip(texts, refused, strict=True) if text is not None and not no]
    chosen = decided(good, question) if kind is None else _named(kind)
    found = [
        None
        if text is None or (no and kind is None)
        else read_as(chosen, text, question if kind is None else "")
        for text, no in zip(texts, refused, strict=True)
    ]
    if question and kind is None:
        found = _with_restated(texts, found, refused, question, chosen)
    if chosen is TEXT:
        unclear = [
            no or bool(question) and text is not None and contradicts(text, question)
            for text, no in zip(texts, refused, strict=True)
        ]
        found = mentioned(texts, found, unclear, question)
        chosen = in_words(question)
    if question and kind is None:
        found = [
            None if one is not None and _says_nothing(text or "", one, question) else one
            for one, text in zip(found, texts, strict=True)
        ]
    said = [locate.answer_of(one) for one in found]
    if chosen.name == "number" and kind is None:
        said = rounded_alike(grouped_alike(said))
    if chosen.name == "yes or no" and polarity.speak_of_truth(good, question):
        said = [polarity.AS_TRUTH.get(one or "", one) for one in said]
    answers = _in_the_same_words(said, chosen)
    if chosen.name == "number" and kind is None and (told := apart(texts, answers)) != answers:
        answers, chosen = told, finding("number", chosen.located, str)
    reasons = [
        None if answer is not None else _why(text, no, chosen.name)
        for text, answer, no in zip(texts, answers, refused, strict=True)
    ]
    return Reading(chosen.name, answers, found, reasons, chosen)


def _says_nothing(text: str, found: Found, question: str) -> bool:
    """Say whether what was read stands at the end of a reply that breaks off or has sections."""
    if found.where.startswith(PLAIN_PLACES):
        return False
    return is_cut_off(readable(text)) or found.where in LOOSE and is_sectioned(text, question)


def _with_restated(
    texts: Sequence[str | None],
    found: Sequence[Found | None],
    refused: Sequence[bool],
    question: str,
    kind: Extractor,
) -> list[Found | None]:
    """Read the replies that are left over where a sentence of theirs repeats the question."""
    if kind is not TEXT and kind.name != "number":
        return list(found)
    read: list[Found | None] = []
    for text, one, no in zip(texts, found, refused, strict=True):
        filled = None
        loose = one is not None and (is_sentence(text, one) or one.where in _UNSURE)
        open_ = one is None or kind is TEXT and loose
        if text is not None and not no and open_:
            filled = restated(text, question)
            if filled is not None and kind is not TEXT:
                number = read_as(kind, filled.answer)
                filled = None if number is None else Found(number.answer, filled.where)
        read.append(filled or one)
    if kind is TEXT:
        return read
    closed = [
        no or text is not None and fields_of(text) is not None
        for text, no in zip(texts, refused, strict=True)
    ]
    read = counted_alike(given.added(read, texts, closed, question), texts, question)
    read = [
        None if one is not None and of_another(text or "", one, question) else one
        for text, one in zip(texts, read, strict=True)
    ]
    return in_unit_asked(read, texts, question)


def _named(kind: str | Extractor) -> Extractor:
    return EXTRACTORS[kind] if isinstance(kind, str) else kind


def _why(text: str | None, refused: bool, kind: str) -> str:
    if text is None or not text.strip():
        return "no reply"
    return "refuses to answer" if refused else f"no answer of kind {kind} was found"


@lru_cache(maxsize=4_096)
def _refuses(text: str) -> bool:
    shown = readable(text)
    if locate.refuses(shown) or undecided(shown) and not locate.places(shown):
        return True
    last = locate.sentences(shown)[-1:] if _UNTOLD.search(shown) else []
    return bool(last) and supposes(last[0])  # "It doesn't say. With 5 of them, it would be 10."


def _in_the_same_words(answers: Sequence[str | None], kind: Extractor) -> list[str | None]:
    """Replace each answer by the first answer of the ballot that it equals."""
    distinct = list(dict.fromkeys(answer for answer in answers if answer is not None))
    same = _equal(distinct, kind) if kind.together is None else kind.together(distinct)
    return [None if answer is None else same[answer] for answer in answers]


def _equal(distinct: list[str], kind: Extractor) -> dict[str, str]:
    first: dict[object, str] = {}
    return {answer: first.setdefault(kind.key(answer), answer) for answer in distinct}
