"""Answers with a structure: JSON objects, Python literals, blocks of code."""

import ast
import json
import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

from manyminds.reading import locate as phrases
from manyminds.reading import loose_json
from manyminds.reading.locate import Found, found
from manyminds.reading.reasoning import visible

if TYPE_CHECKING:
    from pydantic import BaseModel

_TAGGED = re.compile(r"[\[<]ANSWER[\]>](.*?)(?:[\[<]/ANSWER[\]>]|\Z)", re.DOTALL | re.IGNORECASE)
_RETURNED = re.compile(
    r"\b(?:output|result|answer|value|solution|list|tuple|string|it)\b[*_]{0,3}\s*(?:is|will\s+be|would\s+be|[:=])[*_:]{0,3}\s*"
    r"|\b(?:returns?|outputs?|prints?|evaluates\s+to|yields)[*_]{0,3}:?\s+",
    re.IGNORECASE,
)
_PROSE = re.compile(  # a sentence, which no program printed
    r"^(?:the|it|this|that|we|i|so|since|therefore|thus|first|to|if|in|after|let(?:'s)?)\b.*\b(?:is|are|will|would|raises?"
    r"|returns?|iterates?|can|cannot|can't|do|does|have|has|need|get|be|then|trace|look|go|start|run|evaluate)\b",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(r"[^\s.]+")
_WRAPPER = re.compile(r"\[/?(?:PYTHON|ANSWER|THOUGHT|OUTPUT)\]", re.IGNORECASE)
_CLOSING = re.compile(r"[}\])`\s]{1,5}")
_ONLY_ANSWER = re.compile(r'\{\s*"answer"\s*:')
_PYTHON = ("python", "python3", "py")
_MOST_FAILURES = 50  # each costs at most one pass over the text
_LONGEST_LITERAL = 10_000
_STRING_OR_NUMBER = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|['"].*|(?<!\w)[0-9.]+(?:[eE][-+]?[0-9]+)?(?!\w)""",
    re.DOTALL,
)
_WORD = re.compile(r"\w+")
_LITERAL_WORDS = frozenset({"True", "False", "None", "set", "b", "u"})
_ESCAPE = re.compile(r"\\(?:([\n\\'\"abfnrtvxuUN]|[0-3][0-7]{2}|[0-7]{1,2}(?![0-7]))|.)", re.DOTALL)


def find_json(text: str) -> Found | None:
    """Return the last JSON object or array of a reply, compact."""
    return found(json_object(text), "JSON")


def json_object(text: str) -> str | None:
    """Return the last JSON object or array of a reply, compact; None where there is none."""
    value = _last_json(visible(text))
    if value is None:  # as Python prints it
        value = next((one.value for one in reversed(loose_json.values(visible(text)))), None)
        value = value if isinstance(value, dict | list) else None
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


def literal(text: str) -> str | None:
    """Return the Python literal a reply ends in."""
    return phrases.answer_of(find_literal(text))


def find_literal(text: str) -> Found | None:
    """Return the Python literal a reply ends in, and where it stands.

    The whole of it, a tagged or fenced answer, what an assertion compares with, or the last line.
    """
    text = visible(text)
    tagged = _TAGGED.findall(text)
    fenced = None if tagged else phrases.fenced(text)
    where = "[ANSWER]" if tagged else "code fence" if fenced else "whole reply"
    reply = (str(tagged[-1]) if tagged else fenced or text).strip()
    if _literal(reply) is not _NOTHING and not _wrapped(reply):
        return found(reply or None, where)
    stated = phrases.field(reply) if _wrapped(reply) or "reasoning" in text[:200] else None
    if stated is not None:
        said = _asserted(stated)
        return Found(said if said.strip() else repr(said), "JSON field")
    cues = [] if tagged else list(_RETURNED.finditer(text))
    if cues:
        place = text[cues[-1].end() :].strip().split("\n")[0].strip(" *`")
        for said in (place, place.rstrip(".!`* "), place.split(", ")[0]):
            if said and _literal(said) is not _NOTHING:
                return Found(said, "cue")
        if cues[-1][0].rstrip().endswith(":") and _ONE_WORD.fullmatch(place):
            return Found(place, "cue")
    reply = _WRAPPER.sub("", reply).strip()
    if "\n" in reply:
        reply, where = reply.rpartition("\n")[2].strip(), "last line"
    if _CLOSING.fullmatch(reply):  # of JSON around the answer
        return found(phrases.field(text), "JSON field")
    said = _asserted(reply)
    if is_literal(said.strip("`")):
        return Found(said.strip("`"), where if said == reply else "equation")
    after = said.rpartition(": ")[2].rstrip(".!`* ") if ": " in said else ""
    if is_literal(after):
        return Found(after, "cue")
    return None if _PROSE.search(said) else found(said.strip("`") or None, where)


def _asserted(text: str) -> str:
    """Return what an assertion compares with, else the text."""
    right = text.rpartition(" == ")[2].strip()
    compares = " == " in text and (text.lstrip().startswith("assert ") or is_literal(right))
    return right if compares else text


def _wrapped(reply: str) -> bool:
    """Say whether a reply is the JSON of an answer, alone or with its reasoning."""
    if not reply.startswith("{") or phrases.field(reply) is None:
        return False
    return "reason" in reply[:200] or _ONLY_ANSWER.match(reply) is not None


def literal_key(answer: str) -> Hashable:
    """Return a key equal for literals that are equal in Python, however they are written.

    A string and the same text without quotes are one, because columns of reference answers have
    lost the quotes.
    """
    value = _literal(answer.strip())
    if isinstance(value, str):
        inner = _literal(value.strip())
        value = value if inner is _NOTHING else inner
    return answer if value is _NOTHING else _hashable(value)


def code(text: str) -> Found | None:
    """Return the last Python block of a reply, else what follows "impl]", else the whole text."""
    text = visible(text)
    block = phrases.fenced(text, _PYTHON) or phrases.fenced(text)
    where = "whole reply" if block is None else "code fence"
    if block is None:
        block = text.rpartition("impl]")[2]
    return Found(block.strip("\n"), where) if block.strip() else None


def code_key(answer: str) -> str:
    """Return the program without blank lines and trailing spaces."""
    return "\n".join(line.rstrip() for line in answer.splitlines() if line.strip())


def is_literal(text: str) -> bool:
    """Say whether the text is a Python literal as it would be printed."""
    return _literal(text.strip()) is not _NOTHING


class _Nothing:
    """No literal: None itself is one."""


_NOTHING = _Nothing()


def _literal(text: str) -> object:
    if len(text) > _LONGEST_LITERAL:
        return _NOTHING
    words = _WORD.findall(_STRING_OR_NUMBER.sub(" ", text))
    if not _LITERAL_WORDS.issuperset(words):  # no literal; the parser would warn about 1zd
        return _NOTHING
    text = _ESCAPE.sub(_kept, text)
    try:
        value: object = ast.literal_eval(text)
        _hashable(value)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return _NOTHING
    return value


def _kept(escape: re.Match[str]) -> str:
    """Return an escape that means nothing in Python with its backslash doubled: it reads the same,
    and the parser does not warn.
    """
    return escape[0] if escape[1] else "\\" + escape[0]


def _hashable(value: object) -> Hashable:
    if isinstance(value, dict):
        return "dict", frozenset((_hashable(k), _hashable(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return type(value).__name__, tuple(_hashable(item) for item in value)
    if isinstance(value, set):
        return "set", frozenset(_hashable(item) for item in value)
    hash(value)
    if isinstance(value, bool):
        return "bool", value  # True is not 1
    return value if isinstance(value, Hashable) else None


def _last_json(text: str, *, repair: bool = True) -> object:
    """Return the last object or array in a text that holds other things too."""
    whole = _loads(text)
    if isinstance(whole, (dict, list)):
        return whole
    decoder = json.JSONDecoder(parse_float=_number, strict=False)
    last: object = None
    lists: object = None
    failures, position = 0, _opening(text, 0)
    while position >= 0 and failures < _MOST_FAILURES:
        try:
            value, position = decoder.raw_decode(text, position)
            last, lists = (value, lists) if isinstance(value, dict) else (last, value)
        except (ValueError, RecursionError):
            failures, position = failures + 1, position + 1
        position = _opening(text, position)
    if last is None and repair and _TRAILING.search(text):
        return _last_json(_TRAILING.sub(r"\1", text), repair=False)
    return lists if last is None else last


_OPENING = re.compile(r"[{\[]")
_TRAILING = re.compile(r",(?:\s{0,20})([}\]])")


def _opening(text: str, start: int) -> int:
    match = _OPENING.search(text, start)
    return match.start() if match else -1


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
