"""Callbacks of one request: its tokens, and the model calls inside a chain or graph."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import time
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk, LLMResult
from langchain_core.utils.function_calling import convert_to_openai_tool

from manyminds.calls.failures import clean
from manyminds.calls.streamed_usage import StreamedUsage
from manyminds.errors import AnswerError
from manyminds.models.token_counts import is_unusable, usage_of
from manyminds.protocols import ModelCall, Recorder, RunInfo
from manyminds.state import NO_TOKENS, Candidate, TokenUsage


class FirstToken(BaseCallbackHandler):
    """Remembers the id of the message whose first token went out, and the usage of its chunks."""

    run_inline = True

    def __init__(self) -> None:
        self.message_id: str | None = None
        self.usage = StreamedUsage()

    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep the first message's id, and the usage so far."""
        self.usage.add(chunk)
        if self.message_id is None:
            own = chunk.message.id if isinstance(chunk, ChatGenerationChunk) else None
            self.message_id = own or f"lc_run--{run_id}"


def used(callback: BaseCallbackHandler | None, message: object) -> tuple[TokenUsage | None, bool]:
    """Return the usage of a model's message, and whether what it reports cannot be read.

    Args:
        callback: Callback that has seen the chunks of the message, if it came as a stream.
        message: What the model returned.
    """
    usage = reported = usage_of(message)
    if isinstance(callback, FirstToken):
        usage = callback.usage.of(reported)
    return usage, usage is None and (reported is not None or is_unusable(message))


class Meter(BaseCallbackHandler):
    """Adds up the model calls inside a chain or graph that is not ours, and ends one that loops.

    Args:
        run: id of the run of the calling node.
        reserve: reserves a further call in the run's budgets; what it raises ends the chain.
    """

    run_inline = True
    raise_error = True

    def __init__(self, run: str, reserve: Callable[[], None]) -> None:
        self._of_run, self._reserve = run, reserve
        self._calls = self._reserved = 0
        self._usage = TokenUsage(input_tokens=0, output_tokens=0)
        self._streams: dict[UUID, StreamedUsage] = {}
        self._is_over = False
        self.is_unclear = False

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Reserve a call to a chat model."""
        tools = (kwargs.get("invocation_params") or {}).get("tools") or ()
        self._start(run_id, messages[0], metadata or {}, tools)

    def on_llm_start(
        self,
        serialized: dict[str, Any],
        prompts: list[str],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Reserve a call to a completion model."""
        self._start(run_id, [HumanMessage(prompts[0])], metadata or {})

    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep the usage that a chunk reports."""
        self._streams.setdefault(run_id, StreamedUsage()).add(chunk)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count the call and the usage that its message carries."""
        self._calls += 1
        for generations in response.generations:
            message = getattr(generations[0], "message", None) if generations else None
            usage = self._used(message, run_id)
            if usage is not None:
                self._usage["input_tokens"] += usage["input_tokens"]
                self._usage["output_tokens"] += usage["output_tokens"]

    def _used(self, message: object, call: UUID) -> TokenUsage | None:
        """Return the usage of a message, counted once; None where it is unknown."""
        reported, stream = usage_of(message), self._streams.get(call)
        if stream is None:
            return reported
        self.is_unclear = self.is_unclear or stream.is_unclear(reported)
        return stream.of(reported)

    def take(self) -> tuple[int, int, TokenUsage]:
        """Return the calls that ended, how many of them were not reserved, and their usage.

        The chain is over then: one that goes on in a thread is ended by its next call.
        """
        found = (self._calls, max(0, self._calls - max(1, self._reserved)), self._usage)
        self._calls, self._usage = 0, TokenUsage(input_tokens=0, output_tokens=0)
        self._is_over = True
        return found

    def _start(
        self,
        call: UUID,
        messages: Sequence[BaseMessage],
        metadata: Mapping[str, Any],
        tools: Sequence[Any] = (),
    ) -> None:
        if self._is_over:
            raise AnswerError("the call to the chain or graph was given up", kind="cancelled")
        if metadata.get("run", self._of_run) != self._of_run:
            return  # a method of ours, which reserves its calls itself
        if self._reserved:  # the first one is reserved with the call to the chain
            self._reserve()
        self._reserved += 1


class Listener(Meter):
    """A meter that also hands each call to a recorder: its messages and its answer.

    Calls that a method of manyminds makes inside the chain are left out: their run is recorded as
    one that is nested in this call.

    Args:
        recorder: receives the calls.
        run: the run of the calling node.
        candidate: the candidate of the call to the chain.
        reserve: as for `Meter`.
    """

    def __init__(
        self, recorder: Recorder, run: RunInfo, candidate: Candidate, reserve: Callable[[], None]
    ) -> None:
        super().__init__(run.id, reserve)
        self._recorder, self._run, self._candidate = recorder, run, candidate
        self._open: dict[UUID, ModelCall] = {}

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count the call, and record it."""
        super().on_llm_end(response, run_id=run_id, **kwargs)
        first = response.generations[0][0] if response.generations[0] else None
        message = getattr(first, "message", None)
        calls = [dict(one) for one in getattr(message, "tool_calls", ())]
        if calls and run_id in self._open:
            self._open[run_id]["tool_calls"] = calls
        self._end(run_id, "" if first is None else first.text, self._used(message, run_id))

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Record a call that failed."""
        self._end(run_id, "", None, error=clean(str(error)) or type(error).__name__)

    def _start(
        self,
        call: UUID,
        messages: Sequence[BaseMessage],
        metadata: Mapping[str, Any],
        tools: Sequence[Any] = (),
    ) -> None:
        super()._start(call, messages, metadata)
        if metadata.get("run", self._run.id) != self._run.id:
            return
        self._open[call] = ModelCall(
            model=str(metadata.get("ls_model_name") or metadata.get("ls_provider") or "model"),
            messages=list(messages),
            text="",
            usage=NO_TOKENS,
            error=None,
            at=time(),
            seconds=0.0,
        )
        if schemas := _schemas(tools):
            self._open[call]["tools"] = schemas

    def _end(
        self, call: UUID, text: str, used: TokenUsage | None, *, error: str | None = None
    ) -> None:
        ended = self._open.pop(call, None)
        if ended is None:
            return
        ended["text"], ended["error"] = text, error
        ended["seconds"] = max(0.0, time() - ended["at"])  # the clock may be set back
        if used is not None:
            ended["usage"] = used
        self._recorder.inner(self._run, self._candidate, ended)


def _schemas(tools: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the tools as OpenAI's schemas, whatever provider they were written for."""
    found: list[dict[str, Any]] = []
    for tool in tools:
        with suppress(ValueError, TypeError, KeyError):  # a provider's own kind, such as a search
            found.append(convert_to_openai_tool(tool))
    return found
