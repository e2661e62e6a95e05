"""Chat models over the chat completions protocol, as servers speak it in practice.

A mixin for LangChain's OpenAI classes. It reads what they believe as it comes: usage of any JSON
value, errors inside a response of status 200 or inside a stream, messages without a role, usage in
every chunk of a stream, streams that end in the middle, and bodies without end.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from manyminds.errors import AnswerError
from manyminds.models.provider_kinds import kind_of_words, retriable
from manyminds.models.token_counts import token_usage
from manyminds.state import TokenUsage

MOST_BYTES = 32 * 2**20
"""Bytes of a response, decompressed, that are read."""

_PIECE = 8_192  # compressed bytes that are decompressed at once: at most some 8 MB
_ENCODINGS = {"", "identity", "gzip", "deflate"}
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")


@dataclass
class _Stream:
    """What is known of the stream that is being read."""

    usage: TokenUsage | None = None
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

    def _create_chat_result(
        self, response: Any, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        """Turn a response into messages, whatever its usage, roles and envelope are like."""
        body = _body(response)
        if "choices" not in body and not body.get("error"):
            plain = _super(self)._create_chat_result(response, generation_info)
            return cast("ChatResult", plain)
        usage = _usage(body.get("usage"))
        if body.get("error"):
            raise provider_error(body["error"], usage)
        body["usage"] = _as_reported(body.get("usage"), usage)
        if not isinstance(body.get("service_tier"), str):
            body.pop("service_tier", None)
        choices = body["choices"]
        if isinstance(choices, list):
            body["choices"] = [_choice(each) for each in cast("list[object]", choices)]
        result = _super(self)._create_chat_result(body, generation_info)
        for choice, generation in zip(body["choices"], result.generations, strict=False):
            more = generation.message.additional_kwargs
            for key in ("refusal", "reasoning_content", "reasoning"):
                if choice["message"].get(key):
                    more.setdefault(key, choice["message"][key])
            if choice.get("error"):
                more["provider_error"] = choice["error"]
        return cast("ChatResult", result)

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        """Turn a chunk of a stream into a message; usage is kept for the end of the stream."""
        stream = _stream.get() or _Stream()
        stream.count(_usage(chunk.get("usage")))
        if chunk.get("error"):
            raise provider_error(chunk["error"], stream.usage)
        chunk = {**chunk, "usage": None, "choices": chunk.get("choices") or []}
        for choice in chunk["choices"]:
            if isinstance(choice, Mapping) and choice.get("error"):
                raise provider_error(choice["error"], stream.usage)
            stream.finished = stream.finished or bool(choice.get("finish_reason"))
        made = _super(self)._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
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
        if not stream.finished and b"[DONE]" not in stream.tail:
            error = AnswerError(
                "the stream ended before the answer was complete", kind="connection", retriable=True
            )
            error.usage = stream.usage
            raise error
        if stream.usage is not None:
            yield ChatGenerationChunk(message=_of_usage(stream.usage))


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

    if encoding:
        response.aiter_raw = in_pieces
    response.aiter_bytes = limited


def provider_error(error: object, usage: TokenUsage | None = None) -> AnswerError:
    """Return what a provider says went wrong inside a response, as an exception."""
    told: Mapping[str, Any] = error if isinstance(error, Mapping) else {"message": error}
    code, message = told.get("code"), told.get("message") or told.get("type") or "no reason given"
    status = int(str(code)) if str(code).isdecimal() and len(str(code)) == 3 else None
    words = f"{code} {told.get('type')} {message}"
    kind = kind_of_words(words, status) or "server_error"
    made = AnswerError(str(message), kind=kind, retriable=retriable(kind))
    made.usage = usage
    return made


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
    """Return a choice whose message has a role; one that is no choice makes an empty answer."""
    choice = dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise AnswerError(
            "the endpoint's reply has not the form of a chat completion",
            kind="malformed",
            retriable=True,
        )
    choice["message"] = {**message, "role": "assistant"}
    return choice


def _usage(reported: object) -> TokenUsage | None:
    if not isinstance(reported, Mapping):
        return None
    given = cast("Mapping[str, object]", reported)
    return token_usage(given.get("prompt_tokens"), given.get("completion_tokens"))


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
