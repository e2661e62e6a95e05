# ruff: noqa: E501 - patterns are easier to read in one line
"""Figures that a role's reply states: its confidence, its rating of an answer."""

import re
from collections.abc import Iterable
from functools import partial

from manyminds.reading.digits import spelled
from manyminds.reading.loose_json import Json
from manyminds.reading.revised import last_word
from manyminds.reading.role_text import fields, number_of, reply_of, wording
from manyminds.reading.role_words import OF_CONFIDENCE, eastern

_NUMBER = r"(?:\d{1,4}(?:[.,]\d{1,6})?|\.\d{1,6})"
_OF = r"(?:\s*/\s*|\s+(?:out\s+of|von|sur|sobre|de|su|em|na|из)\s+)"
_ABOUT = r"(?:(?:about|around|roughly|approximately|ca\.|the|del?|di|do)\s+|dell')?"
_GAP = rf"(?:\s*(?:::?|=|\u2192|->|\u4e3a|\u70ba|\u2014|\u2013|-(?=\s))\s*|\s+(?:is|of|at|(?:to|would)\s+be|(?:stands|sits)\s+at)\s+{_ABOUT}|\s+(?:has\s+)?(?:dropped|fallen|risen|drops|falls|rises|grown)\s+to\s+{_ABOUT}|\s+(?:about|around|roughly|approximately)\s+)"
_VALUE = re.compile(
    rf"{_ABOUT}[~\u2248(\[\"']?\s*(?P<sign>[-+\u2212<>\u2264\u2265])?\s*(?P<number>{_NUMBER})"
    rf"(?:\s*(?P<percent>%|percent\b|per\s+cent\b|\u5206\u4e4b)|{_OF}(?P<most>\d{{1,4}}))?"
    rf"(?P<range>\s*(?:[-\u2013\u2014~\u81f3\u5230\u00b1]|to\b|or\b|and\b|bis\b|/)\s*{_NUMBER})?",
)
_CONFIDENCE = re.compile(
    r"\b(?:confidence|certainty)(?:\s*(?:score|level|rating|value|in\s+(?:(?:my|this|the|that)\s+(?!is\b))?\w+(?:\s+\d{1,3}(?=\s+is\b))?))?"
    r"(?:\s*[(\[][^()\[\]\n]{0,24}[)\]])?",
    re.IGNORECASE,
)
_CUE = re.compile(OF_CONFIDENCE)  # in lower case: to ignore case takes ten times as long
_NO_LETTERS = re.compile(r"[\W_]+")
_PERCENT = rf"({_NUMBER})\s*(?:%|percent\b)"
_SURE = r"(?:confident|sure|certain|positive|confidence|certainty)\b(?!\s+(?:interval|level|limits?|bounds?|band))"
_SURE_OF = re.compile(
    rf"\b(?:I\s*am|I'm|we\s*are|we're|feel|with|have|at)\s+{_ABOUT}(?:only\s+|zu\s+)?{_PERCENT}\s*(?:de\s+)?{_SURE}"
    rf"|^\s*{_PERCENT}\s*{_SURE}\s*[.!]?\s*$"
    rf"|\bI(?:\s*am|'m)\s+(?:\w+\s+)?{_SURE}\s*\(\s*{_PERCENT}\s*\)|\bI\s*am\s+sure\s+(?:\u00e0|al|all['\u2019]|a|at|in|to|zu)\s*{_PERCENT}|{_PERCENT}\s*[\u7684\u306e]?\s*confidence(?=\s*[\u304c\u3002.!]|\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_DEGREE = re.compile(
    r"(?:(?:very|fairly|quite|rather)\s+)?(?:low|medium|moderate|high)\s*(?=\()", re.IGNORECASE
)
_SPELLED = re.compile(
    r"\u767e\u5206\u4e4b[\u4e00-\u9fff]{1,3}|\b[^\W\d_]+(?:[\s-][^\W\d_]+)?\s+percent\b",
    re.IGNORECASE,
)
_SCALE_OF = re.compile(
    r"\s+on\s+a\s+scale\s+(?:of|from)\s+[01]\s*(?:to|-|\u2013)\s*(\d{1,3})\b", re.IGNORECASE
)
_END = 20_000  # characters
_SEPARATED = re.compile(_GAP)
_CONFIDENCE_KEYS = ("confidence", "confidencescore", "confidencelevel", "certainty")
_SCORE_KEYS = ("score", "rating", "overallscore", "overall", "finalscore", "grade", "overallrating")


def read_confidence(text: str) -> float | None:
    """Return the confidence that a reply states last, from 0 to 100.

    A decimal up to 1 without a percent sign is a share: "0.9" is 90. "9/10" and "9 out of 10" are
    90, "80-90" is 85. Other ranges, bounds, and confidence intervals are not read. Of a long reply
    only the beginning and the end are read.
    """
    reply = reply_of(text if len(text) <= 2 * _END else f"{text[:_END]}\n{text[-_END:]}")
    for found in reversed(fields(reply)):
        for key in _CONFIDENCE_KEYS:
            if key in found:
                return _confidence_in(found[key])
    if not _CUE.search(_NO_LETTERS.sub("", reply.lower())):  # markup may be amid a word
        return None  # like most replies, which are quicker to search than to translate
    said = _SPELLED.sub(lambda m: spelled(m[0]), eastern(wording(reply)))
    return last_word(said, _confidence_in_words, "Confidence")


def _confidence_in_words(said: str) -> float | None:
    values = [(m.start(), _of_cue(said, m)) for m in _CONFIDENCE.finditer(said)]
    stated = [(at, value) for at, value in values if not isinstance(value, str)]
    for m in _SURE_OF.finditer(said):
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
    alone = said[line_start : cue.start()].strip(" \t-*>#")[-1:] in ("", ",", ";", "(")
    if gap is None and not alone:
        return ""
    at = gap.end() if gap else cue.end()
    rest = _DEGREE.sub("", said[at : at + 80].lstrip(), count=1)
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
    if re.match(r"\+(?!\d)|\s*or\s+(?:more|less|so)\b", rest[found.end() :]):
        return None
    if found["range"]:
        narrow = re.fullmatch(rf"({_NUMBER})\s*-\s*({_NUMBER})\s*%?[.\s]*", rest.split("\n")[0])
        ends = [_decimal(end) for end in narrow.groups()] if narrow else []
        return (
            sum(ends) / 2
            if ends and all(1 < e <= 100 for e in ends) and ends[0] < ends[1]
            else None
        )
    scale = _SCALE_OF.match(rest, found.end()) if not bare else None
    if found["most"] or scale:
        most = float(found["most"] or (scale[1] if scale else 0))
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
    return last_word(eastern(wording(reply)), partial(_rating_in_words, most=most), "Score")


def _rating_in_words(said: str, most: float) -> float | None:
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
_THIS = r"(?:this|it|that|the)(?:\s+(?:answer|response|reply|solution|one))?"
_RATED = re.compile(
    rf"\b(?:score|rating|grade|mark|note){_SCALE}\s*(?:{_GAP})"
    rf"|\bI(?:'d|\s+would|\s+will)?\s+(?:score|rate|grade|give)\s+{_THIS}\s+(?:as\s+|at\s+)?(?:an?\s+)?(?:solid\s+)?(?:(?:score|rating)\s+of\s+)?(?:at\s+)?"
    rf"|\b(?:this(?:\s+(?:answer|response|reply|solution|one))?|it)\s+is\s+(?:worth\s+(?:an?\s+)?|an?\s+(?:(?:solid|strong|weak)\s+)?)(?=\d[\d.]*(?:/\d+)?(?:\s*points)?\s*(?:[.!,]|$))"
    rf"|\b{_THIS}\s+(?:deserves|gets|earns|merits|receives|scores)\s+(?:an?\s+)?(?:(?:score|rating)\s+of\s+)?",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"(?<![\w./])(?P<sign>-)?(?P<number>\d{1,3}(?:[.,]\d{1,3})?)(?P<percent>)(?:\s+(?:points|stars?))?"
    rf"{_OF}(?P<most>5|10|20|100)(?![\w/]|\.\d)(?P<range>)",
)
_ALONE = re.compile(
    r"(?:an?\s+)?(?:(?:solid|strong|weak|clear)\s+)?(-?\d{1,3}(?:[.,]\d{1,3})?\s*(?:%|/\s*\d{1,3})?)\s*(?:points?|\u5206|\u70b9|\uc810)?\s*(?:\([^()\d\n]{1,80}\))?\s*[.!]?",
    re.IGNORECASE,
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
