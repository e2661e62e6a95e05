"""Arguments of a call as models write them: by keyword, and with the results of earlier calls."""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any, cast

KEYWORD = re.compile(r"\s*[A-Za-z_]\w{0,40}\s?=(?!=)\s?")
RESULT = re.compile(r"\bR\d{1,3}\b")
"""Name of the result of an earlier call."""
_LONGEST = 4_000
_WORDS = {"true": True, "false": False, "null": None}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class _Named(ast.NodeTransformer):
    """Makes names into their own text: `city=Oslo` means the text, as does the name of a result."""

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        return ast.copy_location(ast.Constant(_WORDS.get(node.id, node.id)), node)


def keywords(inside: str) -> dict[str, Any] | None:
    """Return the arguments of a call with keywords, such as `name="x", of=R1`; None for others."""
    if len(inside) > _LONGEST or not KEYWORD.match(inside):
        return None
    try:
        call = ast.parse(f"f({inside})", mode="eval").body
        assert isinstance(call, ast.Call)
        given = {each.arg: ast.literal_eval(_Named().visit(each.value)) for each in call.keywords}
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError, AssertionError):
        return None
    return None if call.args or None in given else cast("dict[str, Any]", given)


def with_results(argument: str, results: Mapping[str, str], *, several: bool = False) -> str:
    """Return an argument with the results that it names in their place.

    In JSON a result is a value, so that its quotes and line breaks end nothing; in other text it
    stands as it is.

    Args:
        argument: The argument.
        results: Results by name.
        several: Whether the call takes several parameters, as a JSON object or a list of values.
    """
    if not RESULT.search(argument):
        return argument
    quoted = _outside_quotes(argument, results)
    if argument.lstrip().startswith("{"):
        parsed = _parsed(quoted)
        if isinstance(parsed, dict):
            return json.dumps(_resolved(parsed, results), ensure_ascii=False)
    if several:
        values = _parsed(f"[{quoted}]")
        if isinstance(values, list) and len(cast("list[object]", values)) > 1:
            return json.dumps(_resolved(values, results), ensure_ascii=False)[1:-1]
    return RESULT.sub(lambda name: results.get(name[0], name[0]), argument)


def _outside_quotes(argument: str, results: Mapping[str, str]) -> str:
    """Return JSON in which names of results that stand without quotes are values."""

    def literals(text: str) -> str:
        return RESULT.sub(lambda name: json.dumps(_value(name[0], results)), text)

    parts, end = list[str](), 0
    for text in _QUOTED.finditer(argument):
        parts += [literals(argument[end : text.start()]), text[0]]
        end = text.end()
    return "".join([*parts, literals(argument[end:])])


def _resolved(value: object, results: Mapping[str, str]) -> object:
    """Return a JSON value with results in place of the texts that name them."""
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {key: _resolved(each, results) for key, each in items}
    if isinstance(value, list):
        return [_resolved(each, results) for each in cast("list[object]", value)]
    if not isinstance(value, str):
        return value
    if RESULT.fullmatch(value.strip()):
        return _value(value.strip(), results)
    return RESULT.sub(lambda name: results.get(name[0], name[0]), value)


def _value(name: str, results: Mapping[str, str]) -> object:
    """Return a result as a JSON value; a text where JSON would write it otherwise, such as 007."""
    result = results.get(name, name)
    parsed = _parsed(result)
    exact = isinstance(parsed, list | dict) or json.dumps(parsed) == result
    return parsed if exact else result


def _parsed(text: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found
