"""Chat models over the chat completions protocol, as servers speak it in practice.

A mixin for LangChain's OpenAI classes. It reads what they believe as it comes: usage of any JSON
value, errors inside a response of status 200 or inside a stream, messages without a role, usage in
every chunk of a stream, streams that end in the middle, and bodies without end.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import run_in_executor

from manyminds.errors import AnswerError
from manyminds.models.envelopes import NO_COMPLETION, is_error, provider_error
from manyminds.models.token_counts import UNUSABLE_USAGE, token_usage
from manyminds.state import TokenUsage

MOST_BYTES = 32 * 2**20
"""Bytes of a response, decompressed, that are read."""

_END_MARK = re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]")
_PIECE = 8_192  # compressed bytes that are decompressed at once: at most some 8 MB
_ENCODINGS = {"", "identity", "gzip", "deflate"}
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")


@dataclass
class _Stream:
    """What is known of the stream that is being read."""

    usage: TokenUsage | None = None
    nonsense: bool = False
    finished: bool = False
    tail: bytes = b""

    def count(self, more: TokenUsage | None) -> None:
        """Keep the greatest counts: some servers send what there is so far with every chunk."""
        if more is not None and self.usage is not None:
            more = TokenUsage(
                input_tokens=max(more["input_tokens"], self.usage["input_tokens"]),
                output_tokens=max(more["output_tokens"], self.usage["output_tokens"]),
            )
        self.usage = more or self.usage


_stream: ContextVar[_Stream | None] = ContextVar("manyminds_stream", default=None)


class ChatCompletions:
    """Mixin before `BaseChatOpenAI` or `ChatOpenAI`."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Request an answer.

        With a JSON schema, LangChain has the SDK parse it, which warns of odd usage, and raises for
        a reply that was cut without what it has cost. We read it as any other.
        """
        model = _super(self)
        payload = model._get_request_payload(messages, stop=stop, **kwargs)
        is_plain = isinstance(payload.get("response_format"), dict)
        if not is_plain or model._use_responses_api(payload):
            found = await model._agenerate(messages, stop, run_manager, **kwargs)
            return cast("ChatResult", found)
        payload.pop("stream", None)
        response = await cast("Any", self).async_client.create(**payload)
        return await run_in_executor(None, self._create_chat_result, response)

    def _create_chat_result(
        self, response: Any, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        """Turn a response into messages, whatever its usage, roles and envelope are like."""
        body = _body(response)
        reported = body.get("usage")
        usage = _usage(reported)
        if body.get("error"):
            raise provider_error(body, usage)
        if not (isinstance(body.get("choices"), list) and body["choices"]):
            raise provider_error(body, usage, otherwise="malformed")
        body["usage"] = _as_reported(reported, usage)
        if not isinstance(body.get("service_tier"), str):
            body.pop("service_tier", None)
        body["choices"] = [_choice(each) for each in cast("list[object]", body["choices"])]
        nonsense = usage is None and bool(reported)
        result = _super(self)._create_chat_result(body, generation_info)
        for choice, generation in zip(body["choices"], result.generations, strict=False):
            _keep(choice["message"], generation.message)
            if choice.get("error"):
                generation.message.additional_kwargs["provider_error"] = choice["error"]
            if nonsense:
                generation.message.response_metadata[UNUSABLE_USAGE] = True
        return cast("ChatResult", result)

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        """Turn a chunk of a stream into a message; usage is kept for the end of the stream."""
        stream = _stream.get() or _Stream()
        usage = _usage(chunk.get("usage"))
        stream.count(usage)
        stream.nonsense = stream.nonsense or (usage is None and bool(chunk.get("usage")))
        if is_error(chunk):
            raise provider_error(chunk, stream.usage)
        given = chunk.get("choices")
        found = cast("list[object]", given) if isinstance(given, list) else []
        choices = [one for one in map(_delta, found) if not one.get("index")]  # we ask for one
        for choice in choices:
            if choice.get("error"):
                raise provider_error(choice, stream.usage)
            stream.finished = stream.finished or bool(choice["finish_reason"])
        made = _super(self)._convert_chunk_to_generation_chunk(
            {**chunk, "usage": None, "choices": choices}, default_chunk_class, base_generation_info
        )
        if choices and made is not None:
            _keep(choices[0]["delta"], made.message)
        return cast("ChatGenerationChunk | None", made)

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        """Stream the answer; its usage comes once, at the end.

        Raises:
            AnswerError: the stream ended without a finish reason and without its end mark.
        """
        stream, chunks = _Stream(), _super(self)._astream(*args, **kwargs)
        while True:
            _stream.set(stream)
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                break
            finally:
                _stream.set(None)
            yield chunk
        if not stream.finished and not _END_MARK.search(stream.tail):
            error = AnswerError(
                "the stream ended before the answer was complete", kind="connection", retriable=True
            )
            error.usage = stream.usage
            raise error
        if stream.usage is not None:
            yield ChatGenerationChunk(message=_of_usage(stream.usage))
        elif stream.nonsense:
            about = {UNUSABLE_USAGE: True}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=about))


class PlainChunks:
    """Requests of a client, whose streams yield chunks as plain data.

    The chunks of the SDK warn when they are dumped and a field is not of its type.

    Args:
        requests: `chat.completions` of an asynchronous client.
    """

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    async def create(self, **payload: Any) -> Any:
        """Send a request."""
        response = await self._requests.create(**payload)
        return _plain(response) if payload.get("stream") else response


@asynccontextmanager
async def _plain(stream: Any) -> AsyncGenerator[AsyncIterator[dict[str, Any]]]:
    async def chunks() -> AsyncIterator[dict[str, Any]]:
        async for chunk in response:
            yield chunk.model_dump(warnings=False)

    async with stream as response:
        yield chunks()


async def limit_size(response: Any) -> None:
    """Hook of an HTTP client: stop reading a response beyond `MOST_BYTES`."""
    encoding = str(response.headers.get("content-encoding", "")).strip().lower()
    if encoding not in _ENCODINGS:
        raise AnswerError(f"the response is compressed with {encoding[:20]}", kind="malformed")
    raw, whole, stream = response.aiter_raw, response.aiter_bytes, _stream.get()

    async def in_pieces(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        async for part in raw(*args, **kwargs):
            for start in range(0, len(part), _PIECE):
                yield part[start : start + _PIECE]

    async def limited(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        size = 0
        async for part in whole(*args, **kwargs):
            size += len(part)
            if size > MOST_BYTES:
                raise AnswerError(
                    f"the response is larger than {MOST_BYTES // 2**20} MB", kind="malformed"
                )
            if stream is not None:
                stream.tail = (stream.tail + part)[-64:]
            yield part

    async def as_event(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        """Give the whole response of a server that does not stream as one event."""
        whole = b"".join([part async for part in limited(*args, **kwargs)])
        yield b"data: " + re.sub(rb"[\r\n]", b" ", whole) + b"\n\n"

    if encoding:
        response.aiter_raw = in_pieces
    is_json = "json" in str(response.headers.get("content-type", ""))
    response.aiter_bytes = as_event if is_json and stream is not None else limited


def _super(model: object) -> Any:
    return super(ChatCompletions, cast("Any", model))


def _body(response: object) -> dict[str, Any]:
    if isinstance(response, list) and response:
        response = cast("list[object]", response)[0]
    if isinstance(response, Mapping):
        return dict(cast("Mapping[str, Any]", response))
    dump = getattr(response, "model_dump", None)
    return {} if dump is None else dump(warnings=False)


def _choice(given: object) -> dict[str, Any]:
    """Return a choice as LangChain can read it; one without a message is an error."""
    choice = dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}
    message = choice.get("message")
    if not isinstance(message, Mapping):
        message = {}
        choice.setdefault("error", {"message": NO_COMPLETION, "code": "malformed"})
    choice["message"] = _message(cast("Mapping[str, Any]", message))
    # LangChain would take over that of the choice before.
    choice["finish_reason"] = _reason(choice)
    return choice


def _delta(given: object) -> dict[str, Any]:
    """Return a choice of a stream's chunk as LangChain can read it."""
    choice = dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}
    delta = choice.get("delta") or choice.get("message")
    choice["delta"] = _message(
        cast("Mapping[str, Any]", delta) if isinstance(delta, Mapping) else {}
    )
    choice["finish_reason"] = _reason(choice)
    return choice


def _reason(choice: Mapping[str, Any]) -> object:
    """Return why a choice ended; routers give the provider's own word under another name."""
    return choice.get("finish_reason") or choice.get("native_finish_reason") or ""


def _message(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of an assistant, without what has not the form of a content or tool call."""
    message = {**given, "role": "assistant", "content": _content(given.get("content"))}
    for key in ("id", "name"):
        if not isinstance(given.get(key), str):
            message.pop(key, None)
    calls = given.get("tool_calls")
    if calls is not None:
        found = calls if isinstance(calls, list) else []
        message["tool_calls"] = [_tool_call(one) for one in found if _is_tool_call(one)]
    if not isinstance(given.get("function_call"), Mapping):
        message.pop("function_call", None)
    return message


def _keep(given: Mapping[str, Any], message: BaseMessage) -> None:
    """Keep in a message what LangChain leaves out."""
    for key in ("refusal", "reasoning_content", "reasoning"):
        if given.get(key):
            message.additional_kwargs.setdefault(key, given[key])


def _content(given: object) -> str | list[Any]:
    if isinstance(given, list):
        return [one for one in given if isinstance(one, str | Mapping)]
    if isinstance(given, Mapping):  # a single block
        return [{"type": "text", **given}]
    return "" if given is None else given if isinstance(given, str) else json.dumps(given)


def _is_tool_call(call: object) -> bool:
    return isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool call whose arguments are a text; some servers send them as an object."""
    function = dict(call["function"])
    if isinstance(function.get("arguments"), Mapping | list):
        function["arguments"] = json.dumps(function["arguments"])
    return {**call, "function": function}


def _usage(reported: object) -> TokenUsage | None:
    if not isinstance(reported, Mapping):
        return None
    given = cast("Mapping[str, object]", reported)
    read, written = given.get("prompt_tokens"), given.get("completion_tokens")
    if read is None and written is None:  # as other protocols name them
        read, written = given.get("input_tokens"), given.get("output_tokens")
    return token_usage(read, written)


def _as_reported(reported: object, usage: TokenUsage | None) -> dict[str, Any] | None:
    """Return a usage that LangChain can add up, with the details that are counts."""
    if usage is None:
        return None
    whole: dict[str, Any] = {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["input_tokens"] + usage["output_tokens"],
    }
    for name in _DETAILS:
        details = cast("Mapping[str, Any]", reported).get(name)
        if isinstance(details, Mapping):
            counts = cast("Mapping[str, object]", details).items()
            whole[name] = {key: n for key, n in counts if type(n) is int and n >= 0}
    return whole


def _of_usage(usage: TokenUsage) -> AIMessageChunk:
    read, written = usage["input_tokens"], usage["output_tokens"]
    whole = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return AIMessageChunk(content="", usage_metadata=whole)
