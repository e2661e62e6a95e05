"""The files of run records: one for all runs, or a folder with one for each outermost run."""

import re
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from time import strftime

from manyminds.json_lines import MAX_LINE, LineFile, parse
from manyminds.members import safe_name

SUFFIX = ".jsonl"
_SEEN = 4_096
_RUNS = 1_024
_OF_EVALUATION = re.compile(r"\d{8}-\d{6}-")


def records_in(folder: Path) -> list[Path]:
    """Return the possible records of a folder: regular files, without links, by name."""
    return sorted(
        file for file in folder.glob(f"*{SUFFIX}") if file.is_file() and not file.is_symlink()
    )


def records_below(folder: Path) -> list[Path]:
    """Return the possible records of a folder, and those of evaluations in it.

    `manyminds eval` and `compare` put the runs of one evaluation into a folder of its own.
    """
    found = records_in(folder)
    for inner in sorted(folder.glob("*-*-*")):
        if _OF_EVALUATION.match(inner.name) and inner.is_dir() and not inner.is_symlink():
            found += records_in(inner)
    return found


def is_record(file: Path) -> bool:
    """Return whether the first line of a file begins a run, so that it is no file of another kind.

    Raises:
        OSError: The file cannot be read.
    """
    with file.open("rb") as opened:
        try:
            first = parse(opened.readline(MAX_LINE))
        except ValueError:
            return False
    return first.get("type") == "run" and "run" in first


class Seen:
    """Remembers the latest names, so that memory stays bounded."""

    def __init__(self, most: int = _SEEN) -> None:
        self._known: OrderedDict[Hashable, None] = OrderedDict()
        self._most = most

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()

    def add(self, thing: Hashable) -> bool:
        """Remember it; tell whether it was new, or so long ago that it was forgotten."""
        if thing in self._known:
            return False
        self._known[thing] = None
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return True


class RecordFile(LineFile):
    """The file of a record; it remembers which messages and prompts it has."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.seen = Seen()


class Files:
    """Finds the file of a run: one file for all, or in a folder one for each outermost run.

    Args:
        path: of a file, if it ends in `.jsonl`; else of a folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._all = RecordFile(path) if path.suffix == SUFFIX else None
        self._of_run: OrderedDict[str, RecordFile] = OrderedDict()

    def begin(self, run: str, method: str, parent: str | None) -> RecordFile:
        """Return the file of a run that begins; a nested one has its parent's."""
        if self._all is not None:
            return self._all
        if parent is not None:
            file = self.of(parent)
        else:
            name = f"{strftime('%Y%m%d-%H%M%S')}-{safe_name(method)}-{run[:12]}{SUFFIX}"
            file = RecordFile(self.path / name)
        return self._remember(run, file)

    def of(self, run: str) -> RecordFile:
        """Return the file of a run that has begun, maybe in an earlier process."""
        if self._all is not None:
            return self._all
        if run in self._of_run:
            return self._of_run[run]
        there = sorted(self.path.glob(f"*-{run[:12]}{SUFFIX}"))
        return self._remember(run, RecordFile(there[0] if there else self.path / f"{run}{SUFFIX}"))

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

    def _remember(self, run: str, file: RecordFile) -> RecordFile:
        self._of_run[run] = file
        if len(self._of_run) > _RUNS:  # runs that were cancelled never say that they ended
            _, oldest = self._of_run.popitem(last=False)
            oldest.close()
        return file
