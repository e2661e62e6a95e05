"""Options with numbers: "Is it spam? 1. Yes; 2. No". A reply names one by number or by its text."""

import re
from collections.abc import Hashable, Mapping
from functools import lru_cache

from manyminds.reading import locate, option_texts
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_MARKS = (
    "123456789",
    "\u0410\u0411\u0412\u0413\u0414\u0415",  # Russian
    "\u0410\u0411\u0412\u0413\u0490\u0414",  # Ukrainian
    "\u0391\u0392\u0393\u0394\u0395",  # Greek
    "\u30a2\u30a4\u30a6\u30a8\u30aa",  # Japanese
    "\u7532\u4e59\u4e19\u4e01\u620a",  # Chinese
    "\uac00\ub098\ub2e4\ub77c\ub9c8",  # Korean
)
"""Marks of options in their order: numbers, and letters that are not Latin."""
_ROMANS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}
_ROMAN = "(?-i:iv|vi?|i{1,3})"
_LETTER = f"[{''.join(dict.fromkeys(''.join(_MARKS[1:])))}]"
_SHUT = "[.)\uff0e\uff09\u3001]"
_OPTION = re.compile(
    rf"(?:^|(?<=[\s;:?\uff1f]))[(\uff08]?(?:(?P<number>[1-9])[.)]\s+|(?P<roman>{_ROMAN})[.)]\s+|(?P<letter>{_LETTER}){_SHUT}\s*)(?P<text>\S.*?)"
    rf"(?=\s*(?:[;\n]|\.\s|\.?$|\s\(?(?:[1-9]|{_ROMAN})[.)]\s|\s[(\uff08]?{_LETTER}{_SHUT}))",
    re.MULTILINE | re.IGNORECASE,
)
_EASTERN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")  # no spaces between words
_NAMED = (
    r"(?:option|choice|answer|number|\u0432\u0430\u0440\u0438\u0430\u043d\u0442"
    r"|\u043e\u0442\u0432\u0435\u0442|\u0431\u0443\u043a\u0432\u0430)"
)
_NUMBER = re.compile(
    rf"\W*(?:{_NAMED}\W{{1,3}})?({_ROMAN}(?=[).:,;]|\s*$)|[1-9](?![0-9.,/]?[0-9])|(?:{_LETTER}|A)(?=\s*(?:[).:,;*\uff09\u3001\u3002]|$)))",
    re.IGNORECASE,
)
_CALLED = re.compile(rf"\b{_NAMED}\W{{1,5}}({_LETTER}|A)(?!\w)", re.IGNORECASE)
_WHICH = re.compile(
    r"\b(?:which|welche[rs]?|quel(?:le)?s?|cu\u00e1l)\b[^?]*(?:\b(?:statement|option|sentence|claim|aussage|affirmation|proposition|afirmaci\u00f3n)\b|\bof\s+(?:the|these)\s+(?:two|three|four|following)\b)[^?]*\?",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    r"(?:\b(?:(?:statement|option|sentence|claim|number|aussage|satz|affirmation|proposition|phrase|afirmaci\u00f3n|frase)\s+)?\(?(?P<number>[1-9])\)?|\b(?P<first>first|second|third|fourth)\s+(?:statement|option|sentence|claim|one))"
    r"\s+(?:is|ist|est|es)\s+(?:(?:therefore|thus|clearly|indeed|also)\s+)?(?P<turned>not\s+|nicht\s+)?(?:(?P<true>true|correct|right|valid|wahr|richtig|vraie?|correcte|verdadera|correcta)|false|wrong|incorrect|untrue|invalid|falsch|fau(?:x|sse)|falsa|incorrecta)\b",
    re.IGNORECASE,
)
_ORDINALS = ("first", "second", "third", "fourth")
_LONGEST = 20_000  # characters at the end of a question
_SENTENCE = 40  # words of a reply that names an option by its text


def options_in(question: str) -> dict[str, str]:
    """Return the numbered options of a question, by number; steps before a question are none."""
    found = list(_OPTION.finditer(question[-_LONGEST:]))
    marks = "".join(
        (m["number"] or _ROMANS.get(m["roman"] or "") or m["letter"]).upper() for m in found
    )
    if len(found) < 2 or not any(one.startswith(marks) for one in _MARKS):
        return {}
    shown = question[-_LONGEST:]
    before = shown[: found[0].start()].rstrip(" \n(")
    after = shown[found[-1].end() :].partition("\n\n")[0]
    asked = before.endswith(("?", ":", "\uff1f", "\uff1a", "\u304b\u3002")) and "?" not in after
    texts = [m["text"].strip(" ,") for m in found]
    return dict(zip(marks, texts, strict=True)) if asked else {}


def are_lettered(listed: Mapping[str, str]) -> bool:
    """Say whether options have letters, of another script than Latin, not numbers."""
    return not next(iter(listed), "1").isdigit()


def asks_which(question: str) -> bool:
    """Say whether a question asks which of several statements it is."""
    return _WHICH.search(question[-_LONGEST:]) is not None


def _judged(text: str) -> dict[str, bool]:
    """Return which numbers a reply calls true or false: "(1) is true and (2) is false"."""
    return {
        m["number"] or str(_ORDINALS.index(m["first"].casefold()) + 1): (m["true"] is not None)
        != (m["turned"] is not None)
        for m in _JUDGED.finditer(text)
    }


@lru_cache(maxsize=64)
def reader(listed: tuple[tuple[str, str], ...], question: str = "") -> Extractor:
    """Return the reader of replies that name one of these options, each with its number.

    Args:
        listed: The options.
        question: The question, which may ask for the one that is false.
    """
    options = dict(listed)
    wrong = option_texts.asks_for_the_wrong(question)

    def find(text: str) -> Found | None:
        text = readable(text).strip()
        if judged := _judged(text):
            chosen = [number for number, true in judged.items() if true != wrong]
            return Found(chosen[0], "verdict") if len(chosen) == 1 else None
        for place, where in locate.stated(text):
            return _named(place, where)
        return _named(text, "whole reply") if len(text.split()) <= _SENTENCE else None

    def _named(place: str, where: str) -> Found | None:
        number = _NUMBER.match(place) or _CALLED.search(place)
        mark = "" if number is None else _ROMANS.get(number[1], number[1].upper())
        if mark == "A" and mark not in options:  # looks like the first letter of others
            mark = next(iter(options))
        chosen = mark if mark in options else option_of(place, options)
        return None if chosen is None else Found(chosen, where)

    def key(answer: str) -> Hashable:
        return option_of(answer, options) or answer

    return finding("choice", find, key)


def option_of(answer: str, options: Mapping[str, str]) -> str | None:
    """Return the number of the one option that an answer names; None: none or several."""
    bare = answer.strip(" .()")
    bare = _ROMANS.get(bare, bare)
    if bare in options:
        return bare
    said = _words(answer)
    for same in (
        [number for number, text in options.items() if _words(text) == said],
        [number for number, text in options.items() if _words(text)[: len(said)] == said],
        [number for number, text in options.items() if set(said) <= set(_words(text))],
        [number for number, text in options.items() if set(_words(text)) <= set(said)],
        [number for number, text in options.items() if _truth(_words(text)) == _truth(said)],
    ):
        if said and len(same) == 1:
            return same[0]
    eastern = [mark for mark, text in options.items() if _EASTERN.match(text) and text in answer]
    return eastern[0] if len(eastern) == 1 else None


def _truth(words: list[str]) -> str:
    """Return the yes, no, true or false that words begin with; other words as they are."""
    opens = words[:1] and words[0] in ("yes", "no", "true", "false")
    return words[0] if opens else " ".join(words)


def _words(text: str) -> list[str]:
    """Return the words of a text; "anti-stereotype" is one."""
    return [word for raw in text.casefold().split() if (word := raw.strip(".,;:!?\"'()*"))]
