"""OpenAI's Responses: a run's events as its typed events or one object."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from typing import Any, TypeAlias

from manyminds.server.events import Delta, Done, Event, Thought, Turn
from manyminds.server.problems import Problem
from manyminds.server.protocol import Frames, Protocol
from manyminds.server.responses_request import ResponsesRequest
from manyminds.server.tools import input_of


def whole(done: Done, turn: Turn, id: str) -> dict[str, Any]:
    """Return the response of a request without `stream`."""
    items = [_message_item(f"msg-{id}", done.text)] if done.text or not done.tool_calls else []
    if done.reasoning:
        items.insert(0, _thought_item(f"rs-{id}", done.reasoning))
    items += [_call_item(call, turn) for call in done.tool_calls]
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


async def stream(events: AsyncIterator[Event], turn: Turn, id: str) -> Frames:
    """Yield a stream's events, in the order in which clients read them."""
    numbers = count()

    def event(kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", "sequence_number": next(numbers), **fields}

    thinking, writing, begun = _Thinking(f"rs-{id}"), _Writing(f"msg-{id}"), False
    async for one in events:
        if not begun:
            begun = True
            for kind in ("created", "in_progress"):
                yield event(kind, response=_response(turn, id, "in_progress", []))
        for kind, fields in _written(one, turn, thinking, writing):
            yield event(kind, **fields)
        if isinstance(one, Done):
            response = whole(one, turn, id)
            yield event(response["status"], response=response)


_Events: TypeAlias = Iterator[tuple[str, dict[str, Any]]]


class _Item:
    """An item of the output that is streamed: reasoning, or the message.

    Args:
        id: Id of the item.
    """

    part, delta = "", ""  # what the events are called
    more_of_place: Mapping[str, Any] = {}
    more_of_delta: Mapping[str, Any] = {}

    def __init__(self, id: str) -> None:
        self.id, self.text, self.begun, self.ended = id, "", False, False
        self.index: dict[str, Any] = {}

    def item(self) -> dict[str, Any]:
        """Return the whole item."""
        raise NotImplementedError

    def opened(self) -> dict[str, Any]:
        """Return the item as it begins."""
        raise NotImplementedError

    def part_of(self, text: str) -> dict[str, Any]:
        """Return the item's one part."""
        raise NotImplementedError

    def more(self, text: str, index: int) -> _Events:
        """Yield the events of a further piece of text."""
        if self.ended:
            return
        if not self.begun:
            self.begun, self.index = True, {"output_index": index}
            yield "output_item.added", {**self.index, "item": self.opened()}
            yield f"{self.part}.added", {**self._place, "part": self.part_of("")}
        if text:
            self.text += text
            yield f"{self.delta}.delta", {**self._place, "delta": text, **self.more_of_delta}

    def end(self) -> _Events:
        """Yield the events that end the item, once."""
        if not self.begun or self.ended:
            return
        self.ended = True
        yield f"{self.delta}.done", {**self._place, "text": self.text, **self.more_of_delta}
        yield f"{self.part}.done", {**self._place, "part": self.part_of(self.text)}
        yield "output_item.done", {**self.index, "item": self.item()}

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self.id, **self.index, **self.more_of_place}


class _Writing(_Item):
    part, delta = "content_part", "output_text"
    more_of_place: Mapping[str, Any] = {"content_index": 0}
    more_of_delta: Mapping[str, Any] = {"logprobs": []}

    def item(self) -> dict[str, Any]:
        return _message_item(self.id, self.text)

    def opened(self) -> dict[str, Any]:
        return {**self.item(), "status": "in_progress", "content": []}

    def part_of(self, text: str) -> dict[str, Any]:
        return _part(text)


class _Thinking(_Item):
    part, delta = "reasoning_summary_part", "reasoning_summary_text"
    more_of_place: Mapping[str, Any] = {"summary_index": 0}

    def item(self) -> dict[str, Any]:
        return _thought_item(self.id, self.text)

    def opened(self) -> dict[str, Any]:
        return {**self.item(), "summary": []}

    def part_of(self, text: str) -> dict[str, Any]:
        return {"type": "summary_text", "text": text}


def _written(one: Event, turn: Turn, thinking: _Thinking, writing: _Writing) -> _Events:
    """Yield the events of the output's items."""
    if isinstance(one, Thought):
        yield from thinking.more(one.text, int(writing.begun))
        return
    yield from thinking.end()
    after = int(thinking.begun)
    if isinstance(one, Delta):
        yield from writing.more(one.text, after)
        return
    if not one.tool_calls:
        yield from writing.more("", after)
    yield from writing.end()
    for index, call in enumerate(one.tool_calls, after + writing.begun):
        for kind, fields in _call_events(call, turn):
            yield kind, {"output_index": index, **fields}


def failed(turn: Turn, id: str, problem: Problem) -> dict[str, Any]:
    """Return the event that ends a stream whose run failed."""
    error = problem.body["error"]
    response = {**_response(turn, id, "failed", []), "error": error}
    return {"type": "response.failed", "sequence_number": 1_000_000, "response": response}


def _call_events(call: Mapping[str, Any], turn: Turn) -> _Events:
    item = _call_item(call, turn)
    text = "arguments" if "arguments" in item else "input"
    kind = "function_call_arguments" if text == "arguments" else "custom_tool_call_input"
    yield "output_item.added", {"item": {**item, text: "", "status": "in_progress"}}
    place = {"item_id": item["id"]}
    yield f"{kind}.delta", {**place, "delta": item[text]}
    yield f"{kind}.done", {**place, text: item[text], "name": item["name"]}
    yield "output_item.done", {"item": item}


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
        "tools": [_tool(tool["function"], turn) for tool in turn.tools],
        "store": False,
    }


def _tool(function: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    if function["name"] in turn.custom:
        return {"type": "custom", **{k: v for k, v in function.items() if k != "parameters"}}
    return {"type": "function", "strict": None, **function}


def _message_item(id: str, text: str) -> dict[str, Any]:
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [_part(text)],
    }


def _thought_item(id: str, text: str) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text}]
    return {"id": id, "type": "reasoning", "summary": summary}


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call_item(call: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    about = {"call_id": call["id"], "name": call["name"], "status": "completed"}
    if call["name"] in turn.custom:
        kind = {"id": f"ctc-{call['id']}", "type": "custom_tool_call"}
        return {**kind, **about, "input": input_of(call)}
    arguments = json.dumps(call["args"], ensure_ascii=False)
    return {"id": f"fc-{call['id']}", "type": "function_call", **about, "arguments": arguments}


PROTOCOL = Protocol(
    path="/v1/responses",
    summary="Answer in the form of OpenAI's Responses.",
    request=ResponsesRequest,
    whole=whole,
    stream=stream,
    failed=failed,
    error=lambda problem: problem.body,
)
