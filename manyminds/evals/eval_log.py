"""EvalLog: the folder of an evaluation, from which an interrupted evaluation continues.

`config.json` holds what the evaluation depends on, `rows.jsonl` one line per finished question,
and `lock` is locked while an evaluation writes to the folder.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypeAlias

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from manyminds.errors import DataError, InputError
from manyminds.evals.ownership import WriterLock, claim
from manyminds.json_lines import LineFile, parse, whole_lines

Config: TypeAlias = Mapping[str, object]
Count: TypeAlias = Annotated[int, Field(ge=0, le=10**15)]
Amount: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Outcome(TypedDict):
    """The result of one question in one repeat.

    `correct` is None where the answer could not be graded. `failed` counts calls without an answer
    (all calls, if the run has no answer), `error` says why a run has no answer. `cost` is in
    dollars, None where it is unknown; `degraded` is the reason that the report gives. `read` is
    what was read in the answer to compare it with the reference answer (None: nothing), `kind`
    how; `reply` is the end of a reply that was not right. `critical_path` is the sum over layers of
    the seconds of the slowest call, where the graph was watched for it.
    """

    repeat: Count
    id: str
    answer: str
    correct: bool | None
    error: str | None
    degraded: str | None
    calls: Count
    failed: Count
    samples: Count
    rounds: Count
    tokens: Count
    cost: Amount | None
    seconds: Amount
    read: NotRequired[str | None]
    kind: NotRequired[str]
    reply: NotRequired[str]
    critical_path: NotRequired[Amount]


_OUTCOME = TypeAdapter(Outcome)
_CONFIG, _ROWS = "config.json", "rows.jsonl"


class EvalLog:
    """Appends outcomes to a folder; keeps nothing where no folder is given.

    An incomplete last line, of a process that was killed, is dropped; its question is asked again.

    Args:
        folder: Created if it is missing; None keeps nothing.
        config: What the evaluation depends on; a folder takes outcomes of one configuration only.

    Raises:
        InputError: The folder holds another evaluation, is in use, or cannot be written.
    """

    def __init__(self, folder: Path | None, config: Config) -> None:
        self._path: Path | None = None
        self._file: LineFile | None = None
        self._lock: WriterLock | None = None
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(folder, what="evaluation")
            self._path = folder / _ROWS
            self._path.touch()
            claim(
                folder / _CONFIG,
                config,
                results=self._path,
                holds=f"{folder} holds another evaluation",
                other="choose another folder with --out",
            )
        except OSError as error:
            self.close()
            raise InputError(
                f"cannot write to {folder}: {error.strerror}; choose another folder with --out"
            ) from None
        except BaseException:
            self.close()
            raise

    def outcomes(self) -> Iterator[Outcome]:
        """Read the outcomes in the folder; an incomplete last line is left out.

        Raises:
            DataError: A line is damaged.
        """
        if self._path is not None:
            yield from read_outcomes(self._path.parent)

    def write(self, outcome: Outcome) -> None:
        """Append an outcome; the operating system has it when this returns.

        Raises:
            InputError: The file cannot be written, for example because the disk is full.
        """
        if self._path is None:
            return
        try:
            self._file = self._file or LineFile(self._path)
            self._file.append(outcome)
        except OSError as error:
            raise InputError(
                f"cannot write to {self._path}: {error.strerror}; make room, and the same command "
                "continues from here"
            ) from None

    def close(self) -> None:
        """Close the file and release the folder."""
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file = self._lock = None


def read_outcomes(folder: Path) -> Iterator[Outcome]:
    """Read the outcomes in a folder; none where it has none, and no incomplete last line.

    Raises:
        DataError: A line is damaged.
    """
    path, read = folder / _ROWS, 0
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            for line in whole_lines(file):
                yield _OUTCOME.validate_json(line, strict=True)
                read += 1
    except ValueError:  # pydantic's too
        raise DataError(
            f"{path} line {read + 1} is damaged: delete that line, and its question is asked again"
        ) from None


def read_config(folder: Path) -> dict[str, Any]:
    """Read what the evaluation in a folder depends on.

    Raises:
        InputError: The folder holds no evaluation.
        DataError: The file is damaged.
    """
    path = folder / _CONFIG
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}; give a folder that `manyminds eval` or "
            "`compare` wrote with --out"
        ) from None
    except ValueError:
        raise DataError(f"{path} is not valid JSON: choose another folder with --out") from None
