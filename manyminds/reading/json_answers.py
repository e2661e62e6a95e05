"""JSON in a reply: the last object or array, its canonical form, and a schema's reading of it."""

import json
import re
from typing import TYPE_CHECKING

from manyminds.reading import loose_json
from manyminds.reading.locate import Found, found
from manyminds.reading.reasoning import visible

if TYPE_CHECKING:
    from pydantic import BaseModel

_EMPTY = re.compile(r"\{\s{0,9}\}|\[\s{0,9}\]")


def find_json(text: str) -> Found | None:
    """Return the last JSON object or array of a reply, compact."""
    return found(json_object(text), "JSON")


def json_object(text: str) -> str | None:
    """Return the last JSON object or array of a reply, compact; None where there is none."""
    value = _last_json(visible(text))
    return None if value is None else _compact(value)


def json_key(answer: str) -> str:
    """Return canonical JSON: sorted keys, no spaces, 1.0 as 1; the text itself if it is none."""
    value = _loads(answer)
    return answer.strip() if value is None else _compact(value, sort_keys=True)


def validated(text: str, schema: "type[BaseModel]") -> str | None:
    """Return the last JSON object of a reply as the schema reads it, defaults filled in.

    None where there is no object or the schema refuses it.
    """
    from pydantic import ValidationError

    value = _last_json(text)
    if value is None:
        return None
    try:
        return schema.model_validate(value).model_dump_json()
    except ValidationError:
        return None


def _last_json(text: str) -> object:
    """Return the last object, else array, in a text that holds other things too.

    None where it is not closed: what it holds inside is no answer.
    """
    whole = _loads(text)
    if isinstance(whole, (dict, list)):
        return whole
    found = loose_json.values(text)
    last = next((one for one in reversed(found) if isinstance(one.value, dict)), None)
    last = last or (found[-1] if found else None)
    if last is not None:
        return _loads(json.dumps(last.value)) if last.closed else None
    empty = _EMPTY.findall(text)
    return None if not empty else {} if empty[-1].startswith("{") else []


def _loads(text: str) -> object:
    try:
        value: object = json.loads(text, parse_float=_number, strict=False)
    except (ValueError, RecursionError):
        return None
    return value


def _number(digits: str) -> float | int:
    value = float(digits)
    return int(value) if value.is_integer() else value


def _compact(value: object, *, sort_keys: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
