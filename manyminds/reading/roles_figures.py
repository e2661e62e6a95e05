"""Figures that a role's reply states: its confidence, its rating of an answer."""

import re
from collections.abc import Iterable

from manyminds.reading.loose_json import Json
from manyminds.reading.role_text import fields, number_of, plain, reply_of

_NUMBER = r"(?:\d{1,4}(?:[.,]\d{1,6})?|\.\d{1,6})"
_OF = r"(?:\s*/\s*|\s+(?:out\s+of|von|sur|de|su|из)\s+)"
_GAP = (
    r"(?:\s*(?:::?|=|\u2014|\u2013|-(?=\s))\s*|\s+(?:is|of|ist|est|es)\s+(?:about\s+|around\s+)?)"
)
_VALUE = re.compile(
    rf"(?:(?:about|around|roughly|approximately|ca\.)\s+)?[~\u2248(\[\"']?\s*(?P<sign>[-+\u2212<>\u2264\u2265])?\s*(?P<number>{_NUMBER})"
    rf"(?:\s*(?P<percent>%|percent\b|per\s+cent\b|Prozent\b|\u5206\u4e4b)|{_OF}(?P<most>\d{{1,4}}))?"
    rf"(?P<range>\s*(?:[-\u2013\u2014~\u81f3\u5230\u00b1]|to\b|or\b|and\b|bis\b|/)\s*{_NUMBER})?",
)
_CONFIDENCE = re.compile(
    r"(?:\b(?:confidence|certainty|konfidenz|sicherheit|zuversicht|confiance|certitude|confianza"
    r"|certeza|fiducia|vertrauen)|\u7f6e\u4fe1\u5ea6|\u4fe1\u5fc3|\u628a\u63e1|\u78ba\u4fe1\u5ea6|\u81ea\u4fe1\u5ea6"
    r"|\u4fe1\u983c\u5ea6|\u0423\u0432\u0435\u0440\u0435\u043d\u043d\u043e\u0441\u0442\u044c)"
    r"(?:\s*(?:score|level|rating|value|in\s+(?:my|this|the)\s+answer))?"
    r"(?:\s*[(\[][^()\[\]\n]{0,24}[)\]])?",
    re.IGNORECASE,
)
_SURE = re.compile(
    rf"\b(?:I\s*am|I'm|we\s*are|we're|feel)\s+(?:about\s+|around\s+|roughly\s+|only\s+)?"
    rf"({_NUMBER})\s*(?:%|percent)\s*(?:confident|sure|certain|positive)\b"
    rf"|\u6211\u6709\s*({_NUMBER})\s*%\s*\u7684?\s*(?:\u628a\u63e1|\u4fe1\u5fc3)"
    rf"|\b(?:ich\s+bin\s+(?:mir\s+)?zu)\s+({_NUMBER})\s*(?:%|Prozent)\s*sicher"
    rf"|^\s*({_NUMBER})\s*(?:%|percent)\s*(?:confident|sure|certain|confidence)\s*[.!]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_SEPARATED = re.compile(_GAP)
_CONFIDENCE_KEYS = ("confidence", "confidencescore", "confidencelevel", "certainty")
_SCORE_KEYS = ("score", "rating", "overallscore", "overall", "finalscore", "grade", "overallrating")


def read_confidence(text: str) -> float | None:
    """Return the confidence that a reply states last, from 0 to 100.

    A decimal up to 1 without a percent sign is a share: "0.9" is 90. "9/10" and "9 out of 10" are
    90, "80-90" is 85. Other ranges, bounds, and confidence intervals are not read.
    """
    reply = reply_of(text)
    for found in reversed(fields(reply)):
        for key in _CONFIDENCE_KEYS:
            if key in found:
                return _confidence_in(found[key])
    said = plain(reply)
    values = [(m.start(), _of_cue(said, m)) for m in _CONFIDENCE.finditer(said)]
    stated = [(at, value) for at, value in values if not isinstance(value, str)]
    for m in _SURE.finditer(said):
        stated.append((m.start(), _percent(next(group for group in m.groups() if group))))
    return max(stated, key=lambda pair: pair[0])[1] if stated else None


def _confidence_in(value: Json) -> float | None:
    if isinstance(value, str):
        return _confidence(value, bare=True)
    number = number_of(value)
    if number is None:
        return None
    share = isinstance(value, float) and 0 <= number <= 1
    return _within(number * 100 if share else number, 100)


def _of_cue(said: str, cue: re.Match[str]) -> "float | None | str":
    """Read the value after a cue; "" where the cue states nothing."""
    gap = _SEPARATED.match(said, cue.end())
    line_start = said.rfind("\n", 0, cue.start()) + 1
    alone = not said[line_start : cue.start()].strip(" \t-*>#")
    if gap is None and not alone:
        return ""
    at = gap.end() if gap else cue.end()
    rest = said[at : at + 80].lstrip()
    if not gap and not re.match(r"\s*[~(]?\d", rest):
        return ""
    return _confidence(rest, bare=False)


def _confidence(rest: str, *, bare: bool) -> float | None:
    found = _VALUE.match(rest.strip() if bare else rest)
    if found is None or found["sign"]:
        return None
    if re.match(r"\s*%?\s*(?:interval|limit|bound|band|level)", rest[found.end() :], re.IGNORECASE):
        return None
    number = _decimal(found["number"])
    if found["range"]:
        narrow = re.fullmatch(rf"({_NUMBER})\s*-\s*({_NUMBER})\s*%?[.\s]*", rest.split("\n")[0])
        ends = [_decimal(end) for end in narrow.groups()] if narrow else []
        return (
            sum(ends) / 2
            if ends and all(1 < e <= 100 for e in ends) and ends[0] < ends[1]
            else None
        )
    if found["most"]:
        most = float(found["most"])
        return number * 100 / most if most > 0 and number <= most else None
    share = ("." in found["number"] or "," in found["number"]) and not found["percent"]
    return _within(number * 100 if share and number <= 1 else number, 100)


def _percent(digits: str) -> float | None:
    return _within(_decimal(digits), 100)


def read_rating(text: str, most: float = 10.0) -> float | None:
    """Return the rating that a reply gives, from 0 to `most`.

    "85/100", "4/5" and "70%" are brought to the scale. Two ratings without an overall one, a
    number off the scale, a range or a negation are not read.
    """
    reply = reply_of(text)
    for found in reversed(fields(reply)):
        for key in _SCORE_KEYS:
            if key in found:
                value = found[key]
                if isinstance(value, str) and number_of(value) is None:
                    return _rating(_VALUE.match(value.strip()), value.strip(), most)
                number = number_of(value)
                return None if number is None else _within(number, most)
    said = plain(reply)
    for cue in (_OVERALL, _RATED):
        ratings = {_at(said, m.end(), most) for m in cue.finditer(said)} - {""}
        if ratings:
            return _only(ratings)
    shares = {
        _rating(m, said, most) for m in _FRACTION.finditer(said) if not _negated(said, m.start())
    }
    if shares:
        return _only(shares)
    alone = _ALONE.fullmatch(said.strip("[] "))
    return None if alone is None else _rating(_VALUE.match(alone[1]), alone[1], most)


_SCALE = r"(?:\s*[(\[][^()\[\]\n]{0,24}[)\]])?"
_OVERALL = re.compile(
    rf"\b(?:overall|final|total)(?:\s+(?:score|rating|grade))?{_SCALE}\s*(?:{_GAP})", re.IGNORECASE
)
_RATED = re.compile(
    rf"\b(?:score|rating|grade|mark|bewertung|punktzahl|note|puntuaci\u00f3n|puntaje)"
    rf"{_SCALE}\s*(?:{_GAP})"
    rf"|(?:\u8bc4\u5206|\u5f97\u5206|\u5206\u6570|\u6253\u5206|\u8a55\u4fa1|\u70b9\u6570|\u8a55\u5206"
    rf"|\u041e\u0446\u0435\u043d\u043a\u0430){_SCALE}\s*(?::|=|\u662f|\u4e3a|\s)\s*"
    r"|\bI(?:'d|\s+would|\s+will)?\s+(?:score|rate|grade)\s+(?:this|it|the\s+answer|that)"
    r"(?:\s+answer)?\s+(?:as\s+)?(?:an?\s+)?(?:solid\s+)?(?:at\s+)?"
    r"|\b(?:this(?:\s+(?:answer|response))?|it|the\s+answer|the\s+response)\s+(?:deserves|gets|earns|merits|receives|scores)\s+(?:an?\s+)?"
    r"(?:score\s+of\s+|rating\s+of\s+)?"
    r"|\bI(?:'d|\s+would|\s+will)?\s+give\s+(?:this|it|the\s+answer)(?:\s+answer)?\s+(?:an?\s+)?"
    r"(?:score\s+of\s+|rating\s+of\s+|solid\s+)?",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"(?<![\w./])(?P<sign>-)?(?P<number>\d{1,3}(?:[.,]\d{1,3})?)(?P<percent>)"
    rf"{_OF}(?P<most>5|10|20|100)(?![\w/]|\.\d)(?P<range>)",
)
_ALONE = re.compile(
    r"(-?\d{1,3}(?:[.,]\d{1,3})?\s*(?:%|/\s*\d{1,3})?)\s*(?:points?|\u5206|Punkte)?\s*[.!]?"
)


def _at(said: str, at: int, most: float) -> "float | None | str":
    rest = said[at : at + 60].lstrip("\"' [")
    found = _VALUE.match(rest)
    if found is None:
        return ""
    line = said.rfind("\n", 0, at) + 1
    return None if _negated(said, at) and at - line < 80 else _rating(found, rest, most)


def _negated(said: str, at: int) -> bool:
    return (
        re.search(r"\b(?:not|never|no)\b|n't\b", said[max(0, at - 40) : at].split("\n")[-1])
        is not None
    )


def _rating(found: "re.Match[str] | None", rest: str, most: float) -> float | None:
    if found is None or found["sign"] or found["range"]:
        return None
    if not found["most"] and re.match(r"\s*stars?\b", rest[found.end() :], re.IGNORECASE):
        return None  # of how many, it does not say
    number = _decimal(found["number"])
    if found["percent"]:
        return _within(number / 100 * most, most)
    if found["most"]:
        scale = float(found["most"])
        return number / scale * most if scale > 0 and number <= scale else None
    return _within(number, most)


def _only(values: "Iterable[float | None | str]") -> float | None:
    """Return the one value; None where there are several."""
    first, *others = values
    return first if not others and isinstance(first, float) else None


def _decimal(digits: str) -> float:
    return float(digits.replace(",", "."))


def _within(number: float, most: float) -> float | None:
    return number if 0 <= number <= most else None
