"""A reply in JSON whose fields have names of its own, cut to what the question asks for.

"What is the capital of Australia?" - `{"country": "Australia", "capital": "Canberra"}`.
"""

import json
import re

from manyminds.reading import answer_field, json_fields, polarity
from manyminds.reading.stems import SMALL, WORD, stem

_JSON = re.compile(r"\bJSON\b", re.IGNORECASE)
_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_VARIABLE = re.compile(r"[a-z](?:_?[0-9])?", re.IGNORECASE)
_ALIKE = 5  # letters that "arrival" and "arrive" share
_LONGEST_QUESTION = 2_000


def cut(text: str, question: str) -> str:
    """Return a JSON reply with the value that the question asks for as its only field.

    That is the field that repeats nothing of the question, or whose name is a word of it. A length
    of time is joined to "2 hours 42 minutes", variables to "x = 7, y = 3". Any other reply, and any
    to a question that speaks of JSON, stays as it is.

    Args:
        text: The reply.
        question: The question.
    """
    asked = question[-_LONGEST_QUESTION:]
    if "{" not in text or _JSON.search(asked) or json_fields.fields_in(asked):
        return text
    fields = answer_field.fields_of(text)
    if fields is None or answer_field.field(text) is not None:
        return text
    said = _joined(fields) or _one(fields, asked)
    return text if said is None else json.dumps({"answer": said}, ensure_ascii=False)


def _joined(fields: dict[str, object]) -> str | None:
    """Return fields that are one value together: a length of time, the values of variables."""
    numbers = all(isinstance(one, int | float) and one is not True for one in fields.values())
    if len(fields) < 2 or not numbers:
        return None
    if all(name.casefold() in _UNITS for name in fields):
        return " ".join(f"{value} {name.casefold()}" for name, value in fields.items())
    if all(_VARIABLE.fullmatch(name) for name in fields):
        return ", ".join(f"{name} = {value}" for name, value in fields.items())
    return None


def _one(fields: dict[str, object], question: str) -> object | None:
    """Return the value of the one field that answers a question; None for several."""
    low = question.casefold()
    new = {name: one for name, one in fields.items() if not _repeats(one, low)}
    words = {stem(word) for word in WORD.findall(low) if word not in SMALL}
    named = {name: one for name, one in new.items() if _is_named(name, words)}
    for left in (new, named):
        value = next(iter(left.values()), None)
        if len(left) != 1:
            continue
        if isinstance(value, bool):
            return ("yes" if value else "no") if polarity.asks(question) else None
        return value if isinstance(value, str | int | float) else None
    return None


def _repeats(value: object, question: str) -> bool:
    """Say whether a value stands in a question; 9:47 stands there as "09:47" does."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    said = str(value).casefold().strip().lstrip("0")
    return bool(said) and re.search(rf"(?<!\w){re.escape(said)}(?!\w)", question) is not None


def _is_named(name: str, words: set[str]) -> bool:
    """Say whether a field has a word of the question for its name: "arrival" for "arrive"."""
    parts = {stem(part) for part in re.split(r"[_\W]+", name.casefold()) if part}
    return any(
        part == word or len(part) >= _ALIKE and part[:_ALIKE] == word[:_ALIKE]
        for part in parts
        for word in words
    )
