"""Reads run records: whole ones, those cut short by a crash, and those still being written."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep

from manyminds.errors import DataError
from manyminds.json_lines import parse, whole_lines
from manyminds.records.building import Builder
from manyminds.records.files import SUFFIX, is_record, records_below
from manyminds.records.run_record import RunRecord


def load_run(path: str | Path) -> RunRecord:
    """Read the run of a record; nested runs hang on the calls that ran them.

    A record can be read while it is written, and after a crash; see `finished`.

    Args:
        path: of a file, or of a folder of records, whose newest is read.

    Raises:
        DataError: there is no record, it holds several outermost runs, or it is malformed.
    """
    runs = load_runs(newest(Path(path)))
    if len(runs) != 1:
        raise DataError(f"{path}: there are {len(runs)} runs in it; read them with load_runs")
    return runs[0]


def load_runs(path: str | Path) -> list[RunRecord]:
    """Read all outermost runs of a file, or of a folder of records, in the order of their begin.

    Raises:
        DataError: the file cannot be read, or is malformed; the message names file and line.
    """
    given = Path(path)
    files = sorted(given.glob(f"*{SUFFIX}")) if given.is_dir() else [given]
    runs = [run for file in files for run in Reader(file).read()]
    return sorted(runs, key=lambda run: run.began)


def each_run(path: Path) -> Iterator[RunRecord]:
    """Yield the outermost runs of a file as they end, and forget them; unfinished ones come last.

    Args:
        path: The file; it may hold more runs than memory does.

    Raises:
        DataError: The file cannot be read, or is malformed; the message names file and line.
    """
    yield from Reader(path).each()


def newest(path: Path) -> Path:
    """Return the file, or of a folder the record that was written to last.

    Records of evaluations in the folder count, too; files of another kind do not.

    Raises:
        DataError: the folder has no record.
    """
    if not path.is_dir():
        return path
    try:
        files = sorted(records_below(path), key=lambda file: file.stat().st_mtime, reverse=True)
        found = next(filter(is_record, files), None)
    except OSError as error:
        raise DataError(f"{error.filename or path}: {error.strerror or error}") from None
    if found is None:
        raise DataError(f"{path}: there is no record of a run in this folder")
    return found


def follow(path: str | Path, *, every: float = 0.2) -> Iterator[RunRecord]:
    """Yield a run each time that its record has grown, until it has ended.

    It is the same object each time, with more in it.

    Args:
        path: of a file that is being written, or of a folder, whose newest is followed.
        every: seconds between looks at the file.
    """
    reader = Reader(newest(Path(path)))
    while True:
        before = reader.offset
        runs = reader.read()
        if runs and reader.offset > before:
            yield runs[-1]
            if runs[-1].finished:
                return
        else:
            sleep(every)


class Reader:
    """Reads a record piece by piece: `read` takes in the lines written since the last time.

    Args:
        path: of the file.

    Raises:
        DataError: it cannot be read, or a line is malformed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """Bytes that were read so far: up to the end of a whole line."""
        self._number = 0
        self._builder = Builder(path)

    def read(self) -> list[RunRecord]:
        """Take in all whole lines that are there, and return the outermost runs."""
        for _ in self._lines():
            pass
        return self._builder.runs

    def _lines(self) -> Iterator[None]:
        """Take in the whole lines that are there, one at each step."""
        if self.path.exists() and not self.path.is_file():
            raise DataError(f"{self.path}: this is no regular file: give the record of a run")
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                for line in whole_lines(file):
                    self._number += 1
                    self.offset += len(line)
                    self._take(line)
                    yield
        except DataError:  # of a line, which names file and line already
            raise
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror or error}") from None
        except ValueError as error:
            raise DataError(f"{self.path}, line {self._number + 1}: {error}") from None

    def each(self) -> Iterator[RunRecord]:
        """Take in the whole lines one by one; yield each outermost run at its end and forget it."""
        for _ in self._lines():
            while self._builder.ended:
                run = self._builder.ended.pop()
                self._builder.release(run)
                yield run
        yield from (run for run in self._builder.runs if run.method)

    def _take(self, text: bytes) -> None:
        try:
            self._builder.take(parse(text))
        except ValueError as error:  # of the text, in a sentence
            raise DataError(f"{self.path}, line {self._number}: {error}") from None
        except Exception as error:
            where = f"{self.path}, line {self._number}"
            missing = isinstance(error, KeyError)
            reason = f"`{error.args[0]}` is missing" if missing else repr(error)[:200]
            raise DataError(f"{where}: this is no line of a run record ({reason})") from None
