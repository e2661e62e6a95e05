"""Tools of a request: which of them the writer may call, and in what form the calls come back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from manyminds.errors import InputError
from manyminds.server.parameters import NAME

_CHOICES = ("auto", "none", "required")
_OWN = ("function", "custom")  # types of tools that the client runs itself


class Offered(NamedTuple):
    """Tools that the writer may call.

    Attributes:
        tools: Functions in the form of Chat Completions. A custom tool, which takes a text, is a
            function with the one argument `input`.
        custom: Names of those that are custom tools.
        params: Parameters of the writer: `tool_choice`, `parallel_tool_calls`.
        left: Tools that the writer cannot call, for the report.
    """

    tools: list[dict[str, Any]]
    custom: list[str]
    params: dict[str, Any]
    left: list[str]


def offered(tools: Sequence[Mapping[str, Any]], choice: object, parallel: object = None) -> Offered:
    """Return the tools of a request that may be called.

    Args:
        tools: Tools in the form of Chat Completions or of Responses.
        choice: `tool_choice` in the same form.
        parallel: `parallel_tool_calls`.

    Raises:
        InputError: A tool has no name, or parameters that are no schema, or the choice cannot be
            made among the tools.
    """
    kept, custom, left = list[dict[str, Any]](), list[str](), list[str]()
    for index, tool in enumerate(tools):
        kind = tool.get("type")
        if not isinstance(kind, str):
            raise InputError(f"tools[{index}]: a tool needs a type, such as function")
        if kind not in _OWN:
            left.append(f"tools: {kind}")
            continue
        function = _function(tool, f"tools[{index}]")
        kept.append({"type": "function", "function": function})
        if kind == "custom":
            custom.append(function["name"])
    kept, params = _chosen(kept, choice)
    if kept and isinstance(parallel, bool):
        params["parallel_tool_calls"] = parallel
    return Offered(kept, custom, params, left)


def as_function_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call of a custom tool, from an earlier reply, as the call of a function."""
    about = _about(call)
    arguments = json.dumps({"input": about.get("input") or ""}, ensure_ascii=False)
    function = {"name": about.get("name"), "arguments": arguments}
    return {"id": call.get("id"), "type": "function", "function": function}


def input_of(call: Mapping[str, Any]) -> str:
    """Return the text that a custom tool is called with."""
    text = call["args"].get("input")
    return text if isinstance(text, str) else json.dumps(call["args"], ensure_ascii=False)


def _function(tool: Mapping[str, Any], where: str) -> dict[str, Any]:
    about = {key: value for key, value in _about(tool).items() if value is not None}
    name = about.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(f"{where}: a function needs a name of letters, digits, _ and -")
    if not isinstance(about.get("parameters", {}), Mapping):
        raise InputError(f"{where}: parameters of {name} must be a JSON schema")
    if not isinstance(about.get("description", ""), str):
        raise InputError(f"{where}: description of {name} must be a text")
    if tool["type"] == "function":
        return {key: value for key, value in about.items() if key != "type"}
    text = {"type": "string", "description": _form(about.get("format"))}
    schema = {"type": "object", "properties": {"input": text}, "required": ["input"]}
    told = {"description": about["description"]} if "description" in about else {}
    return {"name": name, **told, "parameters": schema}


def _form(form: object) -> str:
    """Say in words what a custom tool reads: no endpoint of a writer has to know grammars."""
    given = cast("Mapping[str, Any]", form) if isinstance(form, Mapping) else {}
    if given.get("type") != "grammar":
        return "The tool's input, as plain text."
    grammar = given.get("grammar")
    about = grammar if isinstance(grammar, Mapping) else given
    syntax, definition = about.get("syntax"), about.get("definition")
    return f"The tool's input: a text that follows this grammar ({syntax}):\n{definition}"


def _about(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a tool, a call or a choice says: Chat Completions has it one level deeper."""
    inner = tool.get(str(tool.get("type", "function")))
    return cast("Mapping[str, Any]", inner) if isinstance(inner, Mapping) else tool


def _chosen(
    tools: list[dict[str, Any]], choice: object
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the tools that may be called, and `tool_choice` as a parameter of the writer.

    Raises:
        InputError: The choice is unknown, or names a tool that is not there.
    """
    if choice is None:
        return tools, {}
    if choice == "none":
        return [], {}
    if isinstance(choice, str) and choice in _CHOICES:
        if choice == "required" and not tools:
            raise InputError("tool_choice: it needs `tools`, and the request has no function")
        return tools, {"tool_choice": choice} if tools else {}
    names = [tool["function"]["name"] for tool in tools]
    given = cast("Mapping[str, Any]", choice) if isinstance(choice, Mapping) else {}
    about = _about(given)
    if given.get("type") == "allowed_tools" and about.get("mode", "auto") in ("auto", "required"):
        allowed = _allowed(about.get("tools"), names)
        kept = [tool for tool in tools if tool["function"]["name"] in allowed]
        return _chosen(kept, about.get("mode", "auto"))
    name = about.get("name")
    if given.get("type", "function") not in _OWN or name not in names:
        known = ", ".join([*_CHOICES, *names])
        raise InputError(f"tool_choice: give one of {known[:300]}")
    return tools, {"tool_choice": {"type": "function", "function": {"name": name}}}


def _allowed(listed: object, names: Sequence[str]) -> set[str]:
    """Return the names of the tools that a choice allows.

    Raises:
        InputError: It lists none, or names one that is not among the request's tools.
    """
    tools = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    if not tools:
        raise InputError("tool_choice: allowed_tools needs a list of `tools`")
    allowed = {str(_about(one).get("name")) for one in tools if one.get("type") in _OWN}
    if unknown := allowed - set(names):
        known = ", ".join(names) or "none"
        raise InputError(
            f"tool_choice: allowed_tools names {min(unknown)[:100]}, and `tools` has {known[:300]}"
        )
    return allowed
