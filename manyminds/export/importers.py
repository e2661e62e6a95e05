"""Trajectories out of the forms of others: ShareGPT, OpenAI messages, xLAM, Agent Data Protocol.

Each importer turns one row into one trajectory, and keeps what it has no field for in `details`, so
that the same row can be written again.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from manyminds.errors import DataError
from manyminds.export.adp import OURS
from manyminds.export.messages import (
    Message,
    NotHeldError,
    Role,
    ToolCall,
    parse_arguments,
    steps_of,
)
from manyminds.trajectory import Trajectory, first_fault

_SHAREGPT: Mapping[str, Role] = {
    **{"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"},
    **{"chatgpt": "assistant", "bing": "assistant", "bard": "assistant", "system": "system"},
    **{"function_call": "assistant", "tool_call": "assistant", "model": "assistant"},
    **{"observation": "tool", "tool": "tool", "tool_response": "tool", "ipython": "tool"},
    **{"function_response": "tool"},
}
_ROLES: Mapping[str, Role] = {
    **{"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"},
    **{"developer": "system", "function": "tool"},  # the first newer, the second older
}
_FLAGS = ("training", "train", "weight", "loss")
"""Names under which a turn may say whether it is trained."""
_READ = frozenset(
    (
        *("role", "content", "from", "value", "name", "tool_calls", "tool_call_id", *_FLAGS),
        *("function_call", "reasoning_content"),
    )
)


def import_row(row: Mapping[str, Any], where: str) -> Trajectory:
    """Read a row of any form that is known; the form is told by its keys.

    Args:
        row: Parsed JSON object.
        where: File and line, for messages; names a trajectory that has no id.

    Raises:
        DataError: The row is of no known form, or malformed.
    """
    read = form_of(row)
    if read is None:
        raise DataError(
            f"{where}: no known form: give `conversations` (ShareGPT), `messages` (OpenAI), "
            "`conversation` (xLAM) or `content` (Agent Data Protocol, or a trajectory)"
        )
    try:
        return read(row, where)
    except ValidationError as error:
        raise DataError(f"{where}: {first_fault(error)}") from None
    except NotHeldError as error:
        raise DataError(f"{where}: {error.reason}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"{where}: the row is malformed ({repr(error)[:120]})") from None


def form_of(row: Mapping[str, Any]) -> Callable[[Mapping[str, Any], str], Trajectory] | None:
    """Return the importer of a row; None where no form is known."""
    if "schema_version" in row and "content" in row:
        return from_adp
    for key, read in _BY_KEY.items():
        if isinstance(row.get(key), list):
            return read
    return None


def from_trajectory(row: Mapping[str, Any], where: str) -> Trajectory:
    """Read a row that `Trajectory.row` has written, or one of the protocol without a version."""
    known = {"id", "content", "details"} >= {*row}
    return from_adp(row, where) if known else Trajectory.read(row, where)


def from_adp(row: Mapping[str, Any], where: str) -> Trajectory:
    """Read a trajectory of the Agent Data Protocol, with what our exporter put in `details`."""
    details = dict(row.get("details") or {})
    ours = dict(details.pop(OURS, None) or {})
    untrained, continues = ours.pop("untrained", []), ours.pop("continues", [])
    links = ours.pop("links", {})
    steps = [dict(step) for step in row["content"]]
    for place, step in enumerate(steps):
        if place in untrained:
            step["train"] = False
        if place in continues:
            step["continues"] = True
        if str(place) in links:
            step["tool_call_id"] = links[str(place)]
    rest = {k: v for k, v in row.items() if k not in ("schema_version", "id", "content", "details")}
    return Trajectory(
        id=row["id"],
        content=cast("Any", steps),
        details={**details, **({"adp": rest} if rest else {})},
        **ours,
    )


def from_sharegpt(row: Mapping[str, Any], where: str) -> Trajectory:
    """Read `conversations` of `from` and `value`, or of `role` and `content`.

    A turn may say under one of several names whether it is trained, such as `loss`; else it is.
    `function_call` values are JSON, a thought may come before `<tool_call>` marks.
    """
    turns = cast("Sequence[Mapping[str, Any]]", row["conversations"])
    messages = [_sharegpt(turn) for turn in turns]
    if isinstance(row.get("system"), str) and row["system"]:
        messages.insert(0, Message(role="system", content=row["system"]))
    used = ("conversations", "system", "tools", "id")
    return _made(row, where, messages, row.get("id"), used, turns)


def from_openai(row: Mapping[str, Any], where: str) -> Trajectory:
    """Read `messages`, with `weight` or `training` a turn, or none: then every turn is trained."""
    messages = [_chat(message) for message in row["messages"]]
    used = ("messages", "tools", "id")
    return _made(row, where, messages, row.get("id"), used, row["messages"])


def from_xlam(row: Mapping[str, Any], where: str) -> Trajectory:
    """Read xLAM's unified trajectory, version 2."""
    messages = [_chat(message) for message in row["conversation"]]
    if row.get("task_instruction"):
        messages.insert(0, Message(role="system", content=row["task_instruction"]))
    used = ("conversation", "task_instruction", "tools", "unique_trajectory_id")
    name = row.get("unique_trajectory_id")
    return _made(row, where, messages, name, used, row["conversation"])


def _made(
    row: Mapping[str, Any],
    where: str,
    messages: Sequence[Message],
    name: object,
    used: Sequence[str],
    turns: Sequence[Mapping[str, Any]],
) -> Trajectory:
    system, content = steps_of(messages)
    details = {key: value for key, value in row.items() if key not in used}
    more = {str(place): _unread(turn) for place, turn in enumerate(turns) if _unread(turn)}
    if more:
        details["turn_fields"] = more
    return Trajectory(
        id=where if name is None else str(name),
        content=content,
        system=system,
        tools=_tools(row.get("tools")),
        details=details,
    )


def _unread(turn: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a turn says besides what a message has fields for."""
    return {key: value for key, value in turn.items() if key not in _READ and value is not None}


def _is_trained(turn: Mapping[str, Any]) -> bool:
    """Return whether a turn is trained: by the first flag that it has, else it is."""
    flag = next((turn[name] for name in _FLAGS if turn.get(name) is not None), True)
    return bool(flag)


def _tools(given: object) -> list[dict[str, Any]]:
    if isinstance(given, str):
        given = cast("object", json.loads(given)) if given.strip() else []
    return [dict(cast("Mapping[str, Any]", tool)) for tool in cast("Sequence[object]", given or [])]


def _sharegpt(turn: Mapping[str, Any]) -> Message:
    side, text = turn.get("from", turn.get("role")), turn.get("value", turn.get("content"))
    if side not in _SHAREGPT or not isinstance(text, str):
        raise NotHeldError(f"a turn of {side!r}: give human, gpt, function_call or observation")
    message = Message(role=_SHAREGPT[side], content=text)
    if side in ("function_call", "tool_call"):
        thought, called = _marked(text)
        message["content"] = thought
        message["tool_calls"] = [_call(one) for one in called]
    if message["role"] == "assistant":
        message["train"] = _is_trained(turn)
    return message


def _marked(text: str) -> tuple[str | None, list[Mapping[str, Any]]]:
    """Split the value of a function call into the thought and the calls."""
    thought, mark, rest = text.partition("<tool_call>")
    body = rest.rpartition("</tool_call>")[0] if mark else text
    called = cast("object", json.loads(body))
    listed = called if isinstance(called, list) else [called]
    return (thought.removesuffix("\n") or None) if mark else None, cast("Any", listed)


def _chat(message: Mapping[str, Any]) -> Message:
    role = str(message.get("role"))
    if role not in _ROLES:
        raise NotHeldError(f"a message of role {role!r}: give one of {', '.join(sorted(_ROLES))}")
    made = Message(role=_ROLES[role], content=_content(message.get("content")))
    for key in ("name", "tool_call_id", "reasoning_content"):
        if isinstance(message.get(key), str):
            made[key] = message[key]
    if role == "assistant":
        made["train"] = _is_trained(message)
        older = message.get("function_call")
        calls = message.get("tool_calls") or ([older] if older else [])
        if calls:
            made["tool_calls"] = [_call(call) for call in calls]
    return made


def _content(given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    parts = list(_parts(cast("Sequence[object]", given)))
    return "".join(parts)


def _parts(given: Sequence[object]) -> Iterator[str]:
    for part in given:
        if not isinstance(part, Mapping) or not isinstance(part.get("text"), str):
            raise NotHeldError("a message with parts other than text")
        yield part["text"]


def _call(call: Mapping[str, Any]) -> ToolCall:
    function = cast("Mapping[str, Any]", call.get("function", call))
    made = ToolCall(
        type="function",
        function={
            "name": function["name"],
            "arguments": parse_arguments(function.get("arguments", {})),
        },
    )
    if isinstance(call.get("id"), str):
        made["id"] = call["id"]
    return made


_BY_KEY: Mapping[str, Callable[[Mapping[str, Any], str], Trajectory]] = {
    "conversations": from_sharegpt,
    "messages": from_openai,
    "conversation": from_xlam,
    "content": from_trajectory,
}
