"""Chat models whose every answer is requested as a stream, as llama.cpp wants it.

It stops generating when the client of a stream goes; without a stream it generates to the end for
nobody. In one request for several samples it takes at most one per slot, and counts the tokens of
the last one only.
"""

import asyncio
from typing import Any, cast

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import AIMessage, add_usage
from langchain_core.outputs import ChatResult

from manyminds.errors import AnswerError
from manyminds.models.chat_completions import ChatCompletions
from manyminds.models.envelopes import is_error, provider_error


class StreamedCompletions(ChatCompletions):
    """Mixin before `BaseChatOpenAI`."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: object = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Return one generation, or `n`; the first carries the usage of all."""
        samples = kwargs.pop("n", None) or getattr(self, "n", None) or 1
        calls = [asyncio.create_task(self._one(messages, stop, kwargs)) for _ in range(samples)]
        try:
            results = await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()
        made = ChatResult(generations=[one.generations[0] for one in results])
        if samples > 1:
            _count_once([generation.message for generation in made.generations])
        return made

    async def _one(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ChatResult:
        """Read one stream to its end; messages are not made of every chunk, which costs time."""
        if kwargs.get("tools"):
            from langchain_core.language_models.chat_models import generate_from_stream

            chunks = [chunk async for chunk in self._astream(messages, stop, **kwargs)]
            return generate_from_stream(iter(chunks))
        model, whole = cast("Any", self), _Whole()
        options = {"n": 1, "stream": True, "stream_options": {"include_usage": True}}
        payload = model._get_request_payload(messages, stop=stop, **{**kwargs, **options})
        async with await model.async_client.create(**payload) as stream:
            async for chunk in stream:
                whole.add(chunk)
        return self._create_chat_result(whole.response())


class _Whole:
    """The response that the chunks of a stream add up to."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {"content": [], "reasoning_content": []}
        self._logprobs: list[Any] = []
        self._head: dict[str, Any] = {}
        self._finish: str | None = None

    def add(self, chunk: dict[str, Any]) -> None:
        """Add a chunk.

        Raises:
            AnswerError: the chunk says that the server failed.
        """
        if is_error(chunk):
            raise provider_error(chunk)
        self._head |= {key: chunk[key] for key in ("id", "model", "usage") if chunk.get(key)}
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            for key, texts in self._texts.items():
                if delta.get(key):
                    texts.append(delta[key])
            self._logprobs += (choice.get("logprobs") or {}).get("content") or []
            self._finish = choice.get("finish_reason") or self._finish

    def response(self) -> dict[str, Any]:
        """Return the response as it comes without streaming.

        Raises:
            AnswerError: the stream ended before the answer was complete.
        """
        if self._finish is None:
            raise AnswerError(
                "the stream ended before the answer was complete", kind="connection", retriable=True
            )
        message = {key: "".join(texts) for key, texts in self._texts.items()}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": self._finish}
        if self._logprobs:
            choice["logprobs"] = {"content": self._logprobs}
        return {**self._head, "choices": [choice]}


def _count_once(messages: list[BaseMessage]) -> None:
    """Move the usage of all messages to the first."""
    total = None
    for message in messages:
        if isinstance(message, AIMessage):
            total = add_usage(total, message.usage_metadata)
            message.usage_metadata = None
    if messages and isinstance(messages[0], AIMessage):
        messages[0].usage_metadata = total
