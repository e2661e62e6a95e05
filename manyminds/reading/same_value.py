# ruff: noqa: E501 - patterns are easier to read in one line
"""One value written twice: "3/4 or 0.75", "1/6, or about 16.7 %", "45 minutes (0.75 hours)"."""

import re

from manyminds.reading import digits, figures, units

_UNIT = r"(?:\s?(?P<unit{n}>%|percent|[A-Za-z\u00b0]{{1,12}}))?"
_TWICE = re.compile(
    r"(?<![0-9.,/])(?P<one>[-+$\u20ac\u00a3]?\s?[0-9](?:[0-9.,/ ]{0,20}[0-9])?)"
    rf"{_UNIT.format(n=1)}"
    r"(?P<also>\s*\(?[,;]?\s*\(?(?:(?<=[,(] )(?=(?:about|approximately|roughly|around)\s)|(?<=\()(?=(?:about|approximately|roughly|around)\s)|(?:or|oder|ou|o|i\.e\.,?|that\s+is,?|which\s+is|equivalently,?|also\s+written\s+as|=|\u2248|\\approx)\s+)"
    r"(?:equal\s+to\s+|equivalent\s+to\s+)?(?:about\s+|approximately\s+|roughly\s+|around\s+|~\s?)?"
    rf"(?P<other>[-+$\u20ac\u00a3]?[0-9](?:[0-9.,/ ]{{0,20}}[0-9])?){_UNIT.format(n=2)}\)?)",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"(?P<before>[^()]{1,80})\((?P<inside>[^()]{1,60})\)")
_LAST = re.compile(r"(?<![0-9.,])[0-9][0-9,.]{0,20}(?=\s?(?:%|[a-z]{1,12})?\s*$)", re.IGNORECASE)
_RESULT = re.compile(r"[=\u2248]|approx")
_CLOSE = 0.01  # share by which a rounded value may differ
_LONGEST = 400
EQUATIONS = re.compile(
    r"=[^=]*(?:,(?![0-9])|\b(?:and|or|und|oder|et|ou|oppure|\u0438|\u0438\u043b\u0438|lub|oraz)\b|\b(?:y|o|e|of|en)\b(?=\s+[A-Za-z](?:_?[0-9])?\s*=)|;|[\u6216\u548c\u3001\uff0c])[^=]*="
)
"""Two equations that a sign or a word joins: "x = 3 or x = -3"."""
OR = re.compile(r"\b(?:or|oder|ou|oppure|\u0438\u043b\u0438|lub)\b|\u6216")


def once(text: str) -> str:
    """Return a short text with a value that it writes twice only in its first form.

    Args:
        text: At most a few sentences, in plain digits.
    """
    at = 0
    while len(text) <= _LONGEST and (match := _TWICE.search(text, at)) is not None:
        text = text[: match.start()] + _first(match) + text[match.end() :]
        at = match.start("also") + 1
    return text


def differs(text: str) -> bool:
    """Say whether a number and its repetition in words, in brackets, are not equal: "5 (six)".

    Args:
        text: At most a few sentences.
    """
    for aside in _ASIDE.finditer(text[:_LONGEST]):
        one, other = _last(aside["before"]), _last(aside["inside"])
        if one and other and one[1] != other[1] and one[0] != other[0]:
            alone = _LAST.match(digits.spelled(aside["inside"].strip()))
            if alone is not None:
                return True
    return False


def _last(text: str) -> tuple[float | None, bool] | None:
    """Return the number at the end of a text, and whether it is in words."""
    said = _LAST.search(digits.spelled(text))
    return said and (figures.value(said[0].rstrip(".,")), _LAST.search(text) is None)


def _first(match: re.Match[str]) -> str:
    one, other = _size(match["one"], match["unit1"]), _size(match["other"], match["unit2"])
    if one is None or other is None:
        return match[0]
    (kind, size), (kind2, size2) = one, other
    if "/" in match["one"] and "." in match["one"]:  # 250 / 1.08 is yet to be worked out
        return match[0]
    close = abs(size - size2) <= _CLOSE * max(abs(size), abs(size2))
    alike = kind == kind2 or "%" in (kind, kind2) or not kind or not kind2
    rounded = "/" in match["one"] and "/" not in match["other"] and size != size2
    exact = rounded or not _RESULT.search(match["also"]) and (kind != kind2 or size == size2)
    kept = match[0][: match.start("also") - match.start()]
    return kept if close and alike and exact else match[0]


def _size(figure: str, unit: "str | None") -> tuple[str, float] | None:
    value = figures.value(figure.strip())
    if value is None:
        return None
    name = units.spelled(unit) if unit else ""
    if name in ("%", "percent"):
        return "%", value / 100
    kind, size = units.SIZES.get(name, (name, 1))
    return kind, value * size
