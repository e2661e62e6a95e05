"""Chat models over the chat completions protocol, as servers speak it in practice.

A mixin for LangChain's OpenAI classes. It reads what they believe as it comes: usage of any JSON
value, errors inside a response of status 200 or inside a stream, messages without a role, usage in
every chunk of a stream, streams that end in the middle, and bodies without end.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeGuard, cast

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables.config import run_in_executor

from manyminds.errors import AnswerError
from manyminds.models.envelopes import NO_COMPLETION, is_error, provider_error
from manyminds.models.http_responses import USAGE_SO_FAR, StreamState, reading
from manyminds.models.token_counts import (
    UNUSABLE_USAGE,
    as_reported,
    reported_in,
    usage_of_report,
)
from manyminds.state import TokenUsage

_END_MARK = re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]")
_STREAM = re.compile(r"(?:data|event|id|retry)?:")
_WORDS = re.compile(r"[^\W\d_]+\b[^{}\[\]<>]*$")
_SENTENCE = 500  # bytes of a plain text that says what is wrong, at most
_CHOICES = 64  # of a chunk, at most
_TOOL_CALLS = 128  # of a message, at most: no model has more tools
_BLOCKS = 10_000  # of a content, at most


class ChatCompletions:
    """Mixin before `BaseChatOpenAI` or `ChatOpenAI`."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Request an answer, and read it in a thread.

        LangChain has the SDK make objects of the response, which blocks the event loop for a minute
        where it has many parts, and raises for a reply in a schema that was cut.
        """
        model = _super(self)
        payload = model._get_request_payload(messages, stop=stop, **kwargs)
        form = payload.get("response_format")
        if model._use_responses_api(payload) or not (form is None or isinstance(form, dict)):
            found = await model._agenerate(messages, stop, run_manager, **kwargs)
            return cast("ChatResult", found)
        content = await cast("Any", self).async_client.content(**payload)
        count = payload.get("n") or 1
        return await run_in_executor(
            None, lambda: self._create_chat_result(_first(parsed(content), count))
        )

    def _create_chat_result(
        self, response: Any, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        """Turn a response into messages, whatever its usage, roles and envelope are like."""
        body = _body(response)
        reported = reported_in(body)
        usage = usage_of_report(reported)
        if body.get("error"):
            raise provider_error(body, usage)
        if not (isinstance(body.get("choices"), list) and body["choices"]):
            raise provider_error(body, usage, otherwise="malformed")
        body["usage"] = as_reported(reported, usage)
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
        stream = reading.get() or StreamState()
        reported = reported_in(chunk)
        usage = usage_of_report(reported)
        stream.count(usage)
        stream.nonsense = stream.nonsense or (usage is None and bool(reported))
        if is_error(chunk):
            raise provider_error(chunk, stream.usage)
        given = chunk.get("choices")
        found = cast("list[object]", given) if isinstance(given, list) else []
        choices = [one for one in map(_delta, found) if not one.get("index")]  # we ask for one
        for choice in choices:
            if choice.get("error"):
                raise provider_error(choice, stream.usage)
            stream.finished = stream.finished or bool(choice["finish_reason"])
            for piece in choice["delta"].get("tool_calls") or ():
                stream.call(piece)
        made = _super(self)._convert_chunk_to_generation_chunk(
            {**chunk, "usage": None, "choices": choices}, default_chunk_class, base_generation_info
        )
        if choices and made is not None:
            _keep(choices[0]["delta"], made.message)
        return cast("ChatGenerationChunk | None", made)

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        """Stream the answer; its usage comes once, at the end.

        Raises:
            AnswerError: the stream ended without a finish reason and without its end mark, or in
                the middle of a tool call.
        """
        stream, chunks = StreamState(), _super(self)._astream(*args, **kwargs)
        while True:
            reading.set(stream)
            try:
                chunk = await anext(chunks)
            except StopAsyncIteration:
                break
            except Exception as error:
                told = _told_in(stream, error)
                if told is error:
                    raise
                raise told from error
            finally:
                reading.set(None)
            yield chunk
        if not stream.finished and not _END_MARK.search(stream.tail[-64:]):
            cut = AnswerError(
                "the stream ended before the answer was complete", kind="connection", retriable=True
            )
            cut.usage = stream.usage
            raise cut
        stream.check_calls()
        if stream.usage is not None:
            yield ChatGenerationChunk(message=_of_usage(stream.usage))
        elif stream.nonsense:
            about = {UNUSABLE_USAGE: True}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=about))


class PlainCompletions:
    """Requests of a client, whose responses are plain data and not objects of the SDK.

    Args:
        requests: `chat.completions` of an asynchronous client.
    """

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    async def create(self, **payload: Any) -> Any:
        """Send a request, and return its chunks where it asks for a stream."""
        if not payload.get("stream"):
            return await self._requests.create(**payload)
        from openai import AsyncStream

        raw = await self._requests.with_raw_response.create(**payload)
        return _plain(raw.parse(to=AsyncStream[object]))

    async def content(self, **payload: Any) -> bytes:
        """Send a request, and return its response as it came."""
        raw = await self._requests.with_raw_response.create(**payload)
        return cast("bytes", raw.http_response.content)


def parsed(content: bytes) -> object:
    """Return the JSON value of a response.

    Raises:
        AnswerError: it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _no_json(content) from None


def _no_json(content: bytes) -> AnswerError:
    """Return what a response says that is no JSON: a sentence, or nothing that can be told."""
    text = content[:_SENTENCE].decode("utf-8", "replace").strip()
    if _STREAM.match(text):
        said = "the endpoint sent a stream, although none was asked for"
        return AnswerError(said, kind="malformed", retriable=True)
    if len(content) < _SENTENCE and _WORDS.match(text):
        return provider_error(text, otherwise="malformed")
    return AnswerError(NO_COMPLETION, kind="malformed", retriable=True)


@asynccontextmanager
async def _plain(stream: Any) -> AsyncGenerator[AsyncIterator[dict[str, Any]]]:
    async def chunks() -> AsyncIterator[dict[str, Any]]:
        async for chunk in response:
            found = _first(chunk, _CHOICES)
            if isinstance(found, dict):
                yield cast("dict[str, Any]", found)

    async with stream as response:
        yield chunks()


def _told_in(stream: StreamState, error: Exception) -> Exception:
    """Return the error of a stream with all that its last events say, and with its usage.

    The SDK keeps of an event with an error only what stands below that key.
    """
    if isinstance(error, AnswerError):
        error.usage = error.usage or stream.usage
        return error
    of_stream = hasattr(error, "body") and not hasattr(error, "status_code")
    for line in re.split(rb"[\r\n]+", stream.tail) if of_stream else ():
        with suppress(ValueError, RecursionError):
            event = json.loads(line.removeprefix(b"data:"))
            if isinstance(event, dict) and is_error(cast("dict[str, Any]", event)):
                stream.count(usage_of_report(reported_in(cast("dict[str, Any]", event))))
                return provider_error(event, stream.usage)
    vars(error)[USAGE_SO_FAR] = stream.usage
    return error


def _super(model: object) -> Any:
    return super(ChatCompletions, cast("Any", model))


def _first(body: object, count: int) -> object:
    """Return a response with no more choices than were asked for."""
    if isinstance(body, list) and body:
        body = cast("list[object]", body)[0]
    if not isinstance(body, dict):
        return body
    given = cast("dict[str, Any]", body)
    choices = given.get("choices")
    if isinstance(choices, list) and len(choices) > count:  # pyright: ignore[reportUnknownArgumentType]
        return {**given, "choices": choices[:count]}
    return given


def _body(response: object) -> dict[str, Any]:
    if isinstance(response, list) and response:
        response = cast("list[object]", response)[0]
    return dict(cast("Mapping[str, Any]", response)) if isinstance(response, Mapping) else {}


def _choice(given: object) -> dict[str, Any]:
    """Return a choice as LangChain can read it; one without a message is an error."""
    choice = dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}
    message = _said(choice, "message", "delta")
    if message is None:
        message = {}
        choice.setdefault("error", {"message": NO_COMPLETION, "code": "malformed"})
    choice["message"] = _message(message)
    # LangChain would take over that of the choice before.
    choice["finish_reason"] = _reason(choice)
    return choice


def _delta(given: object) -> dict[str, Any]:
    """Return a choice of a stream's chunk as LangChain can read it."""
    choice = dict(cast("Mapping[str, Any]", given)) if isinstance(given, Mapping) else {}
    choice["delta"] = _message(_said(choice, "delta", "message") or {})
    choice["finish_reason"] = _reason(choice)
    return choice


def _said(choice: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
    """Return the message of a choice, which some servers send as its text alone."""
    for value in (*map(choice.get, names), choice.get("text")):
        if isinstance(value, Mapping) and value:
            return cast("Mapping[str, Any]", value)
        if isinstance(value, str) and value:
            return {"content": value}
    return {} if any(isinstance(choice.get(name), Mapping) for name in names) else None


def _reason(choice: Mapping[str, Any]) -> object:
    """Return why a choice ended; routers give the provider's own word under another name."""
    return choice.get("finish_reason") or choice.get("native_finish_reason") or ""


def _message(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of an assistant, without what is not a content or tool call."""
    message = {**given, "role": "assistant", "content": _content(given.get("content"))}
    for key in ("id", "name"):
        if not isinstance(given.get(key), str):
            message.pop(key, None)
    calls = given.get("tool_calls")
    if calls is not None:
        found = cast("list[object]", calls)[:_TOOL_CALLS] if isinstance(calls, list) else []
        message["tool_calls"] = [_tool_call(one) for one in found if _is_tool_call(one)]
    called = message.pop("function_call", None)  # as servers wrote it before `tool_calls`
    if isinstance(called, Mapping) and not message.get("tool_calls"):
        message["tool_calls"] = [_tool_call({"index": 0, "type": "function", "function": called})]
        if cast("Mapping[str, Any]", called).get("name"):  # else a further piece of a stream
            message["tool_calls"][0]["id"] = "call_0"
    return message


def _keep(given: Mapping[str, Any], message: BaseMessage) -> None:
    """Keep in a message what LangChain leaves out."""
    for key in ("refusal", "reasoning_content", "reasoning"):
        if given.get(key):
            message.additional_kwargs.setdefault(key, given[key])


def _content(given: object) -> str | list[Any]:
    if isinstance(given, list):
        blocks = cast("list[object]", given)[:_BLOCKS]
        return [one for one in blocks if isinstance(one, str | Mapping)]
    if isinstance(given, Mapping):  # a single block
        return [{"type": "text", **given}]
    return "" if given is None else given if isinstance(given, str) else json.dumps(given)


def _is_tool_call(call: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(call, Mapping) and isinstance(
        cast("Mapping[str, object]", call).get("function"), Mapping
    )


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool call whose arguments are a text; some servers send them as an object."""
    function = dict(call["function"])
    if isinstance(function.get("arguments"), Mapping | list):
        function["arguments"] = json.dumps(function["arguments"])
    return {**call, "function": function}


def _of_usage(usage: TokenUsage) -> AIMessageChunk:
    read, written = usage["input_tokens"], usage["output_tokens"]
    whole = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return AIMessageChunk(content="", usage_metadata=whole)
