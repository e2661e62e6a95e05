"""Answers chosen from few: the letter of an option, a square of the chess board."""

import re

from manyminds.reading import locate as phrases

_FINAL = re.compile(r"final\s+answer", re.IGNORECASE)
_WHOLE = re.compile(r"[\s(\[{*\"'`$]*([A-Z])[\s)\]}*\"'`$.:]*", re.IGNORECASE)
_OPENING = re.compile(r"[\s*\"'`$(\[]*(?:(?:[Oo]ption|[Cc]hoice)\s+)?[*\"'`$(\[]*([A-Z])(?![\w'])")
_IN_TEXT = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_BRACKETED = re.compile(r"\(([A-Za-z])\)")
_CLOSED = re.compile(r"(?<![\w(])([A-Za-z])\)")
_ALONE = re.compile(r"(?<![\w'])([A-Z])(?![\w'])")
_SQUARE = re.compile(r"([a-h][1-8])(?![0-9A-Za-z])")
_LONGEST = 400  # characters of a place that states the answer
_ALSO_WORDS = "AI"  # "A" and "I" stand alone in prose: letters only at the end of a line


def letter(text: str) -> str | None:
    r"""Return the option letter a reply chooses, in upper case.

    Looks at an "answer" field of JSON, the last `\boxed{}`, what follows "answer is" or "final
    answer"; then takes the last "(X)", the last "X)", the last capital standing alone.
    """
    for find in (phrases.field, phrases.boxed, phrases.after_cue):
        place = find(text)
        if place is None:
            continue
        place = _IN_TEXT.sub(r"\1", place[:_LONGEST])
        whole = _WHOLE.fullmatch(place) or _OPENING.match(place)
        chosen = whole[1].upper() if whole else _last_letter(place)
        if chosen is not None:
            return chosen
    whole = _WHOLE.fullmatch(text.strip())
    return whole[1].upper() if whole else _last_letter(text)


def square(text: str) -> str | None:
    """Return the last square named after the last "final answer", else the last one at all."""
    ends = [match.end() for match in _FINAL.finditer(text)]
    squares = _SQUARE.findall(text, ends[-1]) if ends else []
    squares = squares or _SQUARE.findall(text)
    return squares[-1] if squares else None


def _last_letter(text: str) -> str | None:
    for pattern in (_BRACKETED, _CLOSED):
        found = pattern.findall(text)
        if found:
            return str(found[-1]).upper()
    alone = [m for m in _ALONE.finditer(text) if m[1] not in _ALSO_WORDS or _ends_line(text, m)]
    return alone[-1][1] if alone else None


def _ends_line(text: str, match: re.Match[str]) -> bool:
    return text[match.end() : match.end() + 3].lstrip(".*\"'`")[:1] in ("", "\n")
