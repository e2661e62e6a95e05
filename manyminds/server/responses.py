"""OpenAI's Responses: a request as a turn, and a run's events as its typed events or one object."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from typing import Any

from pydantic import BaseModel, ConfigDict

from manyminds.errors import InputError
from manyminds.server.chat_completions import IGNORED, as_messages
from manyminds.server.events import Delta, Done, Event, Turn


class ResponsesRequest(BaseModel):
    """The body of a request, as far as it is read."""

    model_config = ConfigDict(extra="allow")

    model: str
    input: str | list[dict[str, Any]]
    instructions: str | None = None
    stream: bool = False
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    previous_response_id: str | None = None

    def turn(self, *, refuse_degraded: bool) -> Turn:
        """Return the request as a turn.

        Raises:
            InputError: Something in it cannot be done; the message says what.
        """
        if self.previous_response_id is not None:
            raise InputError(
                "previous_response_id: this server keeps no responses, so send the conversation"
            )
        items = (
            [{"role": "user", "content": self.input}] if isinstance(self.input, str) else self.input
        )
        messages = [message for item in items for message in _messages(item)]
        if self.instructions:
            messages.insert(0, {"role": "system", "content": self.instructions})
        tools = [_tool(tool) for tool in self.tools or [] if tool.get("type") == "function"]
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
        extra = self.model_extra or {}
        named = (*IGNORED, "max_output_tokens", "reasoning", "truncation", "background")
        return Turn(
            model=self.model,
            messages=as_messages(_joined(messages)),
            tools=tools,
            params=params,
            stream=self.stream,
            refuse_degraded=refuse_degraded,
            ignored=[name for name in named if extra.get(name) is not None],
        )


def whole(done: Done, turn: Turn, id: str) -> dict[str, Any]:
    """Return the response of a request without `stream`."""
    items = [_message_item(f"msg-{id}", done.text)] if done.text or not done.tool_calls else []
    items += [_call_item(call) for call in done.tool_calls]
    tokens_in, tokens_out = done.tokens
    usage = {
        "input_tokens": tokens_in,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": tokens_out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens_in + tokens_out,
        "cost": done.report["cost"],
    }
    cut = {"reason": "max_output_tokens"} if done.truncated else None
    state = "incomplete" if done.truncated else "completed"
    more = {"usage": usage, "incomplete_details": cut, "manyminds": done.vendor}
    return {**_response(turn, id, state, items), **more}


async def stream(
    events: AsyncIterator[Event], turn: Turn, id: str
) -> AsyncIterator[dict[str, Any] | str]:
    """Yield a stream's events, in the order in which clients read them."""
    numbers = count()

    def event(kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "sequence_number": next(numbers), **fields}

    message = f"msg-{id}"
    place = {"item_id": message, "output_index": 0, "content_index": 0}
    opened = begun = False
    async for one in events:
        if not begun:
            begun = True
            for kind in ("created", "in_progress"):
                yield event(f"response.{kind}", response=_response(turn, id, "in_progress", []))
        if not opened and (isinstance(one, Delta) or not one.tool_calls):
            opened = True
            item = {**_message_item(message, ""), "status": "in_progress", "content": []}
            yield event("response.output_item.added", output_index=0, item=item)
            yield event("response.content_part.added", **place, part=_part(""))
        if isinstance(one, Delta):
            yield event("response.output_text.delta", **place, delta=one.text, logprobs=[])
            continue
        if opened:
            yield event("response.output_text.done", **place, text=one.text, logprobs=[])
            yield event("response.content_part.done", **place, part=_part(one.text))
            item = _message_item(message, one.text)
            yield event("response.output_item.done", output_index=0, item=item)
        for index, call in enumerate(one.tool_calls, int(opened)):
            for kind, fields in _call_events(call):
                yield event(kind, output_index=index, **fields)
        response = whole(one, turn, id)
        yield event(f"response.{response['status']}", response=response)


def failed(turn: Turn, id: str, error: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event that ends a stream whose run failed."""
    wrong = {"code": error.get("code") or "server_error", "message": error["message"]}
    response = {**_response(turn, id, "failed", []), "error": wrong}
    return {"type": "response.failed", "sequence_number": 1_000_000, "response": response}


def _call_events(call: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    item = _call_item(call)
    empty = {**item, "arguments": "", "status": "in_progress"}
    yield "response.output_item.added", {"item": empty}
    place = {"item_id": item["id"]}
    yield "response.function_call_arguments.delta", {**place, "delta": item["arguments"]}
    done = {**place, "arguments": item["arguments"], "name": item["name"]}
    yield "response.function_call_arguments.done", done
    yield "response.output_item.done", {"item": item}


def _response(turn: Turn, id: str, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"resp-{id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": turn.model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": None,
        "top_p": None,
        "tool_choice": turn.params.get("tool_choice", "auto"),
        "tools": [{"type": "function", "strict": None, **tool["function"]} for tool in turn.tools],
        "store": False,
    }


def _message_item(id: str, text: str) -> dict[str, Any]:
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [_part(text)],
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call_item(call: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"fc-{call['id']}",
        "type": "function_call",
        "call_id": call["id"],
        "name": call["name"],
        "arguments": json.dumps(call["args"], ensure_ascii=False),
        "status": "completed",
    }


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
