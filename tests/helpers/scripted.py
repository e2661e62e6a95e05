"""Chat models that answer as a test says, and remember what they were asked.

model = Scripted(lambda messages, metadata: f"draw {metadata['draw']}")
model = Scripted("always this")
model = Scripted(lambda messages, metadata: Say("two words", delay=0.01, breaks_after=1))
"""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any, TypeAlias, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

Metadata: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Say:
    """One answer.

    Attributes:
        text: what is said; streamed word by word.
        delay: seconds before it.
        usage: input and output tokens; None where the provider says nothing.
        id: of the message; LangChain makes one where None.
        breaks_after: while streaming, the connection is lost after so many words.
        fields: further fields of the AIMessage.
    """

    text: str = "ok"
    delay: float = 0.0
    usage: tuple[int, int] | None = (10, 5)
    id: str | None = None
    breaks_after: int | None = None
    fields: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def message(self) -> AIMessage:
        """The answer as a message."""
        return AIMessage(
            content=self.text, id=self.id, usage_metadata=_usage(self.usage), **self.fields
        )


Answer: TypeAlias = Say | str | Exception
Script: TypeAlias = Callable[[list[BaseMessage], Metadata], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Call:
    """One call as it reached the model."""

    messages: list[BaseMessage]
    metadata: Metadata
    tags: list[str]
    params: dict[str, Any]
    streamed: bool

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The prompt as pairs of message type and text."""
        return [(message.type, message.text) for message in self.messages]

    @property
    def prompt(self) -> str:
        """All text of the prompt."""
        return "\n".join(message.text for message in self.messages)


class Scripted(BaseChatModel):
    """A chat model with async code that answers as its script says.

    Copies of it (ours are made without streaming) share one log. While streaming, LangChain tells
    a model neither metadata nor tags: both are empty then.
    """

    script: Any
    model_name: str = "scripted"
    calls: list[Call] = Field(default_factory=list[Call])
    busy: list[int] = Field(default_factory=lambda: [0, 0])  # in flight now, and at most

    def __init__(self, script: Script | Answer = "ok", /, **fields: Any) -> None:
        given: dict[str, Any] = {"script": script, **fields}
        super().__init__(**given)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def peak(self) -> int:
        """Most calls that were in flight at once."""
        return self.busy[1]

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """Bind tools by name."""
        return self.bind(tools=[tool.name for tool in tools])

    async def _said(self, messages: list[BaseMessage], metadata: Metadata) -> Say:
        answer = self.script
        if callable(answer):
            answer = answer(messages, metadata)
            answer = await answer if inspect.isawaitable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        said = Say(answer) if isinstance(answer, str) else cast(Say, answer)
        if said.delay:
            await asyncio.sleep(said.delay)
        return said

    def _log(
        self,
        messages: list[BaseMessage],
        manager: AsyncCallbackManagerForLLMRun | None,
        params: dict[str, Any],
        streamed: bool,
    ) -> Metadata:
        metadata = dict(manager.metadata) if manager else {}
        tags = list(manager.tags) if manager else []
        self.calls.append(Call(list(messages), metadata, tags, params, streamed))
        return metadata

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        metadata = self._log(messages, run_manager, kwargs, streamed=False)
        self.busy[0] += 1
        self.busy[1] = max(self.busy)
        try:
            said = await self._said(messages, metadata)
        finally:
            self.busy[0] -= 1
        return ChatResult(generations=[ChatGeneration(message=said.message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        metadata = self._log(messages, run_manager, kwargs, streamed=True)
        said = await self._said(messages, metadata)
        words = re.findall(r"\S+\s*", said.text)
        for nth, word in enumerate(words):
            if nth == said.breaks_after:
                raise ConnectionError("the connection was lost")
            last = nth + 1 == len(words)
            message = AIMessageChunk(
                content=word,
                id=said.id,
                usage_metadata=_usage(said.usage) if last else None,
                chunk_position="last" if last else None,
            )
            chunk = ChatGenerationChunk(message=message)
            if run_manager is not None:
                await run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise AssertionError("a model with async code is never called synchronously")


class Blocking(BaseChatModel):
    """A chat model without async code; waits, where it has a barrier, until all are in flight."""

    barrier: Any = None
    model_name: str = "blocking"

    @property
    def _llm_type(self) -> str:
        return "blocking"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self.barrier is not None:
            cast(Barrier, self.barrier).wait()
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="blocked"))])


def _usage(usage: tuple[int, int] | None) -> UsageMetadata | None:
    if usage is None:
        return None
    given, made = usage
    return UsageMetadata(input_tokens=given, output_tokens=made, total_tokens=given + made)
