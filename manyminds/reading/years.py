"""Years as answers: "It ended on 2 September 1945, after six years." to "In which year ...?"."""

import re
from functools import partial

from manyminds.reading import locate
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import stem

_ASKS = re.compile(
    r"\b(?:which|what)\s+(?:calendar\s+)?year\b(?!s)|\bin\s+welchem\s+jahr|\bwelches\s+jahr|\bquelle\s+ann\u00e9e"
    r"|\bqu\u00e9\s+a\u00f1o|\u54ea\u4e00?\u5e74|\u4f55\u5e74",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![a-zA-Z0-9_.,$-])(?:1[0-9]{3}|20[0-9]{2})(?![a-zA-Z0-9_%]|[.,][0-9])")
_VERB = re.compile(r"\b(?P<verb>[a-z]{3,20})\s*\?", re.IGNORECASE)
_TAKES_BACK = re.compile(r"\b(?:actually|but|however|not|or)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(?:not|never)\b|n['\u2019]t\b", re.IGNORECASE)
_STEM = 5  # letters of a verb that its forms share
_LONGEST = 2_000  # characters of a reply in which a year is looked for


def asks(question: str) -> bool:
    """Return whether a question asks for a year."""
    return _ASKS.search(question) is not None


def is_year(answer: str) -> bool:
    """Return whether an answer is a year and nothing else."""
    return _YEAR.fullmatch(answer.strip()) is not None


def find(text: str, question: str = "") -> Found | None:
    """Return the one year that a reply names: in the place of its answer, else in all of it.

    Args:
        text: The reply.
        question: The question; of several years, the one whose clause has its verb is meant.
    """
    text = readable(text)
    for place in locate.stated(text):
        named = set(_YEAR.findall(place.answer))
        return Found(named.pop(), place.where) if len(named) == 1 else None
    text = text[:_LONGEST]
    named = set(_YEAR.findall(text))
    if len(named) == 1:
        return None if _DENIES.search(text) else Found(named.pop(), "the only year")
    verb = _VERB.search(question)
    if verb is None or _TAKES_BACK.search(text):
        return None
    root = stem(verb["verb"].casefold())
    forms = {
        re.escape(word)
        for word in set(re.findall(r"\w+", text))
        if stem(word.casefold()) == root or word.casefold().startswith(verb["verb"][:_STEM])
    }
    near = rf"\b(?:{'|'.join(forms) or '(?!)'})\W+(?:\w+\W+){{0,4}}?({_YEAR.pattern})"
    with_verb = set(re.findall(near, text))
    return Found(with_verb.pop(), "year of the question's verb") if len(with_verb) == 1 else None


def reader(question: str) -> Extractor:
    """Return the reader of years that answer a question."""
    return finding("year", partial(find, question=question), str.strip)
