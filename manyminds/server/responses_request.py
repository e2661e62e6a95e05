"""OpenAI's Responses: a request as a turn."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from manyminds.errors import InputError
from manyminds.server.conversation import as_messages
from manyminds.server.events import Turn
from manyminds.server.parameters import ignored, limit, output_form, refuse
from manyminds.server.tools import as_function_call, offered

_LIMIT = "max_output_tokens"
_READ = ("parallel_tool_calls", "store", _LIMIT)
_REFUSED = {
    "previous_response_id": "this server keeps no responses: send the conversation, or its id as "
    "`conversation` where the server has a database",
    "background": "this server answers while the request is open: leave out background",
    "prompt": "this server keeps no prompts: send the text as `instructions` or `input`",
    "top_logprobs": "the answer of an ensemble has no probabilities: leave out top_logprobs",
}


class ResponsesRequest(BaseModel):
    """The body of a request, as far as it is read."""

    model_config = ConfigDict(extra="allow")

    model: str
    input: str | list[dict[str, Any]]
    instructions: str | None = None
    stream: bool | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None

    def turn(self, *, refuse_degraded: bool) -> Turn:
        """Return the request as a turn.

        Raises:
            InputError: Something in it cannot be done; the message says what.
        """
        extra = self.model_extra or {}
        given = {name: value for name, value in extra.items() if value}
        refuse(given | {"previous_response_id": self.previous_response_id}, _REFUSED)
        items = (
            [{"role": "user", "content": self.input}] if isinstance(self.input, str) else self.input
        )
        messages = [message for item in items for message in _messages(item)]
        if self.instructions:
            messages.insert(0, {"role": "system", "content": self.instructions})
        found = offered(self.tools or [], self.tool_choice, extra.get("parallel_tool_calls"))
        text = dict(self.text or {})
        form = _form(text.pop("format", None))
        named = self.conversation
        thread = named.get("id") if isinstance(named, dict) else named or ""
        if not isinstance(thread, str):
            raise InputError("conversation: give its id")
        return Turn(
            model=self.model,
            messages=as_messages(_joined(messages)),
            tools=found.tools,
            custom=found.custom,
            params=found.params | output_form(form, "text.format"),
            limit=limit(extra, _LIMIT),
            stream=bool(self.stream),
            refuse_degraded=refuse_degraded,
            ignored=[*found.left, *(f"text.{name}" for name in text), *ignored(given, _READ)],
            thread=thread,
        )


def _form(form: object) -> object:
    """Return an output schema in Chat Completions' form."""
    if not isinstance(form, Mapping) or form.get("type") != "json_schema":
        return form
    return {"type": "json_schema", "json_schema": {k: v for k, v in form.items() if k != "type"}}


def _messages(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an item of the input as messages in Chat Completions' form."""
    match item.get("type", "message"):
        case "message":
            return [{"role": item.get("role"), "content": _content(item.get("content"))}]
        case "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments", "{}")}
            call = {"id": item.get("call_id"), "type": "function", "function": function}
            return [{"role": "assistant", "content": "", "tool_calls": [call]}]
        case "custom_tool_call":
            call = as_function_call({**item, "type": "custom", "id": item.get("call_id")})
            return [{"role": "assistant", "content": "", "tool_calls": [call]}]
        case "function_call_output" | "custom_tool_call_output":
            output = _content(item.get("output"))
            return [{"role": "tool", "tool_call_id": item.get("call_id"), "content": output}]
        case "reasoning":
            return []
        case other:
            raise InputError(f"input: an item of type {other!r} cannot be read")


def _content(content: object) -> object:
    """Return content in Chat Completions' form."""
    return [_part(part) for part in content] if isinstance(content, list) else content


def _part(part: object) -> object:
    if not isinstance(part, Mapping):
        return part
    match part.get("type"):
        case "input_text" | "output_text":
            return {"type": "text", "text": part.get("text")}
        case "refusal":
            return {"type": "text", "text": part.get("refusal")}
        case "input_image":
            more = {"detail": part["detail"]} if part.get("detail") else {}
            return {"type": "image_url", "image_url": {"url": part.get("image_url"), **more}}
        case other:
            raise InputError(f"input: content of type {other!r} cannot be read")


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with the calls of one turn in one message."""
    joined: list[dict[str, Any]] = []
    for message in messages:
        last = joined[-1] if joined else {}
        if message.get("tool_calls") and last.get("role") == "assistant":
            calls = [*last.get("tool_calls", []), *message["tool_calls"]]
            joined[-1] = {**last, "tool_calls": calls}
        else:
            joined.append(message)
    return joined
