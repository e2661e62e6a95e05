"""Calls of tools against those that were expected, by the rules of MMAU (arXiv 2407.18961).

The number of calls, their names and all arguments must agree; the order of the calls does not
matter. Texts are compared without case, spaces and some marks. A rule of an argument takes the
place of that: a regular expression, a list of accepted values, or the same date.
"""

import json
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, cast

from langchain_core.messages import AIMessage

from manyminds.errors import InputError

_LEFT_OUT = re.compile(r"[ ,./\-_*?+^]")
_REGEX, _CHOICES, _DATE = _RULES = ("regex_match", "multi_choices", "date_match")


class Call(NamedTuple):
    """A call of a tool; `arguments` is None where they are no JSON object."""

    name: str
    arguments: Mapping[str, Any] | None


class Expected(NamedTuple):
    """The message that is expected.

    Attributes:
        text: Its text; an answer with just this text is right, too, unless it is empty.
        calls: Its calls.
        rules: For each call the rules of its arguments, by name.
    """

    text: str
    calls: Sequence[Call]
    rules: Sequence[Mapping[str, Mapping[str, Any]]]


def expected(message: Mapping[str, Any], rules: Sequence[Any] | None) -> Expected:
    """Read an expected message, in the form of Chat Completions, and the rules of its calls.

    Raises:
        ValueError: There is neither text nor call, or the rules do not fit the calls.
    """
    content, calls = message.get("content") or "", _calls(message.get("tool_calls") or [])
    text = content if isinstance(content, str) else json.dumps(content)
    read = [(one or {}).get("arguments") or {} for one in rules or [{}] * len(calls)]
    known = all({*rule} & {*_RULES} for one in read for rule in one.values())
    if len(read) != len(calls) or not known or not (text or calls):
        raise ValueError("no message that can be expected")
    return Expected(text, calls, read)


def written(message: AIMessage) -> str:
    """Return an answer as text: a message with calls as JSON."""
    if not message.tool_calls:
        return message.text
    calls = [{"name": one["name"], "arguments": one["args"]} for one in message.tool_calls]
    return json.dumps({"content": message.text, "tool_calls": calls}, ensure_ascii=False)


def meets(answer: str, wanted: Expected) -> bool:
    """Return whether an answer, as `written` gives it, is the message that is expected."""
    text, calls = _read(answer)
    if wanted.text and text.lstrip(" ") == wanted.text:
        return True
    left = [*zip(wanted.calls, wanted.rules, strict=True)]
    if not calls or len(calls) != len(left):
        return False
    for call in calls:
        place = next((n for n, one in enumerate(left) if _same_call(call, *one)), None)
        if place is None:
            return False
        del left[place]
    return True


def _read(answer: str) -> tuple[str, list[Call]]:
    try:
        found: object = json.loads(answer)
    except ValueError:
        return answer, []
    row = cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
    if not isinstance(row.get("tool_calls"), list):
        return answer, []
    return str(row.get("content") or ""), _calls([{"function": one} for one in row["tool_calls"]])


def _calls(listed: Sequence[Mapping[str, Any]]) -> list[Call]:
    return [
        Call(str(one["function"]["name"]), arguments_of(one["function"]["arguments"]))
        for one in listed
    ]


def arguments_of(given: object) -> Mapping[str, Any] | None:
    """Return the arguments of a call, an object or JSON; None: they are neither."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return None
    return cast("Mapping[str, Any]", given) if isinstance(given, dict) else None


def _same_call(found: Call, wanted: Call, rules: Mapping[str, Mapping[str, Any]]) -> bool:
    given, target = found.arguments, wanted.arguments
    if found.name != wanted.name or given is None or target is None:
        return False
    by_rule = all(
        name in given and _fits(given[name], target.get(name), rule) for name, rule in rules.items()
    )
    others = {*given, *target} - {*rules}
    return by_rule and all(_same(given.get(name), target.get(name)) for name in others)


def _fits(given: object, target: object, rule: Mapping[str, Any]) -> bool:
    if _REGEX in rule:
        pattern = re.compile(rule[_REGEX], re.IGNORECASE)
        return isinstance(given, str) and pattern.match(given) is not None
    if _CHOICES in rule:
        return any(_same(given, one) for one in rule[_CHOICES])
    if rule[_DATE] is not True:
        return _same(given, target)
    return isinstance(given, str) and isinstance(target, str) and _same_date(given, target)


def _same(one: object, other: object) -> bool:
    return _plain(one) == _plain(other)


def _plain(value: object) -> object:
    if not isinstance(value, str):
        return value
    return _LEFT_OUT.sub("", value).lower().replace("'", '"')


def _same_date(one: str, other: str) -> bool:
    try:
        parse = import_module("dateutil.parser").parse
    except ImportError:
        raise InputError("dates of tool calls need dateutil: install manyminds[eval]") from None
    try:
        return bool(parse(one) == parse(other))
    except (ValueError, OverflowError):
        return False
