"""Answers chosen from few: the letter of an option, a square of the chess board."""

import re
from collections.abc import Mapping

from manyminds.reading import locate
from manyminds.reading.locate import Found, found
from manyminds.reading.reasoning import readable

_OPEN, _SHUT = r"[\s(\[{<*\"'`$]*", r"[\s)\]}>*\"'`$.:!,]*"
_WHOLE = re.compile(rf"{_OPEN}([A-Z]){_SHUT}", re.IGNORECASE)
_NAMED = r"(?:(?:option|choice|letter|answer|选项?|選項?|вариант|opción)\s*)"
_OPENING = re.compile(
    rf"^{_OPEN}(?i:{_NAMED})?[(\[{{<*\"'`$]*(?P<letter>[A-Z])(?![\w'])(?P<rest>.*)", re.DOTALL
)
_LOWER = re.compile(rf"^{_OPEN}{_NAMED}?\(([a-z])\)", re.IGNORECASE)
_IN_TEXT = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_BRACKETED = re.compile(r"\(([A-Za-z])\)")
_OPTION = re.compile(rf"(?<!\w){_NAMED}[(\[*\"']*([A-Z])(?![\w'])", re.IGNORECASE)
_MORE = re.compile(
    r"^[)\]*\"'\s]*(?:,|and|or|&|/|und|oder|et|ou|y|o|и|или|和|或|、)[\s(\[*]*[A-Z](?![\w'])"
)
_GOES_ON = re.compile(
    r"^[)\]}>*\"'`$]*(?:$|\s*$|\s*[.):,;!\-–—→\u4e00-\u9fff]"
    r"|\s+(?:because|since|as|is|and\s+the|for|it|with|\(|based)\b|\s*\n|\s+\()",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"(?:\b(?:[Tt]hus|[Ss]o|[Tt]herefore|[Hh]ence|must\s+be|pick|choose|chose|select|go\s+with|[Ii]t(?:'s|\s+is)"
    r"|[Ii]\s+think|leaves(?:\s+only)?|should\s+be|would\s+be)|[选選](?:择|項|项)?|故选|因此选)[,:]?\s*(?:the\s+)?"
    rf"{_NAMED}?[*]*(?:\(([A-Za-z])\)|([A-Z])(?![\w']))",
)
_IS_CORRECT = re.compile(
    r"\(?\b([A-Z])\)?\s+(?:is|must\s+be)\s+(?:the\s+)?(?:correct|right|true|best)\b"
)
_LISTED = re.compile(r"^[ \t*(-]*([A-Z])[).:]\s", re.MULTILINE)
_FINAL = re.compile(r"final\s+answer[*_ ]*[:\n\s]*", re.IGNORECASE)
_SQUARE = re.compile(r"([a-h][1-8])(?![0-9A-Za-z])")
_ANY_SQUARE = re.compile(
    r"(?<![A-Za-z0-9])([A-Ha-h][1-8])(?![0-9A-Za-z])|([a-h][1-8])(?![0-9A-Za-z])"
)
_OPTIONS = re.compile(
    r"(?:^|[\s(])\(?([A-J])[).:]\s*(.+?)(?=\s*(?:[\s(,;]\(?[A-J][).:]\s|\n|$))", re.MULTILINE
)
_LONGEST = 400  # characters of a place that states the answer
_ALSO_WORDS = "AI"  # "A" and "I" start prose


def letter(text: str, options: Mapping[str, str] | None = None) -> str | None:
    """Return the option letter a reply chooses, in upper case; None where it chooses none or two.

    Args:
        text: the reply.
        options: the options' texts by letter; a reply that states a text chooses its letter.
    """
    return locate.answer_of(find(text, options))


def find(text: str, options: Mapping[str, str] | None = None) -> Found | None:
    """Return the option letter a reply chooses, and where it stands.

    Args:
        text: the reply.
        options: the options' texts by letter; a reply that states a text chooses its letter.
    """
    text = readable(text)
    for place, where in locate.stated(text):
        if place.casefold().strip() == "null":
            return None
        place = place if where != "box" else _IN_TEXT.sub(r"\1", place[:_LONGEST])
        chosen = found(_in_place(place[:_LONGEST]) or _of_text(place, options), where)
        break
    else:
        chosen = _unmarked(text) or found(_of_text(text, options), "text of an option")
    return chosen if chosen is None or not options or chosen.answer in options else None


def find_square(text: str) -> Found | None:
    """Return the square that a reply ends in, and where it stands."""
    return found(square(text), "final answer" if _FINAL.search(readable(text)) else "last square")


def options_in(question: str) -> dict[str, str]:
    """Return the lettered options of a question: "(A) Paris (B) Lyon"; fewer than two are none."""
    options = {m[1]: m[2].strip(" .;,") for m in _OPTIONS.finditer(question[-20_000:])}
    wanted = [chr(ord("A") + n) for n in range(len(options))]
    return options if len(options) > 1 and sorted(options) == wanted else {}


def square(text: str) -> str | None:
    """Return the square that a reply ends in: of its "final answer", else the last one at all."""
    text = readable(text)
    ends = [match.end() for match in _FINAL.finditer(text)]
    if ends:
        place = locate.plain(text[ends[-1] : ends[-1] + _LONGEST])
        named = [a or b for a, b in _ANY_SQUARE.findall(place)]
        return named[-1].lower() if named else None
    if locate.refuses(text):
        return None
    squares = _SQUARE.findall(text)
    return squares[-1] if squares else None


def _in_place(place: str) -> str | None:
    """Return the letter that a statement of the answer names."""
    place = place.rpartition("→")[2].strip()
    whole = _WHOLE.fullmatch(place)
    if whole:
        return whole[1].upper()
    opening = _OPENING.match(place)
    if opening:
        rest = opening["rest"]
        if _MORE.match(rest):
            return None
        bracketed = place[: opening.start("letter")].rstrip().endswith(("(", "[", "**", "<"))
        if bracketed or _GOES_ON.match(rest) or opening["letter"] not in _ALSO_WORDS:
            return opening["letter"]
        return None
    lower = _LOWER.match(place)
    if lower:
        return lower[1].upper()
    for pattern in (_OPTION, _BRACKETED):
        named = {mark.upper() for mark in pattern.findall(place)}
        if named:
            return named.pop() if len(named) == 1 else None
    return None


def _of_text(place: str, options: Mapping[str, str] | None) -> str | None:
    """Return the letter of the only option whose text the place names."""
    if not options:
        return None
    said = " ".join(re.findall(r"\w+", place.casefold()))
    named = [
        mark
        for mark, text in options.items()
        if (words := " ".join(re.findall(r"\w+", text.casefold()))) and f" {words} " in f" {said} "
    ]
    return named[0] if len(named) == 1 else None


def _unmarked(text: str) -> Found | None:
    """Return the letter of a reply that does not say "answer"."""
    whole = _WHOLE.fullmatch(text.strip())
    if whole:
        return Found(whole[1].upper(), "whole reply")
    concluded = [m for m in _CONCLUSION.finditer(text) if _chosen(text, m)]
    if concluded:
        last = concluded[-1]
        more = _MORE.match(text[last.end() :])
        return None if more else Found((last[1] or last[2]).upper(), "conclusion")
    correct = {m[1] for m in _IS_CORRECT.finditer(text)}
    if correct:
        both = re.search(r"\b[A-Z]\s+and\s+[A-Z]\b", text)
        alone = len(correct) == 1 and not both
        return Found(correct.pop(), "conclusion") if alone else None
    lines = [line for line in text.strip().split("\n") if line.strip()]
    last_line = _WHOLE.fullmatch(lines[-1].strip()) if lines else None
    if last_line:
        return Found(last_line[1].upper(), "last line")
    if len(set(_LISTED.findall(text))) > 1:
        return None
    opening = _OPENING.match(text[:_LONGEST])
    if opening and _GOES_ON.match(opening["rest"]) and not _MORE.match(opening["rest"]):
        return Found(opening["letter"], "first words")
    return None


def _chosen(text: str, match: re.Match[str]) -> bool:
    """Say whether a concluding letter is one: "A" and "I" before a word are none."""
    mark = match[2]
    return mark is None or mark not in _ALSO_WORDS or bool(_GOES_ON.match(text[match.end() :]))
