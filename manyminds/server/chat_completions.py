"""OpenAI's Chat Completions: a request as a turn, and a run's events as chunks or one object."""

import json
import time
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import convert_to_messages
from pydantic import BaseModel, ConfigDict, Field

from manyminds.errors import InputError
from manyminds.server.events import Delta, Done, Event, Thought, Turn
from manyminds.server.protocol import Frames, Protocol

_WRITERS = ("response_format", "parallel_tool_calls", "tool_choice")
_MEANINGLESS = {"user", "metadata", "store", "service_tier", "safety_identifier"}
_OLD = ("functions", "function_call")


def ignored(given: Mapping[str, Any], read: Collection[str] = ()) -> list[str]:
    """Return the parameters of a request that an ensemble does not use.

    Most are parameters of a single model, such as `temperature`; the members have their own.

    Args:
        given: Parameters beyond those that the request's model knows.
        read: Names of those that are used.
    """
    known = {*read, *_MEANINGLESS}
    return [name for name, value in given.items() if value is not None and name not in known]


class ChatRequest(BaseModel):
    """The body of a request, as far as it is read."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[dict[str, Any]] = Field(min_length=1)
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    n: int | None = None
    seed: int | None = None

    def turn(self, *, refuse_degraded: bool) -> Turn:
        """Return the request as a turn.

        Raises:
            InputError: Something in it cannot be done; the message says what.
        """
        if self.n not in (None, 1):
            raise InputError(f"n={self.n}: an ensemble gives one answer, so leave out n")
        for old in _OLD:
            if (self.model_extra or {}).get(old):
                raise InputError(f"{old}: send the functions as `tools` and `tool_choice`")
        extra = self.model_extra or {}
        given = {name: value for name, value in extra.items() if value is not None}
        tools = self.tools or []
        if given.get("tool_choice") == "none":
            tools = []
        names = _WRITERS if tools else ("response_format",)
        params = {name: given[name] for name in names if name in given}
        if params.get("response_format") == {"type": "text"}:
            del params["response_format"]
        return Turn(
            model=self.model,
            messages=as_messages(self.messages),
            tools=tools,
            params=params,
            seed=self.seed,
            stream=bool(self.stream),
            refuse_degraded=refuse_degraded,
            with_usage=bool((self.stream_options or {}).get("include_usage")),
            ignored=ignored(given, _WRITERS),
        )


def as_messages(given: list[dict[str, Any]]) -> list[BaseMessage]:
    """Return messages in OpenAI's form as LangChain's.

    Raises:
        InputError: A message has no role or another form.
    """
    try:
        return convert_to_messages([_whole(message) for message in given])
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"messages cannot be read: {reason[:300]}") from None


def _whole(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with the content that a tool call of an assistant may leave out."""
    if message.get("content") is None:
        return {**message, "content": ""}
    return dict(message)


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
        message["tool_calls"] = [_call(call) for call in done.tool_calls]
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
            yield chunk({"tool_calls": [{"index": index, **_call(call)}]})
        yield {**chunk({}, event.finish_reason), "manyminds": event.vendor}
        if turn.with_usage:
            yield {**head, "choices": [], "usage": usage_of(event), "manyminds": event.vendor}
    yield "[DONE]"


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
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
