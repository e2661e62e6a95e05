"""`manyminds.record`: records the runs inside a block."""

from pathlib import Path
from types import TracebackType

from manyminds.errors import DataError
from manyminds.records.jsonl import JsonlRecorder
from manyminds.records.lines import Redact
from manyminds.records.reader import load_run, load_runs
from manyminds.records.run_record import RunRecord
from manyminds.settings import using

FOLDER = "runs"


class Recording:
    """Records the runs inside a `with` or `async with` block; see `record`.

    Attributes:
        recorder: writes the files; hand it on as `Context(recorder=...)` where settings of this
            block do not reach, as in a thread.
    """

    def __init__(self, path: str | Path, *, redact: Redact | None = None) -> None:
        self.recorder = JsonlRecorder(path, redact=redact)
        self._using = using(recorder=self.recorder)

    @property
    def path(self) -> Path:
        """The file of the run that began last, for a reader, or for `manyminds show`.

        Raises:
            DataError: no run has begun.
        """
        if self.recorder.last is None:
            raise DataError(f"no run has begun yet, so there is no record in {self.recorder.path}")
        return self.recorder.last

    @property
    def run(self) -> RunRecord:
        """The run that began last, as far as it is recorded.

        Raises:
            DataError: no run has begun, or one file holds several.
        """
        return load_run(self.path)

    @property
    def runs(self) -> list[RunRecord]:
        """All runs in the file or folder, older ones included."""
        return load_runs(self.recorder.path)

    def __enter__(self) -> "Recording":
        self._using.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._using.__exit__(kind, error, trace)
        self.recorder.close()

    async def __aenter__(self) -> "Recording":
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)


def record(path_or_dir: str | Path = FOLDER, *, redact: Redact | None = None) -> Recording:
    """Record all runs inside a block, for looking at and for replay.

    Use it while you work on a method, in a notebook, or where you must be able to tell later how an
    answer was reached:

        with manyminds.record() as recording:
            app.invoke({"messages": [("user", "...")]})
        recording.run.at(layer=1).dropped

    Each event is written at once, so a record can be read at any time, and after a crash.

    Args:
        path_or_dir: a file that ends in `.jsonl`, or a folder that gets one file for each run.
        redact: called with every text that is written, such as prompts and answers; what it
            returns is written in its place. Keys of providers are never written.

    Returns:
        A context manager, sync and async, with `run`, `runs`, `path` and `recorder`.
    """
    return Recording(path_or_dir, redact=redact)
