"""The recorded runs of a folder, for a server that lists them and follows them live."""

import stat
from pathlib import Path
from urllib.parse import quote

from manyminds.errors import DataError
from manyminds.records.files import SUFFIX
from manyminds.records.process import Process, is_alive
from manyminds.records.reader import load_runs
from manyminds.records.run_record import RunRecord
from manyminds.views.data import Title
from manyminds.views.html import page_of
from manyminds.views.spending import dollars
from manyminds.views.style import counted, when

_MOST = 200  # runs that are listed, newest first


class RunsFolder:
    """The runs of a folder; each file is read again only when it has grown.

    Args:
        folder: The folder, with links resolved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._titles: dict[Path, Title] = {}
        self._marks: dict[Path, str] = {}
        self._running: dict[str, Process | None] = {}  # by name of the file

    def titles(self) -> list[Title]:
        """Return the runs, newest first."""
        marked = [(file, self.mark(file.name)) for file in self.folder.glob(f"*{SUFFIX}")]
        files = sorted(
            ((file, mark) for file, mark in marked if mark is not None),
            key=lambda one: one[1],
            reverse=True,
        )[:_MOST]
        return [title for one in files if (title := self._title(*one)) is not None]

    def mark(self, name: str) -> str | None:
        """Return the state of a record; None unless it is a regular file of this folder.

        The mark changes with the file, and when the process of a running run ends.
        """
        file = self.folder / name
        try:
            real = file.resolve(strict=True)
            known = real.stat()
        except (OSError, ValueError, RuntimeError):
            return None
        inside = file.parent == self.folder == real.parent and file.suffix == SUFFIX
        if not inside or not stat.S_ISREG(known.st_mode):
            return None
        over = name in self._running and not is_alive(self._running[name], real)
        return f'"{known.st_mtime_ns:020x}-{known.st_size:x}{"-over" if over else ""}"'

    def page(self, name: str) -> bytes | None:
        """Return the page of the last run of a file; None where there is no run yet.

        Raises:
            DataError: The record cannot be read or shown.
        """
        run = self._last(self.folder / name)
        if run is None:
            return None
        return page_of(run, live=_address(self.folder / name)).encode("utf-8", "replace")

    def _last(self, file: Path) -> RunRecord | None:
        """Return the last run of a file."""
        runs = load_runs(file)
        if not runs:
            return None
        if runs[-1].state == "running":
            self._running[file.name] = runs[-1].process
        return runs[-1]

    def _title(self, file: Path, mark: str) -> Title | None:
        """Return the row of a file; None for a file that holds no run."""
        if self._marks.get(file) != mark:
            self._marks[file] = mark
            self._titles.pop(file, None)
            try:
                run = self._last(file)
                title = None if run is None else _described(file, run)
            except Exception:  # not a record, or a damaged one: it has no row, the others do
                title = None
            if title is not None:
                self._titles[file] = title
        return self._titles.get(file)


def reason_of(error: DataError) -> str:
    """Return the reason why a record cannot be read, for a browser."""
    return str(error).encode("utf-8", "replace").decode()


def _address(file: Path) -> str:
    return f"/runs/{quote(file.name, errors='replace')}"


def _described(file: Path, run: RunRecord) -> Title:
    about = (
        f"{when(run.began)}, {counted(len(run.calls), 'call')}, {dollars(run.cost)}, {run.state}"
    )
    members = ", ".join(dict.fromkeys(str(member["name"]) for member in run.members))
    return Title(_address(file), str(run.question), str(run.method), about, members, run.cost)
