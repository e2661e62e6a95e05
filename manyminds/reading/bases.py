# ruff: noqa: E501 - patterns are easier to read in one line
"""Numbers in another base than ten: `101101`, `0b101101`, `(101101)_2`, `2F` in hexadecimal."""

import re

from manyminds.reading import locate
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:in|to|into|as|its|the|im|en|em)\s+(?:a\s+)?(?:(?:base|Basis)[ -]?(?:[2-9]|1[1-6]|two|eight|sixteen)\b|binary|hexadecimal|hex\b|octal|Bin\u00e4r\w*|Hexadezimal\w*|binaire|hexad\u00e9cimal|binario|hexadecimal|bin\u00e1rio)(?!\s+(?:number\s+)?(?:[01]{2,}|0[xb]))"
    "|(?:\u4e8c|\u516b|\u5341\u516d)\u8fdb\u5236(?:\u8868\u793a|\u662f|\u6570?\u662f)",
    re.IGNORECASE,
)
_FROM = re.compile(  # "What is binary 1011 in decimal?"
    r"\b(?:in|to|into|as)\s+(?:a\s+)?(?:decimal|base[ -]?(?:10|ten))\b|\bdecimal\s+(?:value|equivalent)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.,])(?:0[bxo])?(?P<digits>[0-9A-Fa-f]{1,64}(?:[ _][0-9A-Fa-f]{4}){0,15})"
    r"(?:\)?_\{?(?:[0-9]{1,2}|\\text\{\w+\})\}?|[\u2080-\u2089]{1,2})?(?![\w.,]*[0-9A-Za-z])"
)
_IN_BASE = re.compile(r"\s+in\s+(?:base|binary|hex)\b.*$", re.IGNORECASE)
_LONGEST = 300  # characters of a sentence


def asks(question: str) -> bool:
    """Say whether a question asks for a number in another base than ten."""
    return _ASKS.search(question) is not None and not _FROM.search(question)


def find(text: str) -> Found | None:
    """Return the number that a reply states, in its own base, and where."""
    text = readable(text)
    for place in locate.stated(text):
        return _last(place.answer, place.where)
    bold, sentences = locate.bold(text), locate.sentences(text)
    found = None if bold is None else _last(bold, "bold text")
    return found or (_last(sentences[-1], "last sentence") if sentences else None)


def key(answer: str) -> str:
    """Return the digits alone: without prefix, spaces and leading zeros, in upper case."""
    found = _NUMBER.search(answer)
    return (found["digits"] if found else answer).replace(" ", "").replace("_", "").lstrip(
        "0"
    ).upper() or "0"


def _last(said: str, where: str) -> Found | None:
    """Return the one number of a place; of an equation the one behind its last sign."""
    said = _IN_BASE.sub("", said[-_LONGEST:].replace("\\", " ").strip(" .!*$`"))
    said = re.split(r"[=\u2192:]|\bis\b", said)[-1]
    found = {key(m[0]): m["digits"] for m in _NUMBER.finditer(said) if _is_written(m)}
    return Found(found.popitem()[1], where) if len(found) == 1 else None


def _is_written(number: re.Match[str]) -> bool:
    """Say whether letters are digits: "2F", "FF" and "0xff", not the words "a" and "added"."""
    written = number["digits"]
    return any(map(str.isdigit, number[0])) or written.isupper()


BASE = finding("base", find, key)
