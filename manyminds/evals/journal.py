"""Finished questions, one a line, in a folder from which an interrupted evaluation goes on."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from typing_extensions import TypedDict

from manyminds.errors import DataError, InputError
from manyminds.json_lines import LineFile, parse, whole_lines

Config = Mapping[str, object]


class Record(TypedDict):
    """How one question went in one repeat.

    `correct` is None where the answer could not be graded. `failed` counts calls without an answer
    (of a run that ended without one: all of them), `error` says why a run has no answer. `cost` is
    in dollars, None where unknown; `degraded` is the report's reason.
    """

    repeat: int
    id: str
    answer: str
    correct: bool | None
    error: str | None
    degraded: str | None
    calls: int
    failed: int
    samples: int
    rounds: int
    tokens: int
    cost: float | None
    seconds: float


class Journal:
    """Appends records to a folder's rows.jsonl; without a folder it keeps nothing.

    A line that was torn when the process was killed is cut off; its question is asked again.

    Args:
        folder: made where it is missing; None keeps nothing.
        config: what the evaluation depends on; a folder takes records of one configuration only.

    Raises:
        InputError: the folder holds another evaluation, or cannot be written.
    """

    def __init__(self, folder: Path | None, config: Config) -> None:
        self._path: Path | None = None
        self._file: LineFile | None = None
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _claim(folder / "config.json", json.loads(json.dumps(config)))
            self._path = folder / "rows.jsonl"
            self._path.touch()
        except OSError as error:
            raise InputError(
                f"cannot write to {folder}: {error.strerror}; choose another"
            ) from None

    def records(self) -> Iterator[Record]:
        """Read the records that are there; a torn last line is left out.

        Raises:
            DataError: A line is no record.
        """
        if self._path is None:
            return
        read = 0
        try:
            with self._path.open("rb") as file:
                for line in whole_lines(file):
                    yield _record(line)
                    read += 1
        except ValueError as error:
            where = f"{self._path} line {read + 1}"
            raise DataError(f"{where}: not a record ({error}); delete that line") from None

    def write(self, record: Record) -> None:
        """Append a record; the operating system has it when this returns.

        Raises:
            DataError: The file cannot be written.
        """
        if self._path is None:
            return
        if self._file is None:
            self._file = LineFile(self._path)
        try:
            self._file.append(record)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(
                f"cannot write to {self._path}: {reason}; what is there can be gone on with later"
            ) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _claim(path: Path, config: dict[str, object]) -> None:
    """Write the configuration, or check that it is the one that is there."""
    if not path.exists():
        path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        return
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise DataError(f"{path} is not valid JSON: choose another folder with --out") from None
    known = cast("dict[str, object]", held if isinstance(held, dict) else {})
    other = [k for k in {**known, **config} if known.get(k) != config.get(k)]
    if other:
        raise InputError(
            f"{path.parent} holds another evaluation, with a different {', '.join(other)}: "
            "choose another folder with --out"
        )


def _record(line: bytes) -> Record:
    found = parse(line)
    missing = Record.__annotations__.keys() - found.keys()
    if missing:
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    return cast(Record, found)
