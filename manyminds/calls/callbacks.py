"""Callbacks of one request: its first token, and the model calls inside a chain or graph."""

from collections.abc import Mapping, Sequence
from time import time
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk, LLMResult

from manyminds.calls.failures import clean
from manyminds.models.token_counts import usage_of
from manyminds.protocols import ModelCall, Recorder, RunInfo
from manyminds.state import NO_TOKENS, Candidate, TokenUsage


class FirstToken(BaseCallbackHandler):
    """Remembers the id of the message whose first token went out to the caller."""

    run_inline = True

    def __init__(self) -> None:
        self.message_id: str | None = None

    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep the first message's id."""
        if self.message_id is None:
            own = chunk.message.id if isinstance(chunk, ChatGenerationChunk) else None
            self.message_id = own or f"lc_run--{run_id}"


class Meter(BaseCallbackHandler):
    """Adds up the model calls inside a chain or graph that is not ours."""

    run_inline = True

    def __init__(self) -> None:
        self.calls = 0
        self.usage = TokenUsage(input_tokens=0, output_tokens=0)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count the call and the usage that its message carries."""
        self.calls += 1
        for generations in response.generations:
            usage = usage_of(getattr(generations[0], "message", None)) if generations else None
            if usage is not None:
                self.usage["input_tokens"] += usage["input_tokens"]
                self.usage["output_tokens"] += usage["output_tokens"]


class Listener(Meter):
    """A meter that also hands each call to a recorder: its messages and its answer.

    Calls that a method of ours makes inside the chain are left out: their run is recorded as one
    that is nested in this call.

    Args:
        recorder: receives the calls.
        run: the run of the calling node.
        candidate: the candidate of the call to the chain.
    """

    def __init__(self, recorder: Recorder, run: RunInfo, candidate: Candidate) -> None:
        super().__init__()
        self._recorder, self._run, self._candidate = recorder, run, candidate
        self._open: dict[UUID, ModelCall] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Remember the messages of a call to a chat model."""
        self._begin(run_id, messages[0], metadata or {})

    def on_llm_start(
        self,
        serialized: dict[str, Any],
        prompts: list[str],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Remember the prompt of a call to a completion model."""
        self._begin(run_id, [HumanMessage(prompts[0])], metadata or {})

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count the call, and record it."""
        super().on_llm_end(response, run_id=run_id, **kwargs)
        first = response.generations[0][0] if response.generations[0] else None
        used = usage_of(getattr(first, "message", None))
        self._end(run_id, "" if first is None else first.text, used)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Record a call that failed."""
        self._end(run_id, "", None, error=clean(str(error)) or type(error).__name__)

    def _begin(
        self, call: UUID, messages: Sequence[BaseMessage], metadata: Mapping[str, Any]
    ) -> None:
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

    def _end(
        self, call: UUID, text: str, used: TokenUsage | None, *, error: str | None = None
    ) -> None:
        ended = self._open.pop(call, None)
        if ended is None:
            return
        ended["text"], ended["error"] = text, error
        ended["seconds"] = time() - ended["at"]
        if used is not None:
            ended["usage"] = used
        self._recorder.inner(self._run, self._candidate, ended)
