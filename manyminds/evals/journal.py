"""Finished questions, one a line, in a folder from which an interrupted evaluation goes on."""

import json
from collections.abc import Iterator, Mapping
from io import BufferedWriter
from pathlib import Path
from typing import cast

from typing_extensions import TypedDict

from manyminds.errors import DataError, InputError

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
        self._file: BufferedWriter | None = None
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
        """Read what is there, cutting off a torn last line.

        Raises:
            DataError: a line in the middle is no record.
        """
        if self._path is None:
            return
        good, torn = 0, None
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if torn is not None:
                    raise DataError(f"{self._path} line {torn}: not a record; delete that line")
                record = _record(line)
                if record is None:
                    torn = number
                else:
                    good += len(line)
                    yield record
        if torn is not None:
            with self._path.open("r+b") as file:
                file.truncate(good)

    def write(self, record: Record) -> None:
        """Append a record; it is with the system when this returns."""
        if self._path is None:
            return
        if self._file is None:
            self._file = self._path.open("ab")
        self._file.write(json.dumps(record).encode() + b"\n")
        self._file.flush()

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


def _record(line: bytes) -> Record | None:
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    complete = isinstance(found, dict) and Record.__annotations__.keys() <= found.keys()
    return cast(Record, found) if complete else None
