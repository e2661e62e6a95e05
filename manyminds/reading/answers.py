r"""From a reply to an answer that can be voted on: what to read, and when two are the same.

An `Extractor` finds the answer in a reply and gives it a key; two answers are equivalent exactly
where their keys are equal (1/2 and 0.5, `\dfrac12` and `\frac{1}{2}`). Nothing found is None, an
abstention. Extractors never raise, whatever the text, and take time linear in its length.
"""

import difflib
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from manyminds.errors import InputError
from manyminds.reading import (
    choices,
    figures,
    json_answers,
    math_equality,
    mathematics,
    numbers,
    programs,
    same_value,
    squares,
    structured,
)
from manyminds.reading import locate as phrases
from manyminds.reading.cues import VACUOUS
from manyminds.reading.locate import Found, found
from manyminds.reading.reasoning import readable, visible

if TYPE_CHECKING:
    from pydantic import BaseModel

_LETTER = re.compile(r"\(?[A-Z]\)?")
_OPTION = re.compile(
    r"(?:(?:the\s+)?(?:option|choice|letter)\s+)?(?:\(?([A-J])\)(?:\s|$)|([A-J])$)", re.IGNORECASE
)
_AMOUNT = re.compile(
    r"(?:minus|negative)\s+[a-z]+(?:-[a-z]+)?$"
    r"|[-+$\u20ac\u00a3\u00a5 ]*[0-9][0-9,.]*%?(?:\s+[a-z/]+){0,2}$|[a-z]+(?:-[a-z]+)?$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:approximately|about|roughly|exactly|around)\s+(?=[-$\u20ac\u00a3]?[0-9])", re.I
)
_ASIDE = re.compile(r"\s*\([^()]*\)$")
_SHORT = 6  # words of an answer that may be an amount
_LATEX = re.compile(r"\\[A-Za-z]+|\\[{}(\[]|\^\{|\$[^$]+\$")


@dataclass(frozen=True)
class Extractor:
    """How to read one kind of answer.

    Attributes:
        name: as `extractor()` knows it.
        extract: from a reply to the answer in it; None where there is none, which abstains.
        key: from an answer to its canonical form, equal for equivalent answers.
        same: a slower test of equivalence for two answers with different keys, if there is one.
        find: as `extract`, with the place where the answer is, if it is known.
        together: from the distinct answers of one ballot to the answer that each stands for, if
            what is equal depends on the other answers.
    """

    name: str
    extract: Callable[[str], str | None]
    key: Callable[[str], Hashable]
    same: Callable[[str, str], bool] | None = None
    find: Callable[[str], Found | None] | None = None
    together: Callable[[Sequence[str]], dict[str, str]] | None = None

    def __call__(self, text: str) -> str | None:
        """Return the answer in a reply, as `extract` does."""
        return self.extract(text)

    def located(self, text: str) -> Found | None:
        """Return the answer in a reply and where it is."""
        return found(self.extract(text), "reply") if self.find is None else self.find(text)

    def equivalent(self, one: str, other: str) -> bool:
        """Return whether two answers are the same answer; use it to grade against a reference."""
        if self.key(one) == self.key(other):
            return True
        return self.same is not None and self.same(one, other)


def finding(
    name: str,
    find: Callable[[str], Found | None],
    key: Callable[[str], Hashable],
    same: Callable[[str, str], bool] | None = None,
) -> Extractor:
    """Return an extractor that says where it found the answer."""
    return Extractor(name, lambda text: phrases.answer_of(find(text)), key, same, find)


def text_key(answer: str) -> str:
    """Return free text without differences that mean nothing: case, spacing, a last full stop."""
    return " ".join(answer.casefold().split()).rstrip(".!?,;: ")


def final(text: str) -> str | None:
    """Return what a reply plainly calls its answer."""
    return phrases.answer_of(find_final(text))


@lru_cache(maxsize=1_024)
def find_final(text: str) -> Found | None:
    """Return what a reply plainly calls its answer: a number without unit, an option by letter."""
    place = phrases.final(readable(text))
    return None if place is None else found(_final(place.answer), place.where)


def _final(said: str) -> str | None:
    if "\\" in said:
        return said
    said = _ABOUT.sub("", phrases.plain(same_value.once(said)).strip(" .*\"'`>"))
    if not said or VACUOUS.match(said):
        return None
    option = _OPTION.match(said)
    if option:
        return (option[1] or option[2]).upper()
    if len(said.split()) <= _SHORT:
        number = numbers.extract(f"Answer: {said}")
        bare = _ASIDE.sub("", said)  # "23 (twenty-three)"
        return said if number is None or not _AMOUNT.match(bare) else number
    return said


def final_key(answer: str) -> Hashable:
    """Return the value of an answer that is a number or a formula, else its text."""
    key = math_equality.key(answer)
    return key if not isinstance(key, str) or "\\" in answer else text_key(answer)


def _whole(text: str) -> Found | None:
    return found(visible(text).strip() or None, "whole reply")


EXTRACTORS: Mapping[str, Extractor] = {
    kind.name: kind
    for kind in (
        finding("final", find_final, final_key),
        finding("number", numbers.find, numbers.key),
        finding("choice", choices.find, lambda answer: choices.letter(answer) or answer),
        finding("math", mathematics.find, math_equality.key, math_equality.same),
        finding("boxed", mathematics.find_boxed, math_equality.key, math_equality.same),
        finding("square", squares.find_square, str.strip),
        finding("code", programs.find, programs.key),
        finding("json", json_answers.find_json, json_answers.json_key),
        finding("literal", structured.find_literal, structured.literal_key),
        finding("text", _whole, text_key),
    )
}


def extractor(
    spec: "str | Callable[[str], str | None] | Extractor | type[BaseModel]",
) -> Extractor:
    r"""Return the extractor that a name, a function or a pydantic class stands for.

    Args:
        spec: "final" (what a reply plainly calls its answer), "number", "choice" (A to Z), "math",
            "boxed" (a `\boxed{}` or "the answer is"), "square" (chess), "code", "json", "literal"
            (Python), "text"; or a function from reply to answer, compared as text; or a pydantic
            class, which the JSON in the reply must fit; or an Extractor, returned as it is.

    Raises:
        InputError: the name is unknown, or the class no pydantic one.
    """
    if isinstance(spec, Extractor):
        return spec
    if isinstance(spec, str):
        return _named(spec)
    if isinstance(spec, type):
        return _of_schema(spec)
    if callable(spec):
        return Extractor(getattr(spec, "__name__", "function"), spec, text_key)
    raise InputError(f"give a name, a function, an Extractor or a pydantic class, not {spec!r}")


def guess(answers: Iterable[str]) -> str:
    """Name the extractor that suits a column of reference answers.

    All numbers: "number". All single letters: "choice". Mostly numbers and LaTeX: "math". A fifth
    or more Python containers, quoted strings or truth values: "literal". Else "text".
    """
    column = [answer.strip() for answer in answers if answer.strip()]
    if not column:
        return "text"
    numeric = sum(figures.is_number(answer.rpartition("####")[2]) for answer in column)
    if numeric == len(column):
        return "number"
    if all(_LETTER.fullmatch(answer) for answer in column):
        return "choice"
    latex = sum(bool(_LATEX.search(answer)) for answer in column)
    literal = sum(map(structured.is_literal, column)) - sum(map(figures.is_number, column))
    if latex >= literal and latex + numeric >= len(column) / 2:
        return "math"
    return "literal" if literal >= len(column) / 5 else "text"


def _named(name: str) -> Extractor:
    if name in EXTRACTORS:
        return EXTRACTORS[name]
    near = difflib.get_close_matches(name, EXTRACTORS, n=1, cutoff=0.6)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise InputError(f"there is no extractor {name!r}{hint}: use {', '.join(EXTRACTORS)}")


def _of_schema(schema: "type[BaseModel]") -> Extractor:
    if not hasattr(schema, "model_validate"):
        raise InputError(f"{schema.__name__} is no pydantic class: derive it from BaseModel")
    extract = partial(json_answers.validated, schema=schema)
    return Extractor(schema.__name__, extract, json_answers.json_key)
