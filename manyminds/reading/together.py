"""Reads all replies to one question together: one kind for all, equal answers under one name.

One reply alone often leaves open what it states. Next to the others, and with the question, most
replies can be read: three that state a number say that the fourth does too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from manyminds.reading import (
    choices,
    concluded,
    durations,
    given,
    labelled,
    lists,
    locate,
    markup,
    numbered,
    outputs,
    polarity,
)
from manyminds.reading.answers import EXTRACTORS, Extractor, finding
from manyminds.reading.concluded import WHERE, of_another
from manyminds.reading.discourse import supposes
from manyminds.reading.figures import is_number
from manyminds.reading.kinds import DURATION, KINDS, NUMBER_WITH_COMMA, kinds_of_question, lettered
from manyminds.reading.locate import Found
from manyminds.reading.measures import (
    apart,
    counted_alike,
    grouped_alike,
    in_small_unit,
    in_unit_asked,
    rounded_alike,
)
from manyminds.reading.mentions import is_sentence, mentioned
from manyminds.reading.numbers import has_decimal_comma
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.ranges import RANGE, is_range
from manyminds.reading.reasoning import readable
from manyminds.reading.restated import contradicts, restated
from manyminds.reading.texts import TEXT, in_words

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
_UNSURE = ("bold text", "first paragraph")
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
_ARITHMETIC = re.compile(  # asks for nothing but a number
    r"^\W*(?:what(?:'s|\s+is)|calculate|compute|evaluate|how\s+much\s+is|was\s+ist|combien\s+font|cu\u00e1nto\s+es)?"
    r"\s*(?=[^?]*[0-9]\s*[-+*/\u00d7\u00f7^x])[-+*/\u00d7\u00f7^().0-9x\s%=]+(?:\?|\.|$)",
    re.IGNORECASE,
)
_NO_AMOUNTS = frozenset(("yes or no", "choice", "date", "time"))
"""Kinds of answers that no question for an amount has."""
_UNTOLD = re.compile(
    r"\b(?:question|problem|text|task)\s+(?:does(?:n't|\s+not)|only)\s+(?:give|tell|say|state|specify|provide|mention)|\bn['o]t\s+(?:given|stated|specified|told)\b|\bwe\s+(?:only\s+know|aren't\s+told|are\s+not\s+told|don't\s+know)\b",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[0-9]x|(?<![0-9]\s)x|x(?!\s*[0-9])", re.IGNORECASE)  # "5 x 7" has none
_LAST_LETTER = "J"
_FORMULA = re.compile(
    r"[\\0-9=^+*/<>\u00b1\u221a\u03c0\u221e]|^[a-z]$|\b(?:sin|cos|tan|sec|csc|cot|log|ln|exp|sqrt)\b"
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
    answers_refusing = kind is None and any(map(_refuses, choices.options_in(question).values()))
    refused = [text is None or not answers_refusing and _refuses(text) for text in texts]
    good = [text for text, no in zip(texts, refused, strict=True) if text is not None and not no]
    chosen = _kind_of(good, question) if kind is None else _named(kind)
    found = [
        None
        if text is None or (no and kind is None)
        else _read(chosen, text, question if kind is None else "")
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
                number = _read(kind, filled.answer)
                filled = None if number is None else Found(number.answer, filled.where)
        read.append(filled or one)
    if kind is TEXT:
        return read
    read = counted_alike(given.added(read, texts, refused, question), texts, question)
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


def _kind_of(good: Sequence[str], question: str) -> Extractor:
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
    stated = sum(_read(EXTRACTORS["final"], text) is not None for text in good)
    with_comma = has_decimal_comma(question) or any(map(has_decimal_comma, good))
    number = NUMBER_WITH_COMMA if with_comma else EXTRACTORS["number"]
    if _ARITHMETIC.search(question) and not _VARIABLE.search(question):
        return number  # whatever else the replies calculate with
    own = _own_kind(good, question) if question else None
    left = () if own is not None or _asks_for_words(good, question) else _tried(question)
    for plain in (*kinds_of_question(question), *left):
        kind = number if plain is EXTRACTORS["number"] else plain
        found = [place for text in good if (place := _read(kind, text, question)) is not None]
        # Mathematics also reads words: they are counted as text.
        read = sum(kind.name != "math" or bool(_FORMULA.search(one.answer)) for one in found)
        if _is_unfit(kind, found, question):
            continue
        # A kind that leaves out what other replies call their answer reads past it.
        if read and read >= _ENOUGH * len(good) and read >= stated:
            return _plainer(kind, found, good, question)
    if own is None and _HOW_MANY.search(question) and not _formulas(good):
        return number  # a question that has no other kind, however few state one
    return own or TEXT


def _options(question: str) -> Mapping[str, str]:
    """Return the lettered options of a question; "Team A: 5 points" are none of "How many"."""
    options = choices.options_in(question) if question else {}
    things = options and _HOW_MANY.search(question) and labelled.label_in(question, len(options))
    return {} if things else options


def _by_number(listed: Mapping[str, str], good: Sequence[str], question: str) -> Extractor | None:
    """Return the reader of numbered options, where a question asks which or it reads enough."""
    by_number = numbered.reader(tuple(listed.items()), question)
    read = sum(_read(by_number, text, question) is not None for text in good)
    return by_number if numbered.asks_which(question) or read >= _ENOUGH * len(good) > 0 else None


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
    return [kind for kind in KINDS if kind not in left_out]


def _plainer(
    kind: Extractor, found: Sequence[Found], good: Sequence[str], question: str
) -> Extractor:
    """Return the reader of numbers in place of that of formulas where it reads no fewer replies."""
    if kind.name != "math" or not all(is_number(one.answer) for one in found):
        return kind
    number = EXTRACTORS["number"]
    read = sum(_read(number, text, question) is not None for text in good)
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
        read = sum(_read(kind, text, question) is not None for text in good)
        if kind.name == "text" and 3 * read < 2 * len(good):
            return TEXT  # one of the alternatives that it names, in other words
        counted = lists.count_in(question) is not None
        if kind.name == "list" and (counted or read and 3 * read >= len(good)):
            return kind
    return None


def _formulas(good: Sequence[str]) -> bool:
    """Say whether more replies state a formula than a number."""
    stated = [_read(EXTRACTORS["math"], text) for text in good]
    formulas = sum(one is not None and bool(_FORMULA.search(one.answer)) for one in stated)
    return formulas > sum(_read(EXTRACTORS["number"], text) is not None for text in good)


def _fills_in_words(good: Sequence[str], question: str) -> bool:
    """Say whether half of the replies or more fill words into the question, and no numbers."""
    number = EXTRACTORS["number"]
    read = [(restated(text, question), _read(number, text, question)) for text in good]
    filled = [one for one, _ in read if one is not None]
    words = [one for one in filled if not any(char.isdigit() for char in one.answer.split()[0])]
    names = [one for one in words if one.answer[:1].isupper()]
    if any(one is not None and one.where == WHERE and said not in names for said, one in read):
        return False
    return bool(good) and 2 * len(words) >= len(good) and len(words) == len(filled)


# A forest reads its replies again after every wave, and after every answer where it cuts.
@lru_cache(maxsize=4_096)
def _read(kind: Extractor, text: str, question: str = "") -> Found | None:
    """Return what a reply states; one that nothing is read in is read without its markup."""
    found = kind.located(text)
    if found is None and kind.name not in _EXACT and (bare := markup.bare(text)) != text:
        found = kind.located(bare)
    if found is None and question and kind.name == "literal":
        return outputs.error(text)
    return concluded.read(kind, text, found, question) if question else found


@lru_cache(maxsize=4_096)
def _refuses(text: str) -> bool:
    shown = readable(text)
    if locate.refuses(shown):
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
