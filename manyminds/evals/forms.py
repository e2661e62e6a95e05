"""Forms in which a cell of a file holds a question, choices or reference answers."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_LABEL = re.compile(r"\(?[A-Za-z0-9]{1,2}[).:]\s+")
_APART = ("\n", "|", ";")


class Chat(NamedTuple):
    """A conversation: what is asked, and the assistant's last turn, which answers it."""

    asked: str
    answer: str | None


def chat(cell: object) -> Chat | None:
    """Read a list of messages, as chat models take it (`role`, `content`) or ShareGPT has it.

    Instructions and turns of the user are joined by empty lines; an assistant's turn at the end is
    the reference answer. None: the cell holds something else.
    """
    turns = [_turn(one) for one in cast("list[object]", cell)] if isinstance(cell, list) else []
    said = [turn for turn in turns if turn is not None]
    if not said or len(said) < len(turns):
        return None
    answer = said.pop()[1] if said[-1][0] in ("assistant", "gpt") else None
    return Chat("\n\n".join(text for _, text in said), answer) if said else None


def _turn(message: object) -> tuple[str, str] | None:
    if not isinstance(message, Mapping):
        return None
    fields = cast("Mapping[str, Any]", message)
    text = fields.get("content", fields.get("value"))
    role = fields.get("role", fields.get("from"))
    return (role, text) if isinstance(text, str) and isinstance(role, str) else None


def choices(cell: str) -> list[str]:
    """Read choices that are written into one cell of a table; fewer than two are none.

    They are a list in JSON, Python or numpy, or texts divided by lines, bars or semicolons; labels
    such as "B)" are left away.
    """
    text = cell.strip()
    if text.startswith("[") and text.endswith("]"):
        return _listed(text)
    parts = next((text.split(sign) for sign in _APART if sign in text), [])
    found = [_LABEL.sub("", part.strip(), count=1) for part in parts if part.strip()]
    return found if len(found) > 1 else []


def _listed(text: str) -> list[str]:
    try:
        whole: object = json.loads(text)
    except ValueError:
        return [one or other for one, other in _QUOTED.findall(text)]
    return [str(one) for one in cast("list[object]", whole)] if isinstance(whole, list) else []


def golds(answer: Mapping[str, Any]) -> list[object]:
    """Read a reference answer that is an object.

    SQuAD has a list under `text`, DROP under `spans`, TriviaQA a `value` with `aliases`; any other
    object is the answer itself, as JSON.
    """
    for name in ("text", "spans"):
        if isinstance(answer.get(name), list):
            return list(dict.fromkeys(map(str, answer[name])))
    if isinstance(answer.get("value"), str):
        return list(dict.fromkeys([answer["value"], *map(str, answer.get("aliases") or ())]))
    return [json.dumps(answer, ensure_ascii=False)]
