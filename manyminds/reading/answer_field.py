"""The field of a JSON reply, whole or broken, that holds its answer."""

import json
import re

_FIELD = re.compile(
    r"""["'](?:(?:final|correct|selected|best)[_ ]?)?(?:answer|choice|option)["']\s*:\s*"""
    r"""(?:"(?P<string>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<bare>[^}\n]*))""",
    re.IGNORECASE | re.DOTALL,
)
_NO_ANSWER = re.compile(
    r"error|reason|thought|thinking|expla(?:nation|in)|rationale|analysis|confidence|certainty|score|scale|rating|question"
    r"|steps?$|working|notes?$|comment|begr\u00fcndung|raison|raz\u00f3n|\u7406\u7531|\u601d\u8003",
    re.IGNORECASE,
)
_NAMES_ANSWER = re.compile(
    r"result|output|verdict|conclusion|solution|final|response|prediction|label|antwort|ergebnis"
    r"|r\u00e9ponse|respuesta|resposta|risposta|\u7b54\u6848|\u043e\u0442\u0432\u0435\u0442",
    re.IGNORECASE,
)
_LONGEST_OBJECT = 5_000
_CLOSES = re.compile(r"[\s,}]*(?:```\s*)?")


def field(text: str) -> str | None:
    """Return the last value of an "answer" key in JSON, whole or broken; else None."""
    fields = list(_FIELD.finditer(text))
    if not fields:
        return _only_field(text)
    found = fields[-1]
    string = found["string"]
    if string is None:
        bare = found["single"] if found["single"] is not None else _bare(text, found)
        return bare.strip().rstrip(",").strip() or None
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:  # LaTeX with single backslashes, as models write it: take it unchanged
        return string


def _bare(text: str, found: re.Match[str]) -> str:
    """Return a value that is no string; an object or a list is whole where it is closed."""
    begin = found.start("bare")
    if text[begin : begin + 1] in ("{", "["):
        try:
            end = json.JSONDecoder().raw_decode(text, begin)[1]
        except (ValueError, RecursionError):
            return str(found["bare"])
        return text[begin:end]
    return str(found["bare"])


def without_reasons(text: str) -> str:
    """Return a reply in JSON with nothing but its last "answer" field, where that ends it.

    Its reasons come before the answer and are no part of it. Any other reply stays as it is.
    """
    fields = list(_FIELD.finditer(text))
    if not fields or fields[-1]["bare"] is not None:
        return text
    ends = _CLOSES.fullmatch(text, fields[-1].end()) is not None
    return f"{{{fields[-1][0]}}}" if ends else text


def _only_field(text: str) -> str | None:
    """Return the value that a whole reply in JSON gives besides its reasons: {"capital": "Oslo"}.

    Of several, the only one whose name says that it is the result.
    """
    said = fields_of(text) or {}
    if len(said) > 1:
        said = {name: value for name, value in said.items() if _NAMES_ANSWER.search(name)}
    value = next(iter(said.values()), None)
    if len(said) != 1 or not isinstance(value, str | int | float | list):
        return None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _object(text: str) -> dict[str, object] | None:
    """Return the whole of a reply as the JSON object that it is; else None."""
    text = text.strip().removeprefix("```json").removesuffix("```").strip()
    if not text.startswith("{") or len(text) > _LONGEST_OBJECT:
        return None
    try:
        whole: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return whole if isinstance(whole, dict) else None


def fields_of(text: str) -> dict[str, object] | None:
    """Return the fields of a reply that is one JSON object, without those for reasons."""
    whole = _object(text)
    said = {} if whole is None else whole
    return {name: one for name, one in said.items() if not _NO_ANSWER.search(name)} or None


def only_reasons(text: str) -> bool:
    """Say whether a reply is a JSON object of reasons and scores, without any answer."""
    whole = _object(text)
    return whole is not None and all(_NO_ANSWER.search(name) for name in whole)
