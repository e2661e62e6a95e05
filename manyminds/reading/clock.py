"""Times of day: `7:30 pm`, `7.30 p.m.`, `19:30`, `7 PM`."""

import re
from collections.abc import Sequence

from manyminds.reading import locate
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_HALF = r"(?:\s?(?P<half{n}>[ap])\.?\s?m\b\.?)"
TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:"
    + r":(?P<minute1>[0-9]{2})(?![0-9:])"
    + _HALF.replace("{n}", "1")
    + r"?|\.(?P<minute2>[0-9]{2})"
    + _HALF.replace("{n}", "2")
    + "|"
    + _HALF.replace("{n}", "3")
    + ")",
    re.IGNORECASE,
)
"""A time as it is written."""


def key(written: str) -> str | None:
    """Return a time on the clock of 24 hours, as it stands where morning or evening is not said.

    Returns:
        Hour and minute such as "19:30"; None for what is no time.
    """
    found = TIME.fullmatch(written.strip().rstrip("."))
    if found is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute1"] or found["minute2"] or 0)
    half = (found["half1"] or found["half2"] or found["half3"] or "").casefold()
    if minute > 59 or hour > 24 or (half and not 1 <= hour <= 12):
        return None
    if not half:
        return f"{hour}:{minute:02}"
    return f"{hour % 12 + (12 if half == 'p' else 0)}:{minute:02}{'' if half == 'p' else ' am'}"


_NOON = re.compile(r"\b(?:12\s+)?(?:(?P<noon>noon)|midnight)\b", re.IGNORECASE)
_HOURS = re.compile(
    r"\b([0-9]{1,2}):([0-9]{2})\s*(?:Uhr|h)\b|\b([0-9]{1,2})\s*Uhr\b", re.IGNORECASE
)
_FULL = re.compile(rf"(?<![\w.:/$-])(?:{TIME.pattern})(?![\w:/%-])", re.IGNORECASE)
_SPAN = re.compile(r"\b(?:from|between|until|minutes?|hours?|seconds?|ratio)\b", re.IGNORECASE)
_LONGEST = 200  # characters of a sentence that states a time


def find(text: str) -> Found | None:
    """Return the one time of day that a reply states, and where; None for two, and for spans."""
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where)
    sentences = locate.sentences(text)
    whole = "whole reply" if len(sentences) == 1 else "last sentence"
    return _only(sentences[-1], whole) if sentences else None


def _only(said: str, where: str) -> Found | None:
    said = _HOURS.sub(lambda m: f"{m[1] or m[3]}:{m[2] or '00'}", said[: _LONGEST * 2])
    said = _NOON.sub(lambda m: "12:00 pm" if m["noon"] else "12:00 am", said)
    times = {key(m[0]): m[0].strip() for m in _FULL.finditer(said)}
    rest = _FULL.sub(" ", said)
    if len(said) > _LONGEST or len(times) != 1 or None in times or re.search(r"[0-9]", rest):
        return None
    return None if _SPAN.search(rest) else Found(times.popitem()[1], where)


def together(distinct: Sequence[str]) -> dict[str, str]:
    """Return the times of one ballot in the same words where they are equal.

    A time without morning or evening is the only one of the ballot that it can be.
    """
    keys = {answer: key(answer) or answer for answer in distinct}
    first: dict[str, str] = {}
    for answer in sorted(distinct, key=_is_open):
        first.setdefault(keys[answer], answer)
    merged = {answer: first[keys[answer]] for answer in distinct}
    for answer in distinct:
        if not _is_open(answer):
            continue
        hour, _, minute = keys[answer].partition(":")
        both = {f"{int(hour) % 12}:{minute} am", f"{int(hour) % 12 + 12}:{minute}"}
        closed = {keys[one] for one in distinct if not _is_open(one)} & both
        if len(closed) == 1:
            merged[answer] = first[closed.pop()]
    return merged


def _is_open(answer: str) -> bool:
    """Say whether a time leaves open whether it is in the morning: 2:30, not 02:30, nor 14:30."""
    hour = re.match(r"([1-9]|1[0-2]):[0-9]{2}", answer)
    return hour is not None and not re.search(r"[ap]\.?\s?m\b", answer, re.IGNORECASE)
