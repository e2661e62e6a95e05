"""Writes run records: JSON Lines files that can be read while they are written, and after a crash.

The lines and their keys are in `manyminds.records.schema`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.calls.failures import clean
from manyminds.protocols import About, ModelCall, RunInfo
from manyminds.records.files import Files, RecordFile
from manyminds.records.lines import (
    Redact,
    call_line,
    message_line,
    outcome,
    readings,
    redacted,
)
from manyminds.records.process import this_process
from manyminds.records.schema import VERSION, MessageLine, Parent
from manyminds.runs.cache import prompt_hash
from manyminds.runs.context import parent_call
from manyminds.state import Candidate

# These are in the lines of calls, or have no use after the run.
_IN_CALLS = frozenset({"asked", "answered", "failed"})


class JsonlRecorder:
    """Records runs into a file, or into a folder with one file for each outermost run.

    Use `manyminds.record`, or give it to the runs' context: `Context(recorder=...)`. One recorder
    serves many runs at once, on any number of event loops and threads; its memory does not grow
    with them.

    Args:
        path: of a file, if it ends in `.jsonl`; else of a folder, made if it is not there.
        redact: called with every text that is written, such as prompts and answers; what it
            returns is written in its place.
    """

    def __init__(self, path: str | Path, *, redact: Redact | None = None) -> None:
        self.path = Path(path)
        self.last: Path | None = None
        """The file of the outermost run that began last."""
        self._redact = redact
        self._files = Files(self.path)

    def began(self, run: RunInfo, messages: Sequence[BaseMessage], about: About) -> None:
        """Write the description of a run that begins."""
        parent = _parent()
        file = self._files.begin(run.id, about["method"], parent and parent["run"])
        if parent is None:
            self.last = file.path
        said = [message_line(message) for message in messages]
        line = {
            "type": "run",
            "version": VERSION,
            "run": run.id,
            "path": run.path,
            "parent": parent,
            **about,
            "question": run.question,
            "question_id": run.question_id,
            "messages": [one["hash"] for one in said],
            "at": time(),
            "process": this_process(),
        }
        self._write(file, line)
        self._write_messages(file, said)

    def event(self, event: Mapping[str, Any]) -> None:
        """Write a progress event, unless the line of a call says the same."""
        if event["event"] in _IN_CALLS:
            return
        fields = {key: value for key, value in event.items() if key not in ("run", "method")}
        line = {"type": "event", "run": event["run"], "at": time(), "event": fields}
        self._write(self._files.of(event["run"]), line)

    def call(
        self,
        run: RunInfo,
        candidate: Candidate,
        prompt: Sequence[BaseMessage],
        params: Mapping[str, Any],
    ) -> None:
        """Write a call that has ended, and its prompt if that is new."""
        file = self._files.of(run.id)
        self._write(file, call_line(candidate, self._prompt(file, prompt), params))

    def inner(self, run: RunInfo, candidate: Candidate, call: ModelCall) -> None:
        """Write a model call that a foreign chain or graph has made."""
        where = {key: candidate[key] for key in ("run", "role", "member", "layer", "index", "draw")}
        messages = [message_line(message) for message in call["messages"]]
        line = {"type": "inner", **where, **call, "messages": messages}
        self._write(self._files.of(run.id), line)

    def node(
        self, run: str, name: str, layer: int, update: Mapping[str, Any], *, at: float
    ) -> None:
        """Write the decisions of a node, and the values that it read out of answers."""
        line = {
            "type": "node",
            "run": run,
            "node": name,
            "layer": layer,
            "at": at,
            "seconds": max(0.0, time() - at),  # the clock may be set back
            "outcome": outcome(update),
            "readings": readings(update),
        }
        self._write(self._files.of(run), line)

    def failed(self, run: str, error: BaseException) -> None:
        """Write why a run has no answer."""
        why = f"{type(error).__name__}: {clean(str(error))}"
        self._end(run, {"type": "failed", "run": run, "at": time(), "error": why})

    def ended(self, run: str, answer: str, report: Mapping[str, Any]) -> None:
        """Write the answer and the report."""
        self._end(
            run, {"type": "end", "run": run, "at": time(), "answer": answer, "report": report}
        )

    def close(self) -> None:
        """Close the files; a later event opens them again."""
        self._files.close()

    def _end(self, run: str, line: Mapping[str, Any]) -> None:
        self._write(self._files.of(run), line)
        self._files.end(run, outermost=_parent() is None)

    def _prompt(self, file: RecordFile, prompt: Sequence[BaseMessage]) -> str:
        """Return the hash of a prompt, which is written where it is new."""
        hash = prompt_hash(prompt)
        if file.seen.add(hash):
            said = [message_line(message) for message in prompt]
            self._write_messages(file, said)
            ref, listed = getattr(prompt, "ref", None), [one["hash"] for one in said]
            self._write(file, {"type": "prompt", "hash": hash, "ref": ref, "messages": listed})
        return hash

    def _write_messages(self, file: RecordFile, lines: Sequence[MessageLine]) -> None:
        for line in lines:
            if file.seen.add(line["hash"]):
                self._write(file, line)

    def _write(self, file: RecordFile, line: Mapping[str, Any]) -> None:
        try:
            file.append(line if self._redact is None else redacted(line, self._redact))
        except Exception:
            file.seen.clear()  # lines before this one may be missing
            raise


def _parent() -> Parent | None:
    """Return the call that runs the current run, if it is nested."""
    around = parent_call.get()
    if around is None or around.call.count("/") < 5:
        return None
    run, role, member, layer, index, _draw = around.call.rsplit("/", 5)
    return Parent(run=run, role=role, member=member, layer=int(layer), index=int(index))
