"""The other direction of `manyminds.models.recorded`: writes a model's answers into a file."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import Runnable, RunnableBinding
from langchain_core.tools import BaseTool
from pydantic import Field

from manyminds.errors import DataError, MemberError
from manyminds.json_lines import LineFile, drop_torn_line
from manyminds.locks import Lock
from manyminds.models.recorded import last_human, load_recording


class Writer:
    """Appends answers to one file, a line each; shared by threads, tasks and event loops."""

    def __init__(self, path: Path, model: str) -> None:
        if path.suffix == ".gz":
            raise MemberError(f"{path}: record to a plain .jsonl file, and compress it afterwards")
        self.path, self._model, self._lock = path, model, Lock()
        self._file = LineFile(path)
        self._warned = False
        self._free = _recorded_sizes(path, model)

    def write(
        self, messages: Sequence[BaseMessage], metadata: Mapping[str, Any], result: ChatResult
    ) -> None:
        """Append every text of one result under its question and draw."""
        question = last_human(messages)
        key = str(metadata.get("question_id") or sha256(question.encode()).hexdigest()[:16])
        with self._lock:
            given = metadata.get("draw")
            draw = self._free.get(key, 0) if given is None else int(given)
            texts = [generation.message.text for generation in result.generations]
            samples = [{"text": t, "draw": draw + i} for i, t in enumerate(texts) if t.strip()]
            if not samples:
                return
            self._free[key] = max(self._free.get(key, 0), draw + len(texts))
            row = {"id": key, "question": question, "model": self._model, "samples": samples}
            try:
                self._file.append(row)
            except OSError as error:
                self._warn(error)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            reason = error.strerror or error
            warnings.warn(
                f"{self.path}: answers are lost to this file: {reason}",
                RuntimeWarning,
                stacklevel=2,
            )


def _recorded_sizes(path: Path, model: str) -> dict[str, int]:
    """Return the next free draw of each question; a last line that a crash has torn is dropped."""
    if not path.exists() or not path.stat().st_size:
        return {}
    try:
        sizes = load_recording(path).sizes(model)
    except DataError:
        drop_torn_line(path)
        return load_recording(path).sizes(model) if path.stat().st_size else {}
    with path.open("r+b") as file:
        file.seek(-1, 2)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return sizes


class RecordingChatModel(BaseChatModel):
    """A chat model that passes calls on to another and writes its answers into a file.

    Make one with `record_answers`. Answers come back whole, also where a caller streams.
    """

    inner: BaseChatModel
    writer: Writer = Field(repr=False, exclude=True)

    @property
    def model_name(self) -> str:
        """Name of the wrapped model, which the rows carry."""
        return _name_of(self.inner)

    @property
    def _llm_type(self) -> str:
        return "manyminds-recording"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": str(self.writer.path), "model_name": self.model_name}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools the way the wrapped model does, and continue recording."""
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        bound = self.inner.bind_tools(tools, **kwargs)
        if not isinstance(bound, RunnableBinding):
            raise MemberError(f"{self.model_name} cannot be recorded with tools: record it without")
        return self.bind(**cast("dict[str, Any]", bound.kwargs))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        result = self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs)
        self.writer.write(messages, run_manager.metadata if run_manager else {}, result)
        return result

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        result = await self.inner._agenerate(messages, stop, run_manager, **kwargs)
        self.writer.write(messages, run_manager.metadata if run_manager else {}, result)
        return result


def record_answers(model: BaseChatModel, path: str | Path) -> RecordingChatModel:
    """Wrap a chat model so that its answers are appended to a file `open_recorded` can read.

    Question and draw come from the call's metadata, as when reading: `question_id` (else a hash of
    the last human message) and `draw` (else the next free one). Of two answers with the same
    number the later one counts. Answers without text, such as pure tool calls, are not written.

    Raises:
        DataError: the file exists and holds something else.
        MemberError: the file is to be compressed, which does not go with appending.
    """
    return RecordingChatModel(inner=model, writer=Writer(Path(path), _name_of(model)))


def _name_of(model: BaseChatModel) -> str:
    names = (getattr(model, attribute, None) for attribute in ("model_name", "model", "model_id"))
    return next((name for name in names if isinstance(name, str) and name), type(model).__name__)
