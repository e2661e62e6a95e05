"""The recorded runs of a folder, for a server that lists them and follows them live."""

import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from manyminds.errors import DataError
from manyminds.records.files import SUFFIX
from manyminds.records.reader import load_runs
from manyminds.views.html import index, page_of
from manyminds.views.style import when

_MOST = 200  # runs that are listed, newest first


class Title(NamedTuple):
    """A row of the list."""

    address: str
    question: str
    method: str
    state: str


class RunsFolder:
    """The runs of a folder; each file is read again only when it has grown.

    Args:
        folder: The folder, with links resolved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._titles: dict[Path, Title] = {}
        self._marks: dict[Path, str] = {}

    def titles(self) -> list[Title]:
        """Return the runs, newest first."""
        marked = [(file, self.mark(file.name)) for file in self.folder.glob(f"*{SUFFIX}")]
        files = sorted(
            ((file, mark) for file, mark in marked if mark is not None),
            key=lambda one: one[1],
            reverse=True,
        )[:_MOST]
        return [title for one in files if (title := self._title(*one)) is not None]

    def index(self) -> bytes:
        """Return the list of runs as a page."""
        return index(self.folder.name, self.titles()).encode("utf-8", "replace")

    def mark(self, name: str) -> str | None:
        """Return the state of a record; None for what is no regular file of this folder."""
        file = self.folder / name
        try:
            real = file.resolve(strict=True)
            known = real.stat()
        except (OSError, ValueError, RuntimeError):
            return None
        inside = file.parent == self.folder == real.parent and file.suffix == SUFFIX
        if not inside or not stat.S_ISREG(known.st_mode):
            return None
        return f'"{known.st_mtime_ns:020x}-{known.st_size:x}"'

    def page(self, name: str) -> bytes | None:
        """Return the page of the last run of a file; None where there is no run yet.

        Raises:
            DataError: The record cannot be read or shown.
        """
        runs = load_runs(self.folder / name)
        if not runs:
            return None
        return page_of(runs[-1], live=_address(self.folder / name)).encode("utf-8", "replace")

    def _title(self, file: Path, mark: str) -> Title | None:
        """Return the row of a file; None for a file that holds no run."""
        if self._marks.get(file) != mark:
            self._marks[file] = mark
            self._titles.pop(file, None)
            try:
                title = _described(file)
            except Exception:  # not a record, or a damaged one: it has no row, the others do
                title = None
            if title is not None:
                self._titles[file] = title
        return self._titles.get(file)


def told(error: DataError) -> str:
    """Return what a browser shows of a record that cannot be read."""
    return str(error).encode("utf-8", "replace").decode()


def _address(file: Path) -> str:
    return f"/runs/{quote(file.name, errors='replace')}"


def _described(file: Path) -> Title | None:
    runs = load_runs(file)
    if not runs:
        return None
    run = runs[-1]
    count = len(run.calls)
    calls = f"{count:,} call" if count == 1 else f"{count:,} calls"
    about = f"{when(run.began)}, {calls}, {run.state}"
    return Title(_address(file), str(run.question), str(run.method), about)
