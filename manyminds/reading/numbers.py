r"""Numbers in replies: `$1,234.50`, `-3`, `1/2`, `3 1/2`, `50%`, `2 million`, `6.02e23`, `2^10`.

A percentage is its figure (50% = 50), as graders of word problems take it; units and currency are
dropped. Equality is of value: 1/2 = 0.5, 18.00 = 18. Ranges, dates, times, tuples and several
values are no number: they abstain.
"""

import re
from functools import lru_cache, partial

from manyminds.reading import answer_field, digits, locate, steps
from manyminds.reading.asserted import without_checks
from manyminds.reading.cues import COMMA_WORDS, CONCLUDES, DENIED, UNKNOWN, VACUOUS, answers_in
from manyminds.reading.cut_off import is_cut_off, stops_short
from manyminds.reading.discourse import is_marked, so
from manyminds.reading.figures import TOKEN, value, written
from manyminds.reading.locate import Found, found
from manyminds.reading.number_places import (
    AFTER,
    EQUALS,
    LONGEST,
    NUMBER,
    ROUNDED,
    SO,
    first_number,
    in_sentence,
    lists_more,
    only_number,
    stated_number,
)
from manyminds.reading.reasoning import readable
from manyminds.reading.revised import settled

_RESULTS = re.compile(r"[=\u2248]\s*")
_ASSIGNED = re.compile(r"^\W*(?:\$|\\\()?([A-Za-z]\w?)\s*(?:=|equals|is)\s*-?[0-9][0-9.,/]*\W*$")
_VARIABLE = re.compile(  # "Add 12: x equals 19."
    r"(?:^|[\s:,$(])[a-zA-Z]\$?\s+(?:equals|is(?:\s+equal\s+to)?|must\s+be|ist(?:\s+gleich)?|est\s+\u00e9gale?\s+\u00e0|vaut|es\s+igual\s+a|\u00e8\s+uguale\s+a|\u00e9\s+igual\s+a|\u0440\u0430\u0432\u0435?\u043d)"
    r"\s+\$?-?[0-9][0-9.,/]*\$?\s*[.!]?\s*$"
)
_SUPPOSES = re.compile(  # in a reply that says that it cannot tell
    r"\b(?:if|assuming|supposing)\b[^.\n]*\b(?:would|could|might)\b", re.IGNORECASE
)
_ALONE = re.compile(r"[-+$\u20ac\u00a3]{0,2}[0-9][0-9,.]*[0-9%]?")
_WITH_UNIT = re.compile(  # "20 minutes.", "Three cats"
    r"[-+$\u20ac\u00a3]{0,2}[0-9][0-9,./]*(?:\s?[%$\u20ac\u00a3\u00b0]|\s?[^\W\d_]{1,15}[\u00b2\u00b3]?\.?){0,3}[.!]?"
)
_ADDS = re.compile(r"\b(?:also|additionally|as\s+well|in\s+addition)\b", re.IGNORECASE)
_EQUATION = re.compile(r"[0-9)\w]\s*=\s*[-$\u20ac\u00a3]{0,2}\s?[0-9]")
_YIELDS = re.compile(
    r"\W*(?:adding|summing|subtracting|multiplying|dividing|combining|together|all\s+of)\b[^.]*\b(?:gives?|yields?|makes?|get|obtain|comes\s+to|amounts\s+to)\b",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"\b(?:sum|totals?|value|summe|gesamt)\b[^.\n]{0,30}$|[\u603b\u4e00]\u5171\S{0,4}$|\u5408\u8ba1\S{0,4}$",
    re.I,
)
_IN_YEAR = re.compile(
    r"\b(?:in|since|by|before|after|until|from|vor|nach|seit|bis|avant|apr\u00e8s|depuis|en|antes\s+de|despu\u00e9s\s+de|desde|nel|prima\s+del|dal)\s+(?:1[5-9]|20)[0-9]{2}\b",
    re.IGNORECASE,
)
_EASTERN_SO = re.compile(
    "\u306a\u306e\u3067|\u3067\u3059\u304b\u3089|\u3060\u304b\u3089|\u3057\u305f\u304c\u3063\u3066|\u3088\u3063\u3066|\u6240\u4ee5|\u56e0\u6b64"
)
_CUE = 40  # characters before what a cue states
_CONTRADICTS = re.compile(r"\bcontradict|\bimpossible\b|\babsurd", re.IGNORECASE)
_BULLET = re.compile(r"-\s+[0-9.]+\s*")
_PRINTED = re.compile(r"^\s*print\((.*)\)\s*$", re.DOTALL)
_COMMA_NUMBER = re.compile(
    r"(?<![0-9.,])(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{4,20}),[0-9]{1,2}(?![0-9.,])"
)
_EUROS = re.compile(
    r"(?<![0-9.,])[0-9]{1,3},[0-9]{2}\s?(?:€|euros?\b|eur\b)|€\s?[0-9]{1,3},[0-9]{2}(?![0-9])",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|is|are|of|and|to|will|which|have|that|there)\b", re.IGNORECASE)
_TAIL = 3_000  # characters in which a decimal comma is looked for
_LONGEST = 20_000  # characters of a reply's end in which a cue in another language is looked for


def extract(text: str) -> str | None:
    r"""Return the number a reply gives as its answer, without separators, currency and units."""
    return locate.answer_of(find(text))


def find(text: str, *, comma: bool = False) -> Found | None:
    """Return the number a reply gives as its answer, and where it is.

    Args:
        text: The reply.
        comma: Whether the decimal mark is the comma, as other replies show.

    Returns:
        The number. A field, box or cue that states something else than one number abstains: it is
        the answer.
    """
    own = _decimal_comma(readable(text))
    comma = own or comma and not _ENGLISH.search(text[:_TAIL])
    return settled(partial(_find, comma=comma), text)


def _find(text: str, *, comma: bool) -> Found | None:
    for raw, (place, where) in zip(locate.places(text), locate.stated(text), strict=True):
        if lists_more(raw.answer):
            return None
        whole = answer_field.field(text) if where == "JSON field" else None
        if whole is not None and len(locate.sentences(whole)) > 1:  # a solution, not an answer
            said = _concluded(whole, comma=comma)
            return said and Found(said.answer, f"{where}, {said.where}")
        if UNKNOWN.match(place) or _SUPPOSES.search(text) and locate.refuses(text):
            return None
        if DENIED.match(place) and NUMBER.search(digits.spelled(place[:LONGEST])):
            return None
        number, other = stated_number(place, comma=comma)
        if (
            number is not None
            or other
            or where in ("JSON field", "box")
            or not VACUOUS.match(place)
        ):
            return found(number, where)
    return _concluded(text, comma=comma)


def key(answer: str) -> float | str:
    """Return the value of an answer, equal for equal values; its text if it has none."""
    number = value(answer)
    if number is None:
        token = extract(answer)
        number = value(token) if token is not None else None
    return number if number is not None else " ".join(answer.casefold().split())


@lru_cache(maxsize=1_024)
def has_decimal_comma(text: str) -> bool:
    """Return whether a reply writes a number whose comma can only be a decimal mark."""
    return _COMMA_NUMBER.search(text[:_TAIL]) is not None or _decimal_comma(text)


@lru_cache(maxsize=1_024)
def _decimal_comma(text: str) -> bool:
    """Return whether a reply writes in a language whose decimal mark is the comma."""
    cued = (cue["comma"] for cue in answers_in(text[-_LONGEST:]))
    return (
        any(cued)
        or _EUROS.search(text[:_TAIL]) is not None
        or len(COMMA_WORDS.findall(text[:2000])) >= 2 + 2 * len(_ENGLISH.findall(text[:2000]))
    )


def _concluded(text: str, *, comma: bool) -> Found | None:
    """Return the number in which a reply without a cue ends, where it is clear which."""
    if locate.refuses(text) or _BULLET.fullmatch(text) or text.rstrip().endswith("?"):
        return None
    if answer_field.only_reasons(text):
        return None
    text = without_checks(text)
    if len(lines := [line.strip(" *_") for line in text.splitlines() if line.strip()]) > 1:
        first, *rest = lines
        paragraph = text.lstrip().partition("\n")[2].startswith("\n")
        spoken = digits.spelled(first) if paragraph else first
        if _ALONE.fullmatch(first) or paragraph and _WITH_UNIT.fullmatch(spoken):
            return _opened(spoken, rest, comma=comma, explained=paragraph)
    block = locate.fenced(text)
    after = text.rpartition("```")[2] if block is not None else ""
    if block is not None and not NUMBER.search(digits.spelled(after)):
        printed = _PRINTED.match(block)
        return found(
            first_number(printed[1] if printed else block.strip(), comma=comma), "code fence"
        )
    text = after or text
    for place, where in _marked(text):
        if place and where == "result" and _goes_on(text, text.rfind(place), place):
            continue  # "Total: 3 + 4 = 7. Half of it is 7 / 2 = 3.5."
        if place and ROUNDED.search(place):  # "is 8.33, which rounds to 8"
            return found(in_sentence(place, comma=comma), where)
        number, other = stated_number(locate.plain(place), comma=comma) if place else (None, False)
        if other:
            return found(number, where)
    ending = locate.sentences(text)
    return _in_ending(text, ending, comma=comma) if ending else None


def _goes_on(text: str, at: int, place: str) -> bool:
    """Say whether a reply calculates further after a result, or concludes from a sum later."""
    later = text[at + len(place) :]
    if _EQUATION.search(later):
        return True
    ending = locate.sentences(later) if _SUM.search(text, max(0, at - _CUE), at) else []
    return any(
        NUMBER.search(one) and (so(one) or is_marked(one) or _YIELDS.match(one)) for one in ending
    )


def _marked(text: str) -> list[tuple[str | None, str]]:
    """Return what follows "total:" or "the sum is", and the last bold text; the later one first."""
    bold, result = locate.bold(text), locate.after_result(text)
    result = result and _EASTERN_SO.split(result)[-1]
    later = bold is not None and result is not None and text.rfind(bold) > text.rfind(result)
    places = [(result, "result"), (bold, "bold text")]
    return places[::-1] if later else places


def _in_ending(text: str, ending: list[str], *, comma: bool) -> Found | None:
    """Return the number in the last sentence, or in the only one with a number."""
    spoken = digits.spelled(ending[0]).rstrip(" .!")
    further = any(CONCLUDES.match(one) or SO.search(one) or "=" in one for one in ending[1:])
    named = not NUMBER.search(text) or not NUMBER.search(ending[0]) and not further
    if len(ending) > 1 and only_number(spoken) and named:
        return found(first_number(spoken, comma=comma), "first sentence")  # "Zero. None is left."
    if _CONTRADICTS.search(ending[-1]) or _assigns_several(ending) or _has_only_years(ending):
        return None
    alone = len([s for s in ending if NUMBER.search(s)]) == 1 or len(ending) == 1
    if not alone and _ADDS.search(ending[-1]):
        return None  # "There are 4 cats. There are also 9 dogs."
    last = next((s for s in reversed(ending) if NUMBER.search(s)), ending[-1])
    if not (
        alone
        or last == ending[-1]
        and (
            CONCLUDES.match(last)
            or _YIELDS.match(last)
            or SO.search(last)
            or EQUALS.search(last)
            or only_number(last)
            or _VARIABLE.search(last)
            or AFTER.match(last)
            and EQUALS.search(text)
            or _repeats(last, text)
        )
    ):
        return None
    if (
        steps.leads(last, equation=EQUALS.search(last) is not None)
        or is_cut_off(text)
        or stops_short(text)
    ):
        return None
    whole = len(ending) == 1 and len(text) < LONGEST
    where = "whole reply" if whole else "last sentence" if last == ending[-1] else "only number"
    return found(in_sentence(last, comma=comma), "equation" if EQUALS.search(last) else where)


def _has_only_years(ending: list[str]) -> bool:
    """Say whether the only figures of sentences are years, and numbers stand in words."""
    text = " ".join(ending)
    bare = _IN_YEAR.sub(" ", text)
    worded = len(ending) > 1 and bare != text and not NUMBER.search(bare)
    return worded and NUMBER.search(digits.spelled(bare)) is not None


def _opened(first: str, rest: list[str], *, comma: bool, explained: bool) -> Found | None:
    """Return the number that a reply opens with, if what follows ends in no other one.

    Behind a blank line an explanation follows, which may end in any number that it does not call
    its conclusion.
    """
    number = stated_number(first, comma=comma)[0]
    ended = _concluded("\n".join(rest), comma=comma)
    agrees = ended is None or number is not None and key(ended.answer) == key(number)
    several = any(_WITH_UNIT.fullmatch(line) for line in rest)
    ending = locate.sentences("\n".join(rest))
    marked = any(CONCLUDES.match(one) or SO.search(one) or is_marked(one) for one in ending)
    fine = agrees or explained and not marked
    where = "first line" if agrees or marked else "first paragraph"
    return found(number, where) if fine and not several else None


def _assigns_several(lines: list[str]) -> bool:
    """Say whether a reply ends in values of different names: "x = 7", "y = 4"."""
    names = [m[1] if (m := _ASSIGNED.match(line)) else None for line in lines[-2:]]
    return len(set(names)) == 2 and None not in names


def _repeats(last: str, text: str) -> bool:
    """Say whether a sentence has one number, which an equation before it gave."""
    tokens = {written(token) for token in TOKEN.finditer(digits.plain(last))}
    before = text[: text.rfind(last)][-_TAIL:]
    results = {written(token) for token in map(TOKEN.match, _RESULTS.split(before)[1:]) if token}
    return len(tokens) == 1 and tokens <= results
