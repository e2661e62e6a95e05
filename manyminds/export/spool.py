"""Keeps on disk what does not fit into memory: texts seen, and trajectories by task."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from manyminds.trajectory import Trajectory

_CACHE = -8_000  # KiB


class Spool:
    """A temporary database, deleted at the end of the `with` block."""

    def __enter__(self) -> "Spool":
        """Create the database."""
        self._folder = TemporaryDirectory(prefix="manyminds-export-")
        self._db = sqlite3.connect(Path(self._folder.name) / "spool.db", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = {_CACHE}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE tasks (task BLOB PRIMARY KEY, first INTEGER) WITHOUT ROWID")
        self._db.execute("CREATE TABLE kept (first INTEGER, place INTEGER, row TEXT)")
        self._places = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete the database."""
        self._db.close()
        self._folder.cleanup()

    def is_new(self, text: str) -> bool:
        """Return whether a text has not been seen before, and remember it."""
        with closing(
            self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (_hash(text),))
        ) as done:
            return done.rowcount == 1

    def keep(self, trajectory: Trajectory) -> None:
        """Keep a trajectory; one without a task is a task of its own."""
        self._places += 1
        task = f"task {trajectory.task}" if trajectory.task is not None else f"{self._places}"
        key = _hash(task)
        self._db.execute("INSERT OR IGNORE INTO tasks VALUES (?, ?)", (key, self._places))
        (first,) = self._db.execute("SELECT first FROM tasks WHERE task = ?", (key,)).fetchone()
        row = json.dumps(trajectory.row())
        self._db.execute("INSERT INTO kept VALUES (?, ?, ?)", (first, self._places, row))

    def tasks(self) -> Iterator[list[Trajectory]]:
        """Yield the trajectories of each task together, tasks in the order they came in."""
        group: list[Trajectory] = []
        last: int | None = None
        self._db.execute("CREATE INDEX by_task ON kept (first, place)")
        for first, row in self._db.execute("SELECT first, row FROM kept ORDER BY first, place"):
            if group and first != last:
                yield group
                group = []
            last = first
            group.append(Trajectory.model_validate(json.loads(row)))
        if group:
            yield group


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
