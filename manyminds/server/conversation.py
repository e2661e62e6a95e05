"""Messages in the form of Chat Completions, through which all protocols are read."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.messages.utils import convert_to_messages

from manyminds.errors import InputError
from manyminds.server.tools import as_function_call


def as_messages(given: list[dict[str, Any]]) -> list[BaseMessage]:
    """Return messages in OpenAI's form as LangChain's.

    Raises:
        InputError: There is none, one has no role or another form, or the last one is a reply.
    """
    try:
        messages = convert_to_messages([_whole(message) for message in given])
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"messages cannot be read: {reason[:300]}") from None
    if not messages:
        raise InputError("messages: there is none")
    if isinstance(messages[-1], AIMessage):
        raise InputError(
            "messages: the last one is a reply, which an ensemble cannot continue: end with a "
            "message of the user or a tool's result"
        )
    return [SystemMessage(one.content) if one.type == "system" else one for one in messages]


def check_question(messages: Sequence[BaseMessage]) -> None:
    """Check that there is something to answer.

    Raises:
        InputError: The user has said nothing.
    """
    said = (one for one in messages if one.type == "human")
    if not any(one.text.strip() or one.content != one.text for one in said):
        raise InputError("messages: there is no question: send a message of the user with a text")


def check_results(messages: Sequence[BaseMessage]) -> None:
    """Check that tools' results and tool calls belong together, as every endpoint asks for.

    Raises:
        InputError: A result has no call before it, or a call has no result after it.
    """
    open_calls: set[str | None] = set()
    for message in messages:
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in open_calls:
                raise InputError(
                    f"messages: no tool call has the id {message.tool_call_id[:100]!r}, which a "
                    "tool's result names: send the reply with the call before it"
                )
            open_calls.discard(message.tool_call_id)
            continue
        if open_calls:
            break
        if isinstance(message, AIMessage):
            open_calls = {call["id"] for call in message.tool_calls}
    if open_calls:
        id = str(min(map(str, open_calls)))[:100]
        raise InputError(f"messages: the tool call {id!r} has no result: send one for each call")


def _whole(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with the content that a tool call of an assistant may leave out.

    Raises:
        ValueError: Its content, its name or a tool call cannot be read.
    """
    role, content = message.get("role"), message.get("content")
    if role == "function":
        raise ValueError("the role `function` is gone: send the result with the role `tool`")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise ValueError("a tool's result needs the `tool_call_id` of its call")
    if not isinstance(content, str | list | None):
        raise ValueError("`content` must be a text or a list of parts")
    if not isinstance(message.get("name"), str | None):
        raise ValueError("`name` must be a text")
    for part in content if isinstance(content, list) else ():
        _check(part)
    whole = {**message, "content": "" if content is None else content}
    if calls := message.get("tool_calls"):
        whole["tool_calls"] = [_function_call(call) for call in calls]
    return whole


def _function_call(call: Any) -> Mapping[str, Any]:
    """Check a tool call of an earlier reply, and return it as the call of a function.

    Raises:
        ValueError: It has no id or name, or its arguments are no JSON object.
    """
    if isinstance(call, Mapping) and call.get("type") == "custom":
        call = as_function_call(call)
    function: Any = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(call.get("id"), str):
        raise ValueError("a tool call needs an `id` and a `function`")
    with suppress(TypeError, ValueError):
        if isinstance(json.loads(function.get("arguments") or "{}"), dict):
            return cast("Mapping[str, Any]", call)
    raise ValueError(f"arguments of the tool call {call['id'][:100]} are no JSON object")


def _check(part: object) -> None:
    """Check a part of a message's content; parts of unknown types go to the members as they are.

    Raises:
        ValueError: It has no type, or no text or address where its type needs one.
    """
    about = cast("Mapping[str, Any]", part) if isinstance(part, Mapping) else {}
    kind = about.get("type")
    if not isinstance(kind, str):
        raise ValueError('a part of a content needs a type, such as {"type": "text", "text": ...}')
    if kind == "text" and not isinstance(about.get("text"), str):
        raise ValueError("a part of type text needs a `text`")
    if kind == "image_url":
        image = about.get("image_url")
        url = image.get("url") if isinstance(image, Mapping) else image
        if not isinstance(url, str) or not url.startswith(("http://", "https://", "data:")):
            raise ValueError("a part of type image_url needs a `url` of http, https or data")
