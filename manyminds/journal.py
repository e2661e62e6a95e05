"""A journal of voted steps: one line a step, written as it is committed, read back on a resume."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from manyminds.errors import DataError
from manyminds.json_lines import LineFile, encoded, last_line, parse, whole_lines

_VERSION = 1


class Journal:
    """Appends the steps of one task and question to a file, and reads the steps that are there.

    Each line is handed to the operating system before the next step is asked, so a killed process
    loses none. After a crash of the machine itself the last lines may be missing; their steps are
    asked again.

    Args:
        path: The file; it is made for the first step.
        task: Name of the task.
        question: The question that is solved. A journal of another question is refused.

    Raises:
        DataError: The file is no journal, or belongs to another task or question.
    """

    def __init__(self, path: str | Path, *, task: str, question: str) -> None:
        self.path = Path(path)
        self._head = {"journal": _VERSION, "task": task, "question": question}
        self._file: LineFile | None = None

    def steps(self) -> Iterator[str]:
        """Yield the committed steps in order; a torn last line is left out."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(whole_lines(file), 1):
                if number == 1:
                    self._check(line)
                    continue
                try:
                    yield str(parse(line)["step"])
                except (ValueError, KeyError):
                    message = f"{self.path}, line {number}: this is no journal line"
                    raise DataError(message) from None

    def after(self, step: int) -> Iterator[str]:
        """Yield the steps after the first `step` ones: none where the caller has kept up.

        A checkpoint may be older than the journal if the process died between the two. Where there
        is nothing to yield, only the last line is read.
        """
        if self._last() > step:
            yield from islice(self.steps(), step, None)

    def append(self, step: str, *, number: int, votes: int, drawn: int) -> None:
        """Write a committed step.

        Args:
            step: The step.
            number: Its number, from 1.
            votes: Votes for it.
            drawn: Proposals that were drawn for it.
        """
        if self._file is None:
            self._file = LineFile(self.path)
        line = {"n": number, "step": step, "votes": votes, "drawn": drawn}
        self._file.append(line, head=self._head)

    def close(self) -> None:
        """Close the file; appending opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _last(self) -> int:
        """Return the number of the last whole line's step; 0 where there is none."""
        line = last_line(self.path) if self.path.exists() else None
        if line is None or line + b"\n" == encoded(self._head):
            return 0
        try:
            return int(parse(line)["n"])
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{self.path}: the last line is no journal line") from None

    def _check(self, line: bytes) -> None:
        try:
            head = parse(line)
        except ValueError:
            head = {}
        if "journal" not in head:
            raise DataError(f"{self.path} is no journal of steps: give another file")
        if head != self._head:
            raise DataError(
                f"{self.path} belongs to another task or question: give another file, or delete it"
            )
