"""OpenAI's Chat Completions: a request as a turn, and a run's events as chunks or one object."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from manyminds.errors import InputError
from manyminds.server.conversation import as_messages
from manyminds.server.events import Delta, Done, Event, Thought, Turn
from manyminds.server.parameters import ignored, limit, output_form, refuse, stops
from manyminds.server.protocol import Frames, Protocol
from manyminds.server.tools import input_of, offered

_LIMITS = ("max_completion_tokens", "max_tokens")
_READ = ("response_format", "parallel_tool_calls", "tool_choice", "stop", *_LIMITS)
_REFUSED = {
    "functions": "send the functions as `tools` and `tool_choice`",
    "function_call": "send the functions as `tools` and `tool_choice`",
    "logprobs": "the answer of an ensemble has no probabilities: leave out logprobs",
    "top_logprobs": "the answer of an ensemble has no probabilities: leave out top_logprobs",
    "audio": "an ensemble answers in text: leave out audio",
}
_SEEDS = (-(2**63), 2**63 - 1)


class ChatRequest(BaseModel):
    """The body of a request, as far as it is read."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[dict[str, Any]] = Field(min_length=1)
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    n: int | None = None
    seed: int | None = Field(default=None, ge=_SEEDS[0], le=_SEEDS[1])

    def turn(self, *, refuse_degraded: bool) -> Turn:
        """Return the request as a turn.

        Raises:
            InputError: Something in it cannot be done; the message says what.
        """
        if self.n not in (None, 1):
            raise InputError(f"n={self.n}: an ensemble gives one answer, so leave out n")
        extra = self.model_extra or {}
        given = {name: value for name, value in extra.items() if value is not None}
        refuse(given, _REFUSED)
        if given.get("modalities") not in (None, ["text"]):
            raise InputError("modalities: an ensemble answers in text: leave out modalities")
        choice, parallel = given.get("tool_choice"), given.get("parallel_tool_calls")
        found = offered(self.tools or [], choice, parallel)
        return Turn(
            model=self.model,
            messages=as_messages(self.messages),
            tools=found.tools,
            custom=found.custom,
            params=found.params | output_form(given.get("response_format")),
            limit=limit(given, *_LIMITS),
            seed=self.seed,
            stop=stops(given.get("stop")),
            stream=bool(self.stream),
            refuse_degraded=refuse_degraded,
            with_usage=bool((self.stream_options or {}).get("include_usage")),
            ignored=[*found.left, *ignored(given, (*_READ, *_REFUSED, "modalities"))],
        )


def usage_of(done: Done) -> dict[str, Any]:
    """Return the usage of all calls of a run, and its cost in dollars, None where unknown."""
    tokens_in, tokens_out = done.tokens
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
        "cost": done.report["cost"],
    }


def whole(done: Done, turn: Turn, id: str) -> dict[str, Any]:
    """Return the response of a request without `stream`."""
    message: dict[str, Any] = {"role": "assistant", "content": done.text or None, "refusal": None}
    if done.tool_calls:
        message["tool_calls"] = [_call(call, turn) for call in done.tool_calls]
    if done.reasoning:
        message["reasoning_content"] = message["reasoning"] = done.reasoning
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": done.finish_reason,
        "logprobs": None,
    }
    return {
        "id": f"chatcmpl-{id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": turn.model,
        "choices": [choice],
        "usage": usage_of(done),
        "manyminds": done.vendor,
    }


async def stream(events: AsyncIterator[Event], turn: Turn, id: str) -> Frames:
    """Yield a stream's chunks; the last one is "[DONE]"."""
    head = {
        "id": f"chatcmpl-{id}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": turn.model,
    }

    def chunk(delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return {**head, "choices": [choice]}

    begun = False
    async for event in events:
        if not begun:
            begun = True
            yield chunk({"role": "assistant", "content": ""})
        if isinstance(event, Delta):
            yield chunk({"content": event.text})
            continue
        if isinstance(event, Thought):
            yield chunk({"reasoning_content": event.text, "reasoning": event.text})
            continue
        for index, call in enumerate(event.tool_calls):
            yield chunk({"tool_calls": [{"index": index, **_call(call, turn)}]})
        yield {**chunk({}, event.finish_reason), "manyminds": event.vendor}
        if turn.with_usage:
            yield {**head, "choices": [], "usage": usage_of(event), "manyminds": event.vendor}
    yield "[DONE]"


def _call(call: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    if call["name"] in turn.custom:
        custom = {"name": call["name"], "input": input_of(call)}
        return {"id": call["id"], "type": "custom", "custom": custom}
    arguments = json.dumps(call["args"], ensure_ascii=False)
    function = {"name": call["name"], "arguments": arguments}
    return {"id": call["id"], "type": "function", "function": function}


PROTOCOL = Protocol(
    path="/v1/chat/completions",
    summary="Answer in the form of OpenAI's Chat Completions.",
    request=ChatRequest,
    whole=whole,
    stream=stream,
    failed=lambda _turn, _id, problem: problem.body,
    error=lambda problem: problem.body,
)
