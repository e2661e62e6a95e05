"""Dates in replies, in seven languages: `July 4, 1776`, `4. Juli 1776`, `1776-07-04`.

A date that could be read in two ways, such as 3/4/2020, is not read.
"""

import re
from collections.abc import Sequence
from datetime import date

from manyminds.reading import locate
from manyminds.reading.discourse import behind_colon
from manyminds.reading.locate import Found
from manyminds.reading.number_places import EQUALS, SO
from manyminds.reading.reasoning import readable

_NAMES = (
    "jan january januar janvier enero января",
    "feb february februar février febrero февраля",
    "mar march märz mars marzo марта",
    "apr april avril abril апреля",
    "may mai mayo мая",
    "jun june juni juin junio июня",
    "jul july juli juillet julio июля",
    "aug august août agosto августа",
    "sep sept september septembre septiembre сентября",
    "oct october okt oktober octobre octubre октября",
    "nov november novembre noviembre ноября",
    "dec december dez dezember décembre diciembre декабря",
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|\.)?"
_YEAR = r"(?P<year>[0-9]{4})"
_FORMS = tuple(
    re.compile(rf"(?<![\w/-]){form}(?![\w/]|-[0-9])", re.IGNORECASE)
    for form in (
        rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}",
        rf"{_DAY}\s+(?:of\s+|de\s+)?{_MONTH},?\s+(?:of\s+|de\s+|del\s+)?{_YEAR}",
        rf"{_YEAR}[-/](?P<number>[0-9]{{1,2}})[-/]{_DAY}",
        rf"(?P<day>1[3-9]|2[0-9]|3[01])[/-](?P<number>[0-9]{{1,2}})[/-]{_YEAR}",
        rf"(?P<number>[0-9]{{1,2}})[/-](?P<day>1[3-9]|2[0-9]|3[01])[/-]{_YEAR}",
        rf"{_DAY}(?<=\.)\s?(?P<number>[0-9]{{1,2}})\.\s?{_YEAR}",
    )
)
_YEARLESS = tuple(  # "on December 25th"
    re.compile(rf"(?<![\w/-])(?:(?:on|am|le|el)\s+)?(?:the\s+)?{form}(?![\w/:%-])", re.IGNORECASE)
    for form in (rf"{_MONTH}\s+{_DAY}", rf"{_DAY}\s*(?:of\s+|de\s+)?{_MONTH}")
)
_EITHER_WAY = re.compile(  # 09/06/2023 is in June or in September
    r"(?<![\w/.-])(?P<first>[0-9]{1,2})[/.-](?P<second>[0-9]{1,2})[/.-](?P<year>[0-9]{4})(?![\w/-])"
)
_DAY_FIRST = re.compile(
    r"\b(?:day\s?/\s?month|dd?\s?/\s?mm?\b|tt\.mm|jj/mm|d\u00eda/mes|dia/m\u00eas)", re.IGNORECASE
)
_MONTH_FIRST = re.compile(r"\b(?:month\s?/\s?day|mm?\s?/\s?dd?\b)", re.IGNORECASE)
_VERBS = frozenset(("may", "march", "mar"))  # "may 5", in lower case
_EASTERN = re.compile(
    r"(?P<year>[0-9]{4})\s*年\s*(?P<number>[0-9]{1,2})\s*月\s*(?P<day>[0-9]{1,2})\s*日"
)
_IS_ON = re.compile(  # "is due on"
    r"\b(?:is|was|falls?|ends?|will\s+be|ist|war|f\u00e4llt|est|tombe|es|cae|\u00e8|cade|\u00e9|cai)\b(?=\s+(?:\w+\s+){0,2}?(?:on\s+|am\s+|el\s+|le\s+|the\s+)?(?:[A-Z][a-z]+\.?\s[0-9]|[0-9]))"
)
_NOT = re.compile(r"\b(?:not|nicht|pas|no|non|or|oder|ou|between)\b|n['\u2019]t\b", re.IGNORECASE)
_LONGEST = 400  # characters of a place or a short reply that holds a date


def find(text: str) -> Found | None:
    """Return the date that a reply states, and where it is; None for two dates."""
    text = readable(text)
    for place, where in locate.places(text):
        return _only(place, where)
    sentences = locate.sentences(text)
    found = _only(sentences[-1], "last sentence") if sentences else None
    if found is None and sentences and (said := _concluding(sentences[-1])) is not None:
        return _only(said, "conclusion")
    if found is None or not key(found.answer).startswith("--") or len(_yearless(text)) == 1:
        return found
    return None


def _concluding(sentence: str) -> str | None:
    """Return what a sentence with several dates concludes: "A + 45 days = B", "... so it is B"."""
    statement = behind_colon(sentence)
    said = SO.split(EQUALS.split(statement or sentence)[-1])[-1]
    verbs = list(_IS_ON.finditer(said))
    said = said[verbs[-1].start() :] if verbs else said
    return None if said == sentence or _NOT.search(said) else said


def key(answer: str) -> str:
    """Return year, month and day of a date; the text itself where it holds none.

    A date without its year is "--12-25".
    """
    days = _dates(answer)
    yearless = [m for form in _YEARLESS if (m := form.fullmatch(answer.strip(" .!")))]
    if not days and yearless:
        return _day(yearless[0]) or answer
    return next(iter(days)) if len(days) == 1 else " ".join(answer.casefold().split())


def _only(place: str, where: str) -> Found | None:
    days = _dates(place) or _days(place)
    return Found(next(iter(days.values())), where) if len(days) == 1 else None


def together(distinct: Sequence[str]) -> dict[str, str]:
    """Return the dates of one ballot in the same words where they are equal.

    A date without its year is the only one of the ballot with that day.
    """
    first: dict[str, str] = {}
    keys = {answer: first.setdefault(key(answer), answer) and key(answer) for answer in distinct}
    same: dict[str, str] = {}
    for answer, day in keys.items():
        whole = [other for other in first if day.startswith("--") and other.endswith(day[1:])]
        full = [other for other in whole if other != day]
        same[answer] = first[full[0] if len(full) == 1 else day]
    return same


def _day(found: re.Match[str]) -> str | None:
    """Return month and day of a date without its year."""
    month, day = _MONTHS[found["month"].casefold()], int(found["day"])
    return f"--{month:02}-{day:02}" if 1 <= day <= 31 else None


def _yearless(text: str) -> dict[str, str]:
    return {
        day: m[0]
        for form in _YEARLESS
        for m in form.finditer(text[:_LONGEST])
        if m["month"] not in _VERBS and (day := _day(m)) is not None
    }


def _days(text: str) -> dict[str, str]:
    """Return the one date without a year in a text that has no other figures."""
    found = _yearless(text)
    rest = text if len(found) != 1 else text.replace(next(iter(found.values())), " ")
    return {} if len(found) != 1 or re.search("[0-9]", rest) else found


def _dates(text: str) -> dict[str, str]:
    """Return the dates in a text: the words of each by year, month and day."""
    days: dict[str, str] = {}
    for form in (*_FORMS, _EASTERN):
        for found in form.finditer(text[:_LONGEST]):
            parts = found.groupdict()
            month = _MONTHS.get((parts.get("month") or "").casefold()) or int(parts["number"])
            try:
                day = date(int(parts["year"]), month, int(parts["day"]))
            except ValueError:
                continue
            days[day.isoformat()] = found[0].rstrip(".,")
    for found in _EITHER_WAY.finditer(text[:_LONGEST]):
        days |= _either_way(found, text, days)
    return days


def _either_way(found: re.Match[str], text: str, known: dict[str, str]) -> dict[str, str]:
    """Return a date in figures by the order that the text names; with none it is of no day."""
    if found[0].rstrip(".,") in known.values():
        return {}
    first, second = int(found["first"]), int(found["second"])
    if _DAY_FIRST.search(text) or first == second:
        first, second = second, first
    elif not _MONTH_FIRST.search(text):
        return {found[0]: found[0]}
    try:
        day = date(int(found["year"]), first, second).isoformat()
    except ValueError:
        return {}
    return {day: day}
