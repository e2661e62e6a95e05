"""Writes rows as JSON Lines, as one JSON list, or as parquet; the file appears when it is whole."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import uuid4

from manyminds.errors import InputError
from manyminds.export.exporter import Exporter, Row, json_text

_BATCH = 1_000


class Writer(Protocol):
    """Takes rows one by one."""

    def write(self, row: Row) -> None:
        """Write a row."""
        ...


@contextmanager
def open_writer(exporter: Exporter, out: Path) -> Generator[Writer]:
    """Write into a draft next to `out`, which takes its name when the block ends well.

    Raises:
        InputError: The file cannot be written, or pyarrow is missing.
    """
    draft = out.with_name(f"{out.name}.{uuid4().hex[:8]}.new")  # two may write at once
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        opened = draft.open("wb")
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}") from None
    try:
        with opened as file, _WRITERS[exporter.layout](file) as writer:
            yield writer
        draft.replace(out)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)


class _Lines:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, row: Row) -> None:
        self._file.write(_line(row) + b"\n")


class _Listed:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lead = b"[\n"

    def write(self, row: Row) -> None:
        self._file.write(self._lead + _line(row))
        self._lead = b",\n"

    def close(self) -> None:
        self._file.write(b"[]\n" if self._lead == b"[\n" else b"\n]\n")


class _Parquet:
    """Rows whose columns are lists of messages with a role and a content."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            pyarrow: Any = import_module("pyarrow")
            parquet: Any = import_module("pyarrow.parquet")
        except ImportError:
            raise InputError("parquet needs pyarrow: install manyminds[export]") from None
        text = pyarrow.string()
        message = pyarrow.struct([("role", text), ("content", text)])
        self._arrow = pyarrow
        self._schema = pyarrow.schema([("messages", pyarrow.list_(message))])
        self._writer = parquet.ParquetWriter(file, self._schema)
        self._rows: list[Mapping[str, Any]] = []

    def write(self, row: Row) -> None:
        messages = [{key: _whole(text) for key, text in one.items()} for one in row["messages"]]
        self._rows.append({"messages": messages})
        if len(self._rows) >= _BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()


def _line(row: Row) -> bytes:
    return _whole(json_text(row)).encode()


def _whole(text: str) -> str:
    """Return text with U+FFFD for half a surrogate pair, at which readers would stop."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


@contextmanager
def _lines(file: IO[bytes]) -> Generator[Writer]:
    yield _Lines(file)


@contextmanager
def _listed(file: IO[bytes]) -> Generator[Writer]:
    writer = _Listed(file)
    yield writer
    writer.close()


@contextmanager
def _parquet(file: IO[bytes]) -> Generator[Writer]:
    writer = _Parquet(file)
    yield writer
    writer.close()


_WRITERS = {"lines": _lines, "array": _listed, "parquet": _parquet}
