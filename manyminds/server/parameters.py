"""Parameters of a request that all protocols know: output schemas, stop sequences and limits."""

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

from manyminds.errors import InputError

_MEANINGLESS = {
    *("user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key"),
    *("prompt_cache_retention", "include", "prediction"),
}
NAME = re.compile(r"[\w.-]{1,128}")
"""Name of a tool or of an output schema."""
_MOST_STOPS, _LONGEST_STOP = 64, 1_000


def ignored(given: Mapping[str, Any], read: Collection[str] = ()) -> list[str]:
    """Return the parameters of a request that an ensemble does not use.

    Most are parameters of a single model, such as `temperature`; the members have their own.

    Args:
        given: Parameters beyond those that the request's model knows.
        read: Names of those that are used.
    """
    known = {*read, *_MEANINGLESS}
    return [name for name, value in given.items() if value is not None and name not in known]


def refuse(given: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
    """Refuse parameters whose meaning an ensemble cannot give.

    Args:
        given: Parameters of the request.
        reasons: What to tell the client, by the parameter's name.

    Raises:
        InputError: One of them is set.
    """
    for name, reason in reasons.items():
        if given.get(name):
            raise InputError(f"{name}: {reason}")


def output_form(given: object, where: str = "response_format") -> dict[str, Any]:
    """Return an output schema as a parameter of the writer; empty for plain text.

    Args:
        given: `response_format` in the form of Chat Completions, or None.
        where: Name of the parameter, for errors.

    Raises:
        InputError: It is not one of text, json_object and json_schema, or has no schema.
    """
    if given is None:
        return {}
    form = cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}
    match form.get("type"):
        case "text":
            return {}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "json_schema":
            about = form.get("json_schema")
            if not isinstance(about, Mapping) or not isinstance(about.get("schema"), Mapping):
                raise InputError(f"{where}: json_schema needs a `schema` that is an object")
            named = {"name": "answer", **{key: v for key, v in about.items() if v is not None}}
            if not isinstance(named["name"], str) or not NAME.fullmatch(named["name"]):
                raise InputError(f"{where}: json_schema needs a name of letters, digits, _ and -")
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case _:
            raise InputError(f"{where}: give a type of text, json_object or json_schema")


def stops(given: object, where: str = "stop") -> list[str]:
    """Return the texts at which an answer ends.

    Args:
        given: A text or a list of texts, or None.
        where: Name of the parameter, for errors.

    Raises:
        InputError: It is something else, or too many.
    """
    listed = [] if given is None else [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or len(listed) > _MOST_STOPS:
        raise InputError(f"{where}: give a text, or a list of at most {_MOST_STOPS} texts")
    texts: list[Any] = listed
    if not all(isinstance(one, str) and 0 < len(one) <= _LONGEST_STOP for one in texts):
        raise InputError(f"{where}: give texts of 1 to {_LONGEST_STOP} characters")
    return texts


def limit(given: Mapping[str, Any], *names: str) -> int | None:
    """Return the tokens that the answer may have; None for any number.

    Args:
        given: Parameters of the request.
        names: Names of the parameter. Of several that are set, the first one counts.

    Raises:
        InputError: It is no whole number above 0, or -1, which some clients send for any number.
    """
    for name in names:
        value = given.get(name)
        if value is None or value == -1:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{name}: give a whole number of tokens above 0, or leave it out")
        return value
    return None
