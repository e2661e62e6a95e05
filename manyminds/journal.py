"""A journal of voted steps: one line a step, written as it is committed, read back on a resume."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from manyminds.errors import DataError

_VERSION = 1


class Journal:
    """Appends the steps of one task and question to a file, or reads those that are there.

    Each line is handed to the operating system before the next step is asked, so a killed process
    loses none; after a crash of the machine itself the last ones may be missing and are asked anew.

    Args:
        path: of the file; made if it is not there.
        task: name of the task.
        question: what is solved; a journal of another question is refused.

    Raises:
        DataError: the file is no journal, or one of another task or question.
    """

    def __init__(self, path: str | Path, *, task: str, question: str) -> None:
        self.path = Path(path)
        self._head = {"journal": _VERSION, "task": task, "question": question}
        self._file: IO[str] | None = None

    def steps(self) -> Iterator[str]:
        """Yield the steps that were committed, in order; a torn last line is dropped."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return
        with self.path.open(encoding="utf-8") as lines:
            head = next(lines)
            if json.dumps(self._head).startswith(head):
                return  # the first line itself is torn
            self._check(head)
            for number, line in enumerate(lines, 2):
                if not line.endswith("\n"):
                    break
                try:
                    yield str(json.loads(line)["step"])
                except (ValueError, KeyError, TypeError):
                    message = f"{self.path}, line {number}: this is no journal line"
                    raise DataError(message) from None

    def after(self, step: int) -> Iterator[str]:
        """Yield the steps after the first `step` ones: none where the caller has kept up.

        A checkpoint may be older than the journal, if the process died between the two. Reads no
        more than the last line where there is nothing to yield.
        """
        if self._last() > step:
            yield from islice(self.steps(), step, None)

    def append(self, step: str, *, number: int, votes: int, drawn: int) -> None:
        """Write a committed step: what it was, its number, the votes for it, the proposals."""
        if self._file is None:
            self._file = self._open()
        self._file.write(
            f'{{"n": {number}, "step": {json.dumps(step)}, "votes": {votes}, "drawn": {drawn}}}\n'
        )
        self._file.flush()

    def close(self) -> None:
        """Close the file; appending opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _last(self) -> int:
        """Return the number of the last whole line's step; 0 where there is none."""
        if not self.path.exists():
            return 0
        with self.path.open("rb") as file:
            size, window = file.seek(0, 2), 4096
            while True:
                file.seek(max(0, size - window))
                *whole, _torn = file.read().split(b"\n")
                if len(whole) > 1 or window >= size:
                    break
                window *= 4
        try:
            return int(json.loads(whole[-1])["n"]) if len(whole) > 1 else 0
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{self.path}: the last line is no journal line") from None

    def _open(self) -> IO[str]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._drop_torn_line()
        file = self.path.open("a", encoding="utf-8")
        if file.tell() == 0:
            file.write(json.dumps(self._head) + "\n")
        return file

    def _drop_torn_line(self) -> None:
        with self.path.open("rb+") as file:
            end = file.seek(0, 2)
            while end:
                file.seek(end - 1)
                if file.read(1) == b"\n":
                    break
                end -= 1
            file.truncate(end)

    def _check(self, line: str) -> None:
        try:
            head = json.loads(line)
        except ValueError:
            head = None
        if not isinstance(head, dict) or "journal" not in head:
            raise DataError(f"{self.path} is no journal of steps: give another file")
        if head != self._head:
            raise DataError(
                f"{self.path} belongs to another task or question: give another file, or delete it"
            )
