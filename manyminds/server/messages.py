"""Anthropic's Messages: a request as a turn, and a run's events as a stream or one object."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from manyminds.errors import InputError
from manyminds.server.conversation import as_messages
from manyminds.server.events import Delta, Done, Event, Thought, Turn
from manyminds.server.parameters import ignored, limit, output_form, stops
from manyminds.server.problems import Problem
from manyminds.server.protocol import Frames, Protocol
from manyminds.server.tools import offered

_CHARACTERS = 4  # of a token, about
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_READ = ("stop_sequences", "output_format", "max_tokens")
_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


class MessagesRequest(BaseModel):
    """The body of a request, as far as it is read."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[dict[str, Any]] = Field(min_length=1)
    system: str | list[dict[str, Any]] | None = None
    stream: bool | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None

    def turn(self, *, refuse_degraded: bool) -> Turn:
        """Return the request as a turn.

        Raises:
            InputError: Something in it cannot be done; the message says what.
        """
        messages = [one for message in self.messages for one in _messages(message)]
        if self.system:
            messages.insert(0, {"role": "system", "content": _text(self.system)})
        given, choice = self.model_extra or {}, self.tool_choice or {}
        parallel = False if choice.get("disable_parallel_tool_use") is True else None
        found = offered([_tool(tool) for tool in self.tools or []], _choice(choice), parallel)
        output = dict(self.output_config or {})
        form = output.pop("format", given.get("output_format"))
        left = [*found.left, *(f"output_config.{name}" for name in output)]
        return Turn(
            model=self.model,
            messages=as_messages(messages),
            tools=found.tools,
            params=found.params | output_form(_form(form), "output_config.format"),
            limit=limit(given, "max_tokens"),
            stop=stops(given.get("stop_sequences"), "stop_sequences"),
            stream=bool(self.stream),
            refuse_degraded=refuse_degraded,
            ignored=[*left, *ignored(given, _READ)],
        )

    def tokens(self) -> int:
        """Return about how many tokens the request has: a token has four characters."""
        said = json.dumps([self.system or "", self.messages, self.tools or []], ensure_ascii=False)
        return -(-len(said) // _CHARACTERS)


def whole(done: Done, turn: Turn, id: str) -> dict[str, Any]:
    """Return the response of a request without `stream`."""
    content: list[dict[str, Any]] = []
    if done.reasoning:
        content.append({"type": "thinking", "thinking": done.reasoning, "signature": ""})
    if done.text or not done.tool_calls:
        content.append({"type": "text", "text": done.text})
    content += [
        {"type": "tool_use", "id": call["id"], "name": call["name"], "input": call["args"]}
        for call in done.tool_calls
    ]
    more = {"content": content, **_ending(done), "usage": _usage(done), "manyminds": done.vendor}
    return {**_head(turn, id), **more}


async def stream(events: AsyncIterator[Event], turn: Turn, id: str) -> Frames:
    """Yield a stream's events, in the order in which clients read them."""
    index, open_block = -1, ""
    begun = False
    async for one in events:
        if not begun:
            begun = True
            yield {"type": "message_start", "message": _head(turn, id)}
        kind = "" if isinstance(one, Done) else "thinking" if isinstance(one, Thought) else "text"
        if isinstance(one, Done) and index < 0 and not one.tool_calls:
            kind = "text"  # an answer without text is an empty block
        if kind != open_block:
            if open_block:
                yield {"type": "content_block_stop", "index": index}
            if kind:
                index += 1
                yield _opened(index, _blank(kind))
            open_block = kind
        if isinstance(one, Delta):
            yield _delta(index, {"type": "text_delta", "text": one.text})
        elif isinstance(one, Thought):
            yield _delta(index, {"type": "thinking_delta", "thinking": one.text})
        else:
            if open_block:
                yield {"type": "content_block_stop", "index": index}
            for place, call in enumerate(one.tool_calls, index + 1):
                block = {"type": "tool_use", "id": call["id"], "name": call["name"], "input": {}}
                yield _opened(place, block)
                written = json.dumps(call["args"], ensure_ascii=False)
                yield _delta(place, {"type": "input_json_delta", "partial_json": written})
                yield {"type": "content_block_stop", "index": place}
            more = {"usage": _usage(one), "manyminds": one.vendor}
            yield {"type": "message_delta", "delta": _ending(one), **more}
    yield {"type": "message_stop"}


def error(problem: Problem) -> dict[str, Any]:
    """Return the body of a request that failed, and the event of a stream that failed."""
    error = {key: value for key, value in problem.body["error"].items() if key != "param"}
    other = "invalid_request_error" if problem.status < 500 else "api_error"
    return {"type": "error", "error": {**error, "type": _KINDS.get(problem.status, other)}}


def _head(turn: Turn, id: str) -> dict[str, Any]:
    usage = {"input_tokens": 0, "output_tokens": 0}
    head = {"id": f"msg-{id}", "type": "message", "role": "assistant", "model": turn.model}
    return {**head, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}


def _ending(done: Done) -> dict[str, Any]:
    reason = _REASONS[done.finish_reason]
    if done.stopped and reason == "end_turn":
        return {"stop_reason": "stop_sequence", "stop_sequence": done.stopped}
    return {"stop_reason": reason, "stop_sequence": None}


def _usage(done: Done) -> dict[str, Any]:
    tokens_in, tokens_out = done.tokens
    cost = done.report["cost"]
    return {"input_tokens": tokens_in, "output_tokens": tokens_out, "cost": cost}


def _blank(kind: str) -> dict[str, Any]:
    return {"type": kind, kind: "", **({"signature": ""} if kind == "thinking" else {})}


def _opened(index: int, block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if "input_schema" not in tool:
        if tool.get("type") == "custom":
            raise InputError(f"tools: {str(tool.get('name'))[:100]} needs an `input_schema`")
        return dict(tool)
    function = {key: tool[key] for key in ("name", "description", "strict") if key in tool}
    return {"type": "function", "function": {**function, "parameters": tool["input_schema"]}}


def _choice(choice: Mapping[str, Any]) -> object:
    if choice.get("type") == "tool":
        return {"type": "function", "function": {"name": choice.get("name")}}
    return {"any": "required", None: None}.get(choice.get("type"), choice.get("type"))


def _form(form: object) -> object:
    """Return an output schema in Chat Completions' form."""
    if not isinstance(form, Mapping) or form.get("type") != "json_schema":
        return form
    return {"type": "json_schema", "json_schema": {"schema": form.get("schema"), "strict": True}}


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping))


def _messages(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a message as messages in Chat Completions' form."""
    content = message.get("content")
    if not isinstance(content, list):
        return [dict(message)]
    calls: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    said: list[object] = []
    for block in content:
        match block.get("type") if isinstance(block, Mapping) else None:
            case "tool_use":
                written = json.dumps(block.get("input") or {}, ensure_ascii=False)
                function = {"name": block.get("name"), "arguments": written}
                calls.append({"id": block.get("id"), "type": "function", "function": function})
            case "tool_result":
                output = _parts(block.get("content") or "")
                about = {"role": "tool", "tool_call_id": block.get("tool_use_id")}
                results.append({**about, "content": output})
            case _:
                said.append(block)
    own: dict[str, Any] = {"role": message.get("role"), "content": _parts(said) or ""}
    if calls:
        own["tool_calls"] = calls
    return [*results, *([own] if own["content"] or calls or not results else [])]


def _parts(content: object) -> str | list[dict[str, Any]]:
    """Return content in Chat Completions' form, without reasoning."""
    if not isinstance(content, list):
        return str(content)
    parts: list[dict[str, Any]] = []
    for block in content:
        match block.get("type") if isinstance(block, Mapping) else None:
            case "text":
                parts.append({"type": "text", "text": block.get("text", "")})
            case "image":
                parts.append({"type": "image_url", "image_url": {"url": _address(block)}})
            case "thinking" | "redacted_thinking":
                pass
            case other:
                raise InputError(f"messages: content of type {other!r} cannot be read")
    return parts


def _address(block: Mapping[str, Any]) -> str:
    source = block.get("source")
    if not isinstance(source, Mapping):
        raise InputError("messages: an image needs a `source`")
    if source.get("type") == "base64" and isinstance(source.get("data"), str):
        return f"data:{source.get('media_type')};base64,{source.get('data')}"
    return str(source.get("url"))


PROTOCOL = Protocol(
    path="/v1/messages",
    summary="Answer in the form of Anthropic's Messages.",
    request=MessagesRequest,
    whole=whole,
    stream=stream,
    failed=lambda _turn, _id, problem: error(problem),
    error=error,
)
