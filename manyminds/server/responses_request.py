"""OpenAI's Responses: a request as a turn."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from manyminds.errors import InputError
from manyminds.server.chat_completions import as_messages, ignored
from manyminds.server.events import Turn

_READ = ("include", "parallel_tool_calls", "prompt_cache_key")


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
        if self.previous_response_id is not None:
            raise InputError(
                "previous_response_id: this server keeps no responses: send the conversation, "
                "or its id as `conversation` where the server has a database"
            )
        items = (
            [{"role": "user", "content": self.input}] if isinstance(self.input, str) else self.input
        )
        messages = [message for item in items for message in _messages(item)]
        if self.instructions:
            messages.insert(0, {"role": "system", "content": self.instructions})
        given = self.tools or []
        tools = [_tool(tool) for tool in given if tool.get("type") == "function"]
        left = [f"tools: {tool.get('type')}" for tool in given if tool.get("type") != "function"]
        params: dict[str, Any] = {}
        if tools and self.tool_choice is not None:
            params["tool_choice"] = _choice(self.tool_choice)
        form = (self.text or {}).get("format") or {}
        if form.get("type") == "json_schema":
            schema = {key: form[key] for key in ("name", "schema", "strict") if key in form}
            params["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif form.get("type") == "json_object":
            params["response_format"] = {"type": "json_object"}
        if self.tool_choice == "none":
            tools = []
            params.pop("tool_choice", None)
        named = self.conversation
        return Turn(
            model=self.model,
            messages=as_messages(_joined(messages)),
            tools=tools,
            params=params,
            stream=bool(self.stream),
            refuse_degraded=refuse_degraded,
            ignored=[*left, *ignored(self.model_extra or {}, _READ)],
            thread=str(named.get("id") or "") if isinstance(named, dict) else named or "",
        )


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = {
        key: tool[key] for key in ("name", "description", "parameters", "strict") if key in tool
    }
    return {"type": "function", "function": function}


def _choice(choice: str | Mapping[str, Any]) -> str | dict[str, Any]:
    if isinstance(choice, str):
        return choice
    return {"type": "function", "function": {"name": choice.get("name")}}


def _messages(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an item of the input as messages in Chat Completions' form."""
    match item.get("type", "message"):
        case "message":
            content = item.get("content")
            if isinstance(content, list):
                content = [_content(part) for part in content]
            return [{"role": item.get("role"), "content": content}]
        case "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments", "{}")}
            call = {"id": item.get("call_id"), "type": "function", "function": function}
            return [{"role": "assistant", "content": "", "tool_calls": [call]}]
        case "function_call_output":
            output = item.get("output")
            text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
            return [{"role": "tool", "tool_call_id": item.get("call_id"), "content": text}]
        case "reasoning":
            return []
        case other:
            raise InputError(f"input: an item of type {other!r} cannot be read")


def _content(part: object) -> object:
    if not isinstance(part, Mapping):
        return part
    match part.get("type"):
        case "input_text" | "output_text":
            return {"type": "text", "text": part.get("text", "")}
        case "input_image":
            return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
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
