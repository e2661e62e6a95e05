"""Lengths of time in one or more units: "2 hours and 15 minutes", "2h 15min", "135 minutes"."""

import re
from fractions import Fraction
from functools import partial

from manyminds.reading import clock, digits, locate
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.cues import REASON
from manyminds.reading.discourse import is_marked, so
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_SECONDS = {
    "w": 604_800, "d": 86_400, "t": 86_400, "j": 86_400, "h": 3_600, "st": 3_600, "m": 60, "s": 1
}  # fmt: skip
"""By the first letters of a unit: Tage and jours are days, Stunden are hours."""
_UNIT = (
    r"(?P<unit{n}>weeks?|days?|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s|wochen?|tagen?|tage"
    r"|stunden?|minuten?|sekunden?|heures?|jours?|horas?|minutos?|segundos?)"
)
_PART = r"(?P<figure{n}>[0-9]+(?:\.[0-9]+)?(?: [0-9]/[0-9])?)[\s-]?" + _UNIT + r"\b\.?"
_JOIN = r"(?:\s*,)?\s*(?:and|und|et|y)?\s*"
_WHOLE = re.compile(
    _PART.replace("{n}", "0") + f"(?:{_JOIN}{_PART.replace('{n}', '1')})?"
    f"(?:{_JOIN}{_PART.replace('{n}', '2')})?",
    re.IGNORECASE,
)

_HOW_LONG = re.compile(
    r"\bwhat\s+(?:is|was)\s+(?:the|his|her|their|its|\w+'s)\s+(?:(?!current|local|right|best|first)\w+\s+)time\b(?!\s+(?:in|at|zone))|\bhow\s+(?:long\b(?!\s+is\s+the\s+(?!journey|trip|film|movie|drive|flight))|much\s+time)|\bwie\s+lange\b",
    re.I,
)
_LONGEST = 1_000  # characters at the end of a question that may give numbers
_HOURS_AND = re.compile(r"\b([0-9]{1,3})\s?h\s?([0-9]{1,2})(?:\s?m(?:in)?)?\b", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?<![\d:.])([0-9]{1,3}):([0-5][0-9])\s*(?:hours?|hrs?|h|Stunden|heures|horas)\b", re.I
)
_HMS = re.compile(r"(?<![0-9:])([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?![0-9:])")
_EQUALS = re.compile(r"[=\u2248\u2192]|\bor\b")
_TAKES = re.compile(
    r"\b(?:is|are|was|take[ns]?|took|lasts?|lasted|needs?|equals?|makes?|dauert|sind|ist|dure|dura)\b",
    re.IGNORECASE,
)


def find(text: str, question: str = "") -> Found | None:
    """Return the one length of time that a reply states, and where; None for two different ones.

    Args:
        text: The reply.
        question: The question, whose numbers a reply may repeat.
    """
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where, question)
    sentences = locate.sentences(text)
    if not sentences:
        return None
    whole = "whole reply" if len(sentences) == 1 else "last sentence"
    bold = _plain(locate.bold(sentences[-1]) or "").strip(" .")
    said = bold if _WHOLE.fullmatch(bold) else sentences[-1]
    found = _only(said, whole, question)
    return found or (_explained(text, sentences, question) if asks(question) else None)


def _explained(text: str, sentences: list[str], question: str) -> Found | None:
    """Return the only length of time of a reply that states it first and then explains it."""
    first = sentences[0]
    states = _TAKES.search(first) or _WHOLE.fullmatch(_plain(first).strip(" .*!"))
    if states is None or any(map(so, sentences[1:])) or any(map(is_marked, sentences[1:])):
        return None
    alike = {_seconds(one) for one in _WHOLE.finditer(_plain(text))}
    said = REASON.split(locate.bold(first) or first)[0]
    return _only(said, "first sentence", question) if len(alike) == 1 else None


def asks(question: str) -> bool:
    """Say whether a question asks for a length of time."""
    return _HOW_LONG.search(question) is not None


def reader(question: str) -> Extractor:
    """Return the reader of lengths of time that answer a question."""
    return finding("duration", partial(find, question=question), key)


def is_compound(answer: str) -> bool:
    """Return whether a length of time is in two units."""
    found = _WHOLE.search(_plain(answer))
    return found is not None and found["unit1"] is not None


def key(answer: str) -> Fraction | str:
    """Return a length of time in seconds; the text itself where it is none."""
    found = _WHOLE.search(_plain(answer))
    return answer if found is None else _seconds(found)


def _only(said: str, where: str, question: str) -> Found | None:
    said = _HMS.sub(r"\1 h \2 min \3 s", _CLOCK.sub(r"\1 h \2 min", said))
    said = _plain(_HOURS_AND.sub(r"\1 h \2 min", said))
    for part in (said, *_parts(said), REASON.split(said)[0]):
        found = _in(part, where, question)
        if found is not None:
            return found
    return None


def _parts(said: str) -> list[str]:
    """Return what stands behind the last sign of equality, or behind the last verb."""
    ends = [mark.end() for mark in (*_EQUALS.finditer(said), *_TAKES.finditer(said))]
    return [said[max(ends) :]] if ends else []


def _in(said: str, where: str, question: str) -> Found | None:
    found = list(_WHOLE.finditer(said))
    if not found or len({_seconds(one) for one in found}) > 1:
        return None
    rest = clock.WRITTEN.sub(" ", _WHOLE.sub(" ", said))
    for given in re.findall(r"[0-9]+", question[-_LONGEST:]):
        rest = re.sub(rf"(?<![0-9.,]){given}(?![0-9.,])\s+(?=[a-z])", " ", rest)
    return None if re.search(r"[0-9]|\b(?:not|or|between)\b", rest) else Found(found[0][0], where)


def _plain(said: str) -> str:
    plain = digits.plain(digits.spelled(digits.plain(digits.mixed(said[:400]))))
    return " ".join(plain.split())  # "2 \\text{ hours}" has two spaces


def _seconds(found: re.Match[str]) -> Fraction:
    total = Fraction(0)
    for n in range(3):
        unit, figure = found[f"unit{n}"], found[f"figure{n}"]
        if unit:
            size = _SECONDS.get(unit[:2].casefold()) or _SECONDS[unit[0].casefold()]
            total += sum(Fraction(part) for part in figure.split()) * size
    return total
