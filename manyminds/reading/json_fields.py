"""JSON replies to a question that names its fields: those fields are the answer, no others."""

import json
import re
from collections.abc import Hashable
from functools import partial

from manyminds.reading import figures, json_answers, locate
from manyminds.reading.answers import Extractor, find_final, finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable, visible

_FIELD = re.compile(
    r"[\"'`\u201c](?P<before>\w{1,40})[\"'`\u201d]\s*:"
    r"|\b(?:fields?|keys?|propert(?:y|ies)|attributes?|Felder|Feld|Schl\u00fcssel|champs?|campos?)\s+(?:named\s+|called\s+)?"
    r"(?P<list>[\"'`\u201c]\w{1,40}[\"'`\u201d](?:\s*(?:,|and|und|et|y)+\s*[\"'`\u201c]\w{1,40}[\"'`\u201d]){0,8})",
    re.IGNORECASE,
)
_NAME = re.compile(r"\w+")
_JOINS = frozenset(("and", "und", "et", "y"))
_REASONS = re.compile(
    r"reason|thought|thinking|expla|rationale|analysis|confidence|working|steps?$|notes?$|comment",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(?P<number>[-+]?[0-9][0-9.,]*)\s?(?P<unit>[^\W\d_]+)")
_FEW = 3  # words of a reply that is the value alone
_LONGEST = 1_000  # characters at the end of a question


def reader(question: str) -> Extractor:
    """Return the reader of JSON replies to a question."""
    words = frozenset(_NAME.findall(question[-_LONGEST:].casefold()))
    return finding("json", partial(find, names=fields_in(question)), partial(key, asked=words))


def fields_in(question: str) -> tuple[str, ...]:
    """Return the names of the fields that a question asks for, without those for reasons."""
    names: list[str] = []
    for found in _FIELD.finditer(question[-_LONGEST:]):
        listed = found["list"] or found["before"]
        names += [name for name in _NAME.findall(listed) if name not in _JOINS]
    return _without_reasons(dict.fromkeys(names))


def find(text: str, names: tuple[str, ...] = ()) -> Found | None:
    """Return the fields that are the answer of a JSON reply, compact.

    Args:
        text: The reply. One that states its answer without JSON gives the only field.
        names: The fields that the question names; none: all but those for reasons.
    """
    place = json_answers.find_json(text)
    if place is None:
        said = _plain(text) if len(names) == 1 and "{" not in visible(text) else None
        return said and Found(_compact({names[0]: _value(said.answer)}), said.where)
    value = json.loads(place.answer)
    if not isinstance(value, dict):
        return Found(_compact({names[0]: value}), place.where) if len(names) == 1 else place
    by_name = {str(name).casefold(): field for name, field in value.items()}
    wanted = names or _without_reasons(value)
    kept = {name: by_name[name.casefold()] for name in wanted if name.casefold() in by_name}
    if names and not kept:
        return None
    return Found(_compact(kept), place.where) if kept else place


def key(answer: str, asked: frozenset[str] = frozenset()) -> Hashable:
    """Return a key equal for the same JSON; of one field, also for "60" and 60, Yes and yes.

    One field only wraps an answer; in objects of several fields "42" is not 42.

    Args:
        answer: The JSON.
        asked: The words of the question; a unit among them may stand behind a number or not.
    """
    try:
        value = json.loads(answer)
    except ValueError:
        return answer.strip()
    wraps = isinstance(value, dict) and len(value) == 1
    return _key(value, asked) if wraps else json_answers.json_key(answer)


def _key(value: object, asked: frozenset[str]) -> Hashable:
    if isinstance(value, dict):
        return "object", frozenset((name, _key(field, asked)) for name, field in value.items())
    if isinstance(value, list):
        return "list", tuple(_key(item, asked) for item in value)
    if isinstance(value, bool) or value is None:
        return "constant", value
    if isinstance(value, str) and (amount := _AMOUNT.fullmatch(value.strip())) is not None:
        value = amount["number"] if amount["unit"].casefold() in asked else value
    number = figures.value(str(value)) if isinstance(value, str | int | float) else None
    return " ".join(str(value).casefold().split()) if number is None else ("number", number)


def _plain(text: str) -> Found | None:
    """Return the value that a reply states without JSON."""
    said, whole = find_final(text), readable(text).strip(" .!*`\"'\n")
    if said is not None or not 0 < len(whole.split()) <= _FEW or locate.refuses(whole):
        return said
    return Found(whole, "whole reply")


def _value(said: str) -> object:
    value = figures.value(said)
    return said if value is None else value


def _without_reasons(names: "dict[str, object] | dict[str, None]") -> tuple[str, ...]:
    """Return names of fields without those for reasons, unless there are no others."""
    return tuple(name for name in names if not _REASONS.search(name)) or tuple(names)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
