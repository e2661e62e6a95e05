"""Scripted chat models for tests: fixed answers, failures, delays, tool calls, and a log of calls.

    model = ScriptedChatModel("always this")
    model = ScriptedChatModel(["first", "second", TimeoutError("too slow")])
    model = ScriptedChatModel(lambda messages, metadata: f"draw {metadata['draw']}")
    app = create_agent_forest(model, samples=3).compile()

After a run, `model.calls` holds every prompt with its metadata, tags and parameters.
"""

import asyncio
import inspect
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any, TypeAlias, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

__all__ = [
    "Answer",
    "BlockingChatModel",
    "LoggedCall",
    "Metadata",
    "Script",
    "ScriptedChatModel",
    "ScriptedReply",
]

Metadata: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class ScriptedReply:
    """One reply of a scripted model.

    Args:
        text: Content of the message. A stream sends it word by word.
        delay: Seconds before the reply.
        usage: Input and output tokens. None: the provider reports no usage.
        id: Id of the message. None: LangChain makes one.
        breaks_after: Number of words after which a stream loses its connection.
        tool_calls: Tool calls of the message, as LangChain writes them.
        fields: Further fields of the message, such as `response_metadata`.
    """

    text: str = "ok"
    delay: float = 0.0
    usage: tuple[int, int] | None = (10, 5)
    id: str | None = None
    breaks_after: int | None = None
    tool_calls: Sequence[Mapping[str, Any]] = ()
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def message(self) -> AIMessage:
        """The reply as a message."""
        given: dict[str, Any] = {"tool_calls": list(self.tool_calls)} if self.tool_calls else {}
        return AIMessage(
            content=self.text,
            id=self.id,
            usage_metadata=_usage(self.usage),
            **(given | dict(self.fields)),
        )


Answer: TypeAlias = ScriptedReply | str | Exception
Script: TypeAlias = Callable[[list[BaseMessage], Metadata], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class LoggedCall:
    """One call as it reached the model.

    Attributes:
        messages: The prompt.
        metadata: Metadata of the call: run, member, role, index, draw, layer, question_id.
            Empty when streaming: LangChain passes none then.
        tags: Tags of the call. Empty when streaming.
        params: Sampling parameters and bound tools.
        streamed: True if the call was made through `stream` or `astream`.
    """

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
        """The text of all messages, one after the other."""
        return "\n".join(message.text for message in self.messages)


class ScriptedChatModel(BaseChatModel):
    """A chat model that replies as its script says and logs every call.

    Copies of a model, such as those that a member makes to turn streaming off, share one log.

    Args:
        script: One reply for every call; a list of replies, the last of which repeats; or a
            function, sync or async, from messages and metadata to a reply. A reply is a text, a
            `ScriptedReply` or an exception to raise.
    """

    script: Any
    model_name: str = "scripted"
    calls: list[LoggedCall] = Field(default_factory=list[LoggedCall])
    busy: list[int] = Field(default_factory=lambda: [0, 0])  # in flight now, and at most

    def __init__(self, script: Script | Answer | Sequence[Answer] = "ok", /, **fields: Any) -> None:
        for name in fields.keys() - type(self).model_fields.keys():
            raise TypeError(f"ScriptedChatModel takes no `{name}`: give the replies as the script")
        given: dict[str, Any] = {"script": script, **fields}
        super().__init__(**given)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def peak(self) -> int:
        """The largest number of calls in flight at once."""
        return self.busy[1]

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        """Bind tools by name; they reach the log in `params`."""
        names = [getattr(tool, "name", None) or getattr(tool, "__name__", tool) for tool in tools]
        return self.bind(tools=names, **kwargs)

    def _next(self, messages: list[BaseMessage], metadata: Metadata) -> Answer | Awaitable[Answer]:
        script = self.script
        if callable(script):
            return cast(Script, script)(messages, metadata)
        if isinstance(script, Sequence) and not isinstance(script, str):
            return cast("Sequence[Answer]", script)[min(len(self.calls), len(script)) - 1]
        return cast(Answer, script)

    async def _reply(self, messages: list[BaseMessage], metadata: Metadata) -> ScriptedReply:
        answer = self._next(messages, metadata)
        reply = _as_reply(await answer if inspect.isawaitable(answer) else answer)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        return reply

    def _log(
        self,
        messages: list[BaseMessage],
        manager: AsyncCallbackManagerForLLMRun | CallbackManagerForLLMRun | None,
        params: dict[str, Any],
        streamed: bool,
    ) -> Metadata:
        metadata = dict(manager.metadata) if manager else {}
        tags = list(manager.tags) if manager else []
        self.calls.append(LoggedCall(list(messages), metadata, tags, params, streamed))
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
            reply = await self._reply(messages, metadata)
        finally:
            self.busy[0] -= 1
        return ChatResult(generations=[ChatGeneration(message=reply.message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        metadata = self._log(messages, run_manager, kwargs, streamed=True)
        reply = await self._reply(messages, metadata)
        words = re.findall(r"\S+\s*", reply.text) or [""]
        for position, word in enumerate(words):
            if position == reply.breaks_after:
                raise ConnectionError("the connection was lost")
            last = position + 1 == len(words)
            message = (
                _last_chunk(word, reply) if last else AIMessageChunk(content=word, id=reply.id)
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
        metadata = self._log(messages, run_manager, kwargs, streamed=False)
        answer = self._next(messages, metadata)
        if inspect.isawaitable(answer):
            raise TypeError("an async script needs an async call: use ainvoke")
        reply = _as_reply(answer)
        time.sleep(reply.delay)
        return ChatResult(generations=[ChatGeneration(message=reply.message)])


class BlockingChatModel(BaseChatModel):
    """A chat model without async code, as many older integrations are.

    Args:
        barrier: Makes each call wait until as many calls as its size are in flight.
    """

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


def _last_chunk(word: str, reply: ScriptedReply) -> AIMessageChunk:
    """Return the chunk that ends a stream, with tool calls, usage and further fields."""
    calls = [
        tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=nth)
        for nth, call in enumerate(reply.tool_calls)
    ]
    return AIMessageChunk(
        content=word,
        id=reply.id,
        usage_metadata=_usage(reply.usage),
        tool_call_chunks=calls,
        chunk_position="last",
        **reply.fields,
    )


def _as_reply(answer: Answer) -> ScriptedReply:
    if isinstance(answer, Exception):
        raise answer
    return ScriptedReply(answer) if isinstance(answer, str) else answer


def _usage(usage: tuple[int, int] | None) -> UsageMetadata | None:
    if usage is None:
        return None
    given, made = usage
    return UsageMetadata(input_tokens=given, output_tokens=made, total_tokens=given + made)
