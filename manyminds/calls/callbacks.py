"""Listens to the model calls inside a chain or graph that is not ours, for the record of a run."""

from collections.abc import Mapping, Sequence
from time import time
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import LLMResult

from manyminds.calls.failures import clean
from manyminds.calls.response import NOTHING
from manyminds.calls.transport import Meter
from manyminds.records.lines import message_line
from manyminds.records.recorder import Recorder
from manyminds.records.schema import InnerCall
from manyminds.state import Candidate, TokenUsage

if TYPE_CHECKING:
    from manyminds.runs.context import RunContext


class Listener(Meter):
    """A meter that also tells a recorder of each call: who was asked what, and said what.

    Calls that a method of ours makes inside the chain are passed over: their run is recorded as
    one that is nested in this call.

    Args:
        recorder: is told.
        run: the run that the calling node serves.
        candidate: for whose answer the chain was called.
    """

    def __init__(self, recorder: Recorder, run: "RunContext", candidate: Candidate) -> None:
        super().__init__()
        self._recorder, self._of, self._candidate = recorder, run, candidate
        self._begun: dict[UUID, InnerCall] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Remember what a chat model is asked."""
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
        """Remember what a completion model is asked."""
        self._begin(run_id, [HumanMessage(prompts[0])], metadata or {})

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count the call, and tell of it."""
        super().on_llm_end(response, run_id=run_id, **kwargs)
        first = response.generations[0][0] if response.generations[0] else None
        used = getattr(getattr(first, "message", None), "usage_metadata", None)
        self._end(run_id, "" if first is None else first.text, used)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Tell of a call that failed."""
        self._end(run_id, "", None, error=clean(str(error)) or type(error).__name__)

    def _begin(
        self, call: UUID, messages: Sequence[BaseMessage], metadata: Mapping[str, Any]
    ) -> None:
        if metadata.get("run", self._of.id) != self._of.id:
            return
        self._begun[call] = InnerCall(
            model=str(metadata.get("ls_model_name") or metadata.get("ls_provider") or "model"),
            messages=[message_line(message) for message in messages],
            text="",
            usage=NOTHING,
            error=None,
            at=time(),
            seconds=0.0,
        )

    def _end(self, call: UUID, text: str, used: object, *, error: str | None = None) -> None:
        told = self._begun.pop(call, None)
        if told is None:
            return
        told["text"], told["error"] = text, error
        told["seconds"] = time() - told["at"]
        if isinstance(used, Mapping):
            tokens = cast("Mapping[str, int]", used)
            told["usage"] = TokenUsage(
                input_tokens=tokens["input_tokens"], output_tokens=tokens["output_tokens"]
            )
        self._recorder.inner(self._of, self._candidate, told)
