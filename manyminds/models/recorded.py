"""Recorded members: answers of real models, read back from a file.

A file is JSON Lines, plain or gzip. A row has `id`, the question under `question`, `instruction` or
`prompt`, and `samples`: texts, or objects with `text` and optionally `model` and `draw`. Rows with
the same id are merged, so that `manyminds.models.record_answers` can write one answer a line.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from manyminds.errors import AnswerError, DataError, MemberError
from manyminds.json_lines import json_lines
from manyminds.locks import Lock
from manyminds.models.bundled import bundled, bundled_names
from manyminds.questions import QUESTION_KEYS, question_hash

_MANY = "many"
_GOLDEN = (5**0.5 - 1) / 2
_load_lock = Lock()


class RecordedChatModel(BaseChatModel):
    """A chat model that replies with the recorded answers of a real model, from a file.

    Use it to measure methods on real answers, with no key and no network. The question is found by
    `question_id` in the call's metadata, or, where that id is not known, by its `question_text`;
    without an id by the text of the last human message. The answer is found by `draw` (default 0).
    With `shuffle` (a text) in the metadata, the draws of each question are permuted by
    `random.Random(f"{shuffle}:{id}")` and, with `repeat` (a number), rotated: repeats begin far
    apart in one permutation, so together they use all draws about equally. Only texts are handed
    out: a file's gold answers and flags are never kept. Make one with `open_recorded` or
    `from_string`.
    """

    path: Path
    model: str
    _recording: "Recording" = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        """Read the file, or take it from the other models that read it before."""
        super().model_post_init(context)
        self._recording = load_recording(self.path)

    @property
    def model_name(self) -> str:
        """Name of the model that gave the answers."""
        return self.model

    @property
    def _llm_type(self) -> str:
        return "manyminds-recorded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": str(self.path), "model_name": self.model}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._answer(messages, run_manager.metadata if run_manager else {})

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._answer(messages, run_manager.metadata if run_manager else {})

    def _answer(self, messages: Sequence[BaseMessage], metadata: Mapping[str, Any]) -> ChatResult:
        question, key = metadata.get("question_id"), None
        if question is None:
            question = last_human(messages)
            key = self._recording.id_of(question)
        elif self._recording.knows(str(question)):
            key = str(question)
        else:  # the run made an id of the question's text, or a framework has ids of its own
            wordings = (str(question), str(metadata.get("question_text", "")))
            key = next(filter(None, map(self._recording.id_of, wordings)), None)
        if key is None:
            raise self._not_recorded(f"the question {_short(str(question))} is")
        draw, texts = int(metadata.get("draw") or 0), self._recording.draws(self.model, key)
        if not 0 <= draw < len(texts):
            raise self._not_recorded(f"draw {draw} of question {key} is", f" ({len(texts)} are)")
        shuffle = metadata.get("shuffle")
        if shuffle is None:
            place = draw
        else:
            order = _permutation(f"{shuffle}:{key}", len(texts))
            place = order[(draw + _offset(metadata.get("repeat"), len(texts))) % len(texts)]
        text = texts[place]
        if text is None:
            raise self._not_recorded(f"draw {draw} of question {key} is")
        message = AIMessage(content=text, response_metadata={"model_name": self.model})
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _not_recorded(self, what: str, more: str = "") -> AnswerError:
        return AnswerError(
            f"{self.path}: {what} not recorded for {self.model}{more}; "
            "ask what the file holds, or record it first",
            kind="not_recorded",
        )


def open_recorded(path: str | Path, model: str | None = None) -> RecordedChatModel:
    """Open the recorded answers of one model; `model` may be left out where a file has only one.

    Raises:
        DataError: the file cannot be read, or a row is malformed.
        MemberError: the file holds several models, or none of that name.
    """
    names = recorded_names(path)
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    if model is None and len(names) != 1:
        raise MemberError(f"{path} holds {len(names)} models: choose one of {listed} (#model=NAME)")
    name = names[0] if model is None else model
    if name not in names:
        raise MemberError(f"{path} holds no model {name!r}: choose one of {listed}")
    return RecordedChatModel(path=Path(path), model=name)


def recorded_names(path: str | Path) -> list[str]:
    """List the models that a file holds answers of, in the order in which they appear.

    Raises:
        DataError: the file cannot be read, or a row is malformed.
    """
    return load_recording(Path(path)).names


def from_string(text: str) -> RecordedChatModel:
    """Open the recorded model of `FILE` or `FILE#model=NAME`, with or without `recorded:`.

    Raises:
        DataError: the file cannot be read, or a row is malformed.
        MemberError: no file is named, or the model is not one of the file's.
    """
    path, marked, model = text.removeprefix("recorded:").partition("#model=")
    if not path or (marked and not model):
        raise MemberError(f"{text!r} names no answers: write recorded:FILE or FILE#model=NAME")
    return open_recorded(path, model or None)


class Recording:
    """Contents of one file: for each model and question id its texts by draw, no more."""

    def __init__(self, rows: Iterable[tuple[str, Mapping[str, Any]]], default: str) -> None:
        self._texts: dict[str, dict[str, list[str | None]]] = {}
        self._ids: dict[str, str] = {}
        self._keys: set[str] = set()
        for where, row in rows:
            self._add(row, where, default)

    @property
    def names(self) -> list[str]:
        """The models, in order of first appearance."""
        return list(self._texts)

    def knows(self, key: str) -> bool:
        """Whether any model was recorded on this question id."""
        return key in self._keys

    def id_of(self, question: str) -> str | None:
        """Find the id of a question by its text, or by the hash of it."""
        return self._ids.get(question.strip())

    def draws(self, model: str, key: str) -> Sequence[str | None]:
        """The texts of a model on a question by draw; None where a draw is missing."""
        return self._texts.get(model, {}).get(key, ())

    def sizes(self, model: str) -> dict[str, int]:
        """For each question id, the first draw that is free after those of a model."""
        return {key: len(draws) for key, draws in self._texts.get(model, {}).items()}

    def _add(self, row: Mapping[str, Any], where: str, default: str) -> None:
        question = next((row[k] for k in QUESTION_KEYS if isinstance(row.get(k), str)), None)
        samples = row.get("samples")
        if "id" not in row or question is None or not isinstance(samples, list):
            raise DataError(
                f"{where}: a recorded row needs `id`, `samples` (a list) and the question as one "
                f"of {', '.join(QUESTION_KEYS)}"
            )
        key, named = str(row["id"]), row.get("model")
        self._ids.setdefault(question.strip(), key)
        self._ids.setdefault(question_hash(question), key)
        self._keys.add(key)
        for sample in cast("list[object]", samples):
            parts = cast("Mapping[str, Any]", sample if isinstance(sample, Mapping) else {})
            text = sample if isinstance(sample, str) else parts.get("text")
            if not isinstance(text, str):
                raise DataError(f"{where}: a sample must be a text or an object with `text`")
            model = parts.get("model") or (named if named != _MANY else None) or default
            draws = self._texts.setdefault(str(model), {}).setdefault(key, [])
            draw = parts.get("draw", len(draws))
            if not isinstance(draw, int) or not 0 <= draw < 1_000_000:
                raise DataError(f"{where}: the `draw` of a sample must be a number from 0")
            draws.extend([None] * (draw + 1 - len(draws)))
            draws[draw] = text


def load_recording(path: Path) -> Recording:
    """Read a file once a process, and again when it has changed; all its models share the index.

    The name of a bundled set (see `manyminds.models.bundled`) stands for a file.
    """
    if str(path) in bundled_names():
        return _load_bundled(str(path))
    try:
        resolved = path.expanduser().resolve()
        stat = resolved.stat()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; give a recorded .jsonl") from None
    with _load_lock:
        return _load_version(resolved, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _load_version(path: Path, _mtime_ns: int, _size: int) -> Recording:
    return Recording(json_lines(path), path.name.split(".")[0])


@lru_cache
def _load_bundled(name: str) -> Recording:
    return Recording(bundled(name).rows(), name)


@lru_cache(maxsize=4096)
def _permutation(seed: str, size: int) -> tuple[int, ...]:
    places = list(range(size))
    random.Random(seed).shuffle(places)
    return tuple(places)


def _offset(repeat: object, size: int) -> int:
    """Where a repeat begins in the permutation: by the golden ratio, so never close to another."""
    return round(int(repeat) * size * _GOLDEN) % size if isinstance(repeat, int) else 0


def last_human(messages: Sequence[BaseMessage]) -> str:
    """Return the text of the last human message, by which a question without an id is known."""
    return next((m.text for m in reversed(messages) if isinstance(m, HumanMessage)), "")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
