"""Files that lines are appended to: whole lines only, one after the other, for many runs."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from pathlib import Path
from threading import Lock
from time import strftime
from typing import IO, Any

from manyminds.records.lines import encoded

SUFFIX = ".jsonl"
_SEEN = 4_096
_RUNS = 1_024


class Seen:
    """Remembers the last things that were named, so that memory stays the same for ever."""

    def __init__(self, most: int = _SEEN) -> None:
        self._known: OrderedDict[Hashable, None] = OrderedDict()
        self._most = most

    def add(self, thing: Hashable) -> bool:
        """Remember it; tell whether it was new, or so long ago that it was forgotten."""
        if thing in self._known:
            return False
        self._known[thing] = None
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return True


class LineFile:
    """One file of lines, opened when the first is written.

    A line is handed to the operating system in one piece, so those of several threads do not mix,
    and a reader or a crash finds at most the last one torn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen = Seen()
        self._file: IO[bytes] | None = None
        self._lock = Lock()

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line."""
        text = encoded(line)
        with self._lock:
            if self._file is None:
                self._file = self._open()
            self._file.write(text)

    def close(self) -> None:
        """Close the file; writing opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __del__(self) -> None:
        """Close what was left open by a run that never ended."""
        self.close()

    def _open(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            _drop_torn_line(self.path)
        return self.path.open("ab", buffering=0)


class Files:
    """Finds the file of a run: one file for all, or in a folder one for each outermost run.

    Args:
        path: of a file, if it ends in `.jsonl`; else of a folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._all = LineFile(path) if path.suffix == SUFFIX else None
        self._of_run: OrderedDict[str, LineFile] = OrderedDict()

    def begin(self, run: str, method: str, parent: str | None) -> LineFile:
        """Return the file of a run that begins; a nested one has its parent's."""
        if self._all is not None:
            return self._all
        if parent is not None:
            file = self.of(parent)
        else:
            file = LineFile(self.path / f"{strftime('%Y%m%d-%H%M%S')}-{method}-{run[:12]}{SUFFIX}")
        return self._remember(run, file)

    def of(self, run: str) -> LineFile:
        """Return the file of a run that has begun, maybe in an earlier process."""
        if self._all is not None:
            return self._all
        if run in self._of_run:
            return self._of_run[run]
        there = sorted(self.path.glob(f"*-{run[:12]}{SUFFIX}"))
        return self._remember(run, LineFile(there[0] if there else self.path / f"{run}{SUFFIX}"))

    def end(self, run: str, *, outermost: bool) -> None:
        """Forget a run that has ended; with the outermost one its file is closed."""
        file = self._of_run.pop(run, None)
        if file is not None and outermost:
            file.close()
            for nested in [one for one, its in self._of_run.items() if its is file]:
                del self._of_run[nested]

    def close(self) -> None:
        """Close all files."""
        for file in [*self._of_run.values(), *([self._all] if self._all else [])]:
            file.close()
        self._of_run.clear()

    def _remember(self, run: str, file: LineFile) -> LineFile:
        self._of_run[run] = file
        if len(self._of_run) > _RUNS:  # runs that were cancelled never say that they ended
            _, oldest = self._of_run.popitem(last=False)
            oldest.close()
        return file


def _drop_torn_line(path: Path) -> None:
    """Cut off what stands after the last whole line: a crash left it there."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        at = size
        while at > 0:
            start = max(0, at - 65_536)
            file.seek(start)
            newline = file.read(at - start).rfind(b"\n")
            if newline >= 0:
                at = start + newline + 1
                break
            at = start
        if at < size:
            file.truncate(at)
