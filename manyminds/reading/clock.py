"""Times of day: `7:30 pm`, `7.30 p.m.`, `19:30`, `7 PM`."""

import re
from collections.abc import Sequence

from manyminds.reading import locate
from manyminds.reading.clock_words import in_figures
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
    """Return a time on the clock of 24 hours, unchanged if it does not say morning or evening.

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
    if not half and written.strip().startswith("0") and hour:  # 06:18
        return f"{hour}:{minute:02} am"
    if not half:
        return f"{hour}:{minute:02}"
    return f"{hour % 12 + (12 if half == 'p' else 0)}:{minute:02}{'' if half == 'p' else ' am'}"


_NO_NAMES = re.sub(r"\?P<\w+>", "?:", TIME.pattern)  # the form of a time in a longer pattern
_PART_OF_DAY = re.compile(  # "5:30 in the afternoon"
    r"(?P<time>\b[0-9]{1,2}(?:[:.][0-9]{2})?)(?:\s*(?:o'clock|Uhr|h))?\s+(?:(?P<am>in\s+the\s+morning|du\s+matin|de\s+la\s+ma\u00f1ana|morgens|della?\s+mattina|da\s+manh\u00e3)"
    r"|in\s+the\s+(?:afternoon|evening)|at\s+night|de\s+l'apr\u00e8s-midi|du\s+soir|de\s+la\s+(?:tarde|noche)|nachmittags|abends|da\s+tarde|della\s+sera)\b",
    re.IGNORECASE,
)
_NOON = re.compile(
    r"(?<!past )(?<!after )(?<!to )(?<!before )\b(?:12\s+)?(?:(?P<noon>noon)|midnight)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(
    r"\b([0-9]{1,2})(?::|\s?h\s?)([0-9]{2})(?:\s*(?:Uhr|h))?(?![\w:])|\b([0-9]{1,2})\s*(?:Uhr|heures?)\b",
    re.IGNORECASE,
)
WRITTEN = re.compile(rf"(?<![\w.:/$-])(?:{TIME.pattern})(?![\w:/%-])", re.IGNORECASE)
"""A time that stands alone in a text."""
_WHAT_TIME = re.compile(
    r"\b(?:what\s+time|um\s+wie\s?viel\s+uhr|wie\s+sp\u00e4t|\u00e0\s+quelle\s+heure|a\s+qu\u00e9\s+hora|a\s+che\s+ora|a\s+que\s+horas)\b(?![^?]*\b(?:zone|signature|period)\b)"
    r"|\bo\s+kt\u00f3rej\b|\bhoe\s+laat\b|\b\u0432\u043e\s+\u0441\u043a\u043e\u043b\u044c\u043a\u043e\b|\u51e0\u70b9|\u4f55\u6642(?!\u9593)",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\b(?:when|wann|quand|cu\u00e1ndo|quando)\b[^?]*\?\s*$", re.IGNORECASE)
_SO = re.compile(
    r",?\s+(?:and\s+)?(?:so|thus|hence|therefore|which\s+means)\b,?\s+|=|\u2192", re.IGNORECASE
)
_DIRECT = re.compile(r"\s*(?:about\s+|around\s+|approximately\s+|at\s+)?[0-9]", re.I)
_COPULA = re.compile(
    r"(?<=\b[Ii]t)['\u2019]s\b|\b(?:is|are|was|will\s+be|ends?|starts?|arrives?|leaves?|ist|endet|beginnt|est|es|termina|comienza|finisce|\u00e8)(?!\w)|\u7b49\u4e8e|\u662f|\u4e3a|\u306f",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\b(?:from|between|until|minutes?|hours?|seconds?|ratio)\b", re.IGNORECASE)
_MORNING = "\u4e0a\u5348 \u65e9\u4e0a \u51cc\u6668 \u5348\u524d \u671d"
_LATER = "\u4e0b\u5348 \u665a\u4e0a \u508d\u665a \u5348\u5f8c \u5348\u540e \u591c"
_HALVES: dict[str, str] = {
    **dict.fromkeys(_MORNING.split(), "am"),
    **dict.fromkeys(_LATER.split(), "pm"),
}
_EASTERN = re.compile(
    rf"(?P<day>{'|'.join(_HALVES)})?\s?(?P<hour>[0-9]{{1,2}})\s?[\u70b9\u9ede\u6642\u65f6](?!\u95f4|\u9593)"
    r"(?:\s?(?P<minute>[0-9]{1,2})\s?\u5206?(?!\u949f|[0-9])|(?P<half>\u534a)|(?P<quarter>\u4e00\u523b))?"
)
_REACHES = re.compile(  # "8:00, and the remaining 35 minutes to 8:35"
    rf"\b(?:remaining|final|last|other|rest|further|another)\b[^.;]{{1,60}}\b(?:to|until|till|at|is|makes?|gives?)\s+(?P<time>{_NO_NAMES})\W*$",
    re.IGNORECASE,
)
_HEDGES = re.compile(
    r"\b(?:or|either|might|maybe|could|oder|vielleicht|ou|o|quiz\u00e1s?|forse|talvez)\b"
    "|\u53ef\u80fd|\u6216|\u4e5f\u8bb8|\u304b\u3082\u3057\u308c",
    re.IGNORECASE,
)
_BECAUSE = re.compile(r"\b(?:because|since|as|due\s+to|weil|da|car|porque|perch\u00e9)\b", re.I)
_HOURS_OF_A_DAY = 24
_LONGEST = 200  # characters of a sentence that states a time


def asks(question: str) -> bool:
    """Say whether a question asks for a time of day: by the word, or as it gives another one."""
    if _WHAT_TIME.search(question):
        return True
    return _WHEN.search(question) is not None and WRITTEN.search(question) is not None


def find(text: str) -> Found | None:
    """Return the one time of day that a reply states, and where; None for two, and for spans."""
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where)
    sentences = locate.sentences(text)
    whole = "whole reply" if len(sentences) == 1 else "last sentence"
    found = _only(sentences[-1], whole) if sentences else None
    bold = locate.bold(text) if found is None else None
    return found if bold is None else _only(bold, "bold text")


def _only(said: str, where: str) -> Found | None:
    said = in_figures(_EASTERN.sub(_in_figures, said[:_LONGEST]))
    said = _HOURS.sub(lambda m: f"{m[1] or m[3]}:{m[2] or '00'}", said[: _LONGEST * 2])
    said = _PART_OF_DAY.sub(lambda m: f"{m['time']} {'am' if m['am'] else 'pm'}", said)
    said = _SO.split(said)[-1]
    said = _NOON.sub(lambda m: "12:00 pm" if m["noon"] else "12:00 am", said)
    ends = [verb.end() for verb in _COPULA.finditer(said)]
    if said.rstrip().endswith("?"):
        return None
    after = [_BECAUSE.split(said[end:])[0] for end in ends[-1:] if _DIRECT.match(said, end)]
    after = [] if _HEDGES.search(said) else after
    reached = _REACHES.search(said)
    after += [] if reached is None else [reached["time"]]
    for part in (said, *after):
        times = {key(m[0]) or _impossible(m): m[0].strip() for m in WRITTEN.finditer(part)}
        rest = WRITTEN.sub(" ", part)
        if len(part) > _LONGEST or len(times) != 1 or None in times or re.search(r"[0-9]", rest):
            continue
        if not _SPAN.search(rest):
            return Found(times.popitem()[1], where)
    return None


def _in_figures(written: re.Match[str]) -> str:
    """Return a time in Chinese or Japanese in figures, apart from the characters around it."""
    minute = written["minute"] or ("30" if written["half"] else "15" if written["quarter"] else "0")
    half = _HALVES.get(written["day"] or "", "")
    return f" {written['hour']}:{int(minute):02} {half} ".replace("  ", " ")


def _impossible(written: re.Match[str]) -> str | None:
    """Return a time that no clock shows, such as 9:75 pm, as it is written."""
    half = written["half1"] or written["half2"]
    return (
        None
        if half is None and int(written["hour"]) <= _HOURS_OF_A_DAY
        else " ".join(written[0].casefold().replace(".", "").split())
    )


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
    """Return whether a time may be in the morning or later: 2:30, but not 02:30 or 14:30."""
    hour = re.match(r"([1-9]|1[0-2]):[0-9]{2}", answer)
    return hour is not None and not re.search(r"[ap]\.?\s?m\b", answer, re.IGNORECASE)
