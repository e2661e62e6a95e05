# ruff: noqa: E501 - patterns are easier to read in one line
"""Days of the week as answers, in full or short: "Sun.", "fell on a Sunday"."""

import re
from functools import lru_cache, partial

from manyminds.reading import locate
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.restated import restated

_DAYS = (
    "monday mon montag lundi lunes luned\u00ec segunda-feira maandag \u043f\u043e\u043d\u0435\u0434\u0435\u043b\u044c\u043d\u0438\u043a \u661f\u671f\u4e00 \u5468\u4e00 \u6708\u66dc\u65e5",
    "tuesday tue tues dienstag mardi martes marted\u00ec ter\u00e7a-feira dinsdag \u0432\u0442\u043e\u0440\u043d\u0438\u043a \u661f\u671f\u4e8c \u5468\u4e8c \u706b\u66dc\u65e5",
    "wednesday wed mittwoch mercredi mi\u00e9rcoles mercoled\u00ec quarta-feira woensdag \u0441\u0440\u0435\u0434\u0430 \u0441\u0440\u0435\u0434\u0443 \u661f\u671f\u4e09 \u5468\u4e09 \u6c34\u66dc\u65e5",
    "thursday thu thur thurs donnerstag jeudi jueves gioved\u00ec quinta-feira donderdag \u0447\u0435\u0442\u0432\u0435\u0440\u0433 \u661f\u671f\u56db \u5468\u56db \u6728\u66dc\u65e5",
    "friday fri freitag vendredi viernes venerd\u00ec sexta-feira vrijdag \u043f\u044f\u0442\u043d\u0438\u0446\u0430 \u043f\u044f\u0442\u043d\u0438\u0446\u0443 \u661f\u671f\u4e94 \u5468\u4e94 \u91d1\u66dc\u65e5",
    "saturday sat samstag sonnabend samedi s\u00e1bado sabato zaterdag \u0441\u0443\u0431\u0431\u043e\u0442\u0430 \u0441\u0443\u0431\u0431\u043e\u0442\u0443 \u661f\u671f\u516d \u5468\u516d \u571f\u66dc\u65e5",
    "sunday sun sonntag dimanche domingo domenica zondag \u0432\u043e\u0441\u043a\u0440\u0435\u0441\u0435\u043d\u044c\u0435 \u661f\u671f\u65e5 \u661f\u671f\u5929 \u5468\u65e5 \u65e5\u66dc\u65e5",
)
_PLACES = {name: day for day, names in enumerate(_DAYS) for name in names.split()}
_ASKS_DAY = re.compile(
    r"\b(?:(?:what|which)\s+(?:day(?!s|\s+(?:in|of\s+(?!the\s+week))\b)|weekday)|(?:welche[rmn]?|was\s+f\u00fcr\s+ein(?:em)?)\s+(?:Wochentag|Tag)|quel\s+jour|qu\u00e9\s+d\u00eda|che\s+giorno|que\s+dia|welke\s+dag|\u043a\u0430\u043a\u043e\u0439\s+(?:\u0434\u0435\u043d\u044c|\u0431\u044b\u043b\s+\u0434\u0435\u043d\u044c))\b"
    "|\u661f\u671f\u51e0|\u5468\u51e0|\u4f55\u66dc\u65e5",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b(?:date|of\s+the\s+(?:month|year)|holiday|celebrated)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(?:not|nicht|pas|no|non|n\u00e3o|or|oder|ou)\b|n['\u2019]t\b", re.I)
_YEAR = re.compile(r"\b(?:1[0-9]|20)[0-9]{2}\b")
_FEW = 3  # words of an answer that is a day alone
_LONGEST = 300  # characters of a sentence


def asks(question: str) -> bool:
    """Say whether a question asks for a day of the week."""
    return _ASKS_DAY.search(question) is not None and not _DATE.search(question)


@lru_cache(maxsize=64)
def reader(question: str) -> Extractor:
    """Return the reader of days of the week that answer a question."""
    return finding("day of the week", partial(find, question=question), key)


def find(text: str, question: str = "") -> Found | None:
    """Return the day that a reply states, and where; None for several.

    Args:
        text: The reply.
        question: The question. A day that it names answers it only where it stands alone.
    """
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where, question)
    sentences = locate.sentences(text)
    if len(sentences) == 1 and len(text) <= _LONGEST:
        return _only(text, "whole reply", question)
    said = locate.bold(text)
    if said is not None and len(said.split()) <= _FEW:
        return _only(said, "bold text", question)
    filled = restated(text, question)
    return None if filled is None else _only(filled.answer, filled.where, question)


def key(answer: str) -> str:
    """Return the English name of a day; the text itself where it names none."""
    days = _named(answer)
    return _DAYS[days[0]].split()[0] if len(days) == 1 else answer.casefold()


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    names = sorted((name for day in _DAYS for name in day.split()), key=len, reverse=True)
    western = "|".join(re.escape(name) for name in names if ord(name[0]) < 0x2E80)
    eastern = "|".join(name for name in names if ord(name[0]) >= 0x2E80)
    return re.compile(rf"(?<![\w-])(?:{western})s?(?![\w-])|{eastern}", re.IGNORECASE)


def _named(text: str) -> list[int]:
    """Return the days that a text names, as numbers from Monday, each once."""
    found = (m[0].casefold() for m in _pattern().finditer(text[:_LONGEST]))
    return list(
        dict.fromkeys(_PLACES.get(one, _PLACES.get(one.removesuffix("s"), -1)) for one in found)
    )


def _only(said: str, where: str, question: str) -> Found | None:
    asked = frozenset(_named(question[-_LONGEST:]))
    days = _named(said)
    if set(_YEAR.findall(said)) - set(_YEAR.findall(question)):
        return None  # the day of another date
    alone = len(said.split()) <= _FEW
    new = days if alone else [day for day in days if day not in asked]
    if len(new) != 1 or _DENIES.search(said) or said.rstrip().endswith("?"):
        return None
    return Found(_DAYS[new[0]].split()[0].capitalize(), where)
