"""Chat models whose every answer is requested as a stream, as llama.cpp wants it.

It stops generating when the client of a stream goes; without a stream it generates to the end for
nobody. In one request for several samples it takes at most one per slot, and counts the tokens of
the last one only.
"""

import asyncio
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import AIMessage, add_usage
from langchain_core.outputs import ChatResult

from manyminds.models.chat_completions import ChatCompletions


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
        from langchain_core.language_models.chat_models import generate_from_stream

        kwargs = dict(kwargs, n=1)
        if isinstance(kwargs.get("response_format"), dict):
            # The SDK would take apart every chunk, and the whole again, to parse it for us.
            form = {"response_format": kwargs.pop("response_format")}
            kwargs["extra_body"] = {**(kwargs.get("extra_body") or {}), **form}
        chunks = [chunk async for chunk in self._astream(messages, stop, **kwargs)]
        return generate_from_stream(iter(chunks))


def _count_once(messages: list[BaseMessage]) -> None:
    """Move the usage of all messages to the first."""
    total = None
    for message in messages:
        if isinstance(message, AIMessage):
            total = add_usage(total, message.usage_metadata)
            message.usage_metadata = None
    if messages and isinstance(messages[0], AIMessage):
        messages[0].usage_metadata = total
