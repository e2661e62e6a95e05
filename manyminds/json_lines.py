"""JSON Lines files: read with limits on size and depth, appended to in whole lines.

Questions, recorded answers, run records, journals and rows of evaluations are such files. A crash
can leave the last line torn; the next append drops it.
"""

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from errno import ENOSPC
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from manyminds.errors import DataError
from manyminds.locks import Lock

MAX_LINE = 64 << 20
"""Bytes of one line; longer ones are refused."""
MAX_DEPTH = 100
"""Lists and objects inside one another; deeper ones are refused."""
_MAX_RATIO = 100  # a compressed file may grow by this factor, and to MAX_LINE in any case
_BLOCK = 64 << 10
_BOM = b"\xef\xbb\xbf"


def _looks_like(text: bytes) -> str:
    """Return a clause on what a line that is no JSON may be instead; nothing where that is open."""
    if text.startswith(b"PK\x03\x04"):
        return ": this looks like a spreadsheet, save it as CSV"
    is_table = re.search(rb"^[^{}\[\]]*[,;\t][^{}\[\]]*$", text.strip()) is not None
    return ": this looks like CSV or TSV, name the file .csv or .tsv" if is_table else ""


def parse(text: bytes) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        ValueError: the text is no JSON object, or is nested too deeply. The message says so in a
            clause.
    """
    try:
        row: object = json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:
        raise ValueError(f"not valid JSON ({error}){_looks_like(text)}") from None
    if not isinstance(row, dict):
        raise ValueError("a row must be a JSON object")
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _depth(row) > MAX_DEPTH:  # pyright: ignore[reportUnknownArgumentType]
        raise ValueError(_TOO_DEEP)
    return cast("dict[str, Any]", row)


def json_lines(
    path: Path, expected: str = "a .jsonl file"
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read the objects of a JSON Lines file one by one, each with its place.

    Args:
        path: The file, plain or gzip (`.gz`).
        expected: What to give instead of a file that cannot be read, for its message.

    Raises:
        DataError: The file cannot be read, or a line is no JSON object.
    """
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(_limited(path, cast("BinaryIO", file)), start=1):
                text = line.removeprefix(_BOM) if number == 1 else line
                if text.strip():
                    yield f"{path} line {number}", parse(text)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        after = f" after line {number}" if number else ""
        raise DataError(f"cannot read {path}{after}: {reason}; give {expected}") from None
    except ValueError as error:
        raise DataError(f"{path} line {max(number, 1)}: {error}") from None


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of an open file up to the last newline; a torn last line is left out.

    Raises:
        ValueError: A line is longer than `MAX_LINE`.
    """
    while (line := file.readline(MAX_LINE + 1)).endswith(b"\n"):
        yield line
    if len(line) > MAX_LINE:
        raise ValueError(_TOO_LONG)


def encoded(line: Mapping[str, Any]) -> bytes:
    """Return an object as a line of a file.

    Half a surrogate pair becomes its JSON escape; infinity and NaN, which JSON lacks, become null.
    """
    try:
        text = _encode(line)
    except ValueError:
        text = _encode(finite(line))
    return text.encode("utf-8", "backslashreplace") + b"\n"


class LineFile:
    """A file that lines are appended to; it is opened, and its folder made, for the first line.

    A line is handed to the operating system in one piece. Lines of several threads do not mix, and
    a reader, or a crash, finds at most the last one torn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._lock = Lock()

    def append(self, *lines: Mapping[str, Any], head: Mapping[str, Any] | None = None) -> None:
        """Append lines in one piece.

        Args:
            lines: The objects to write.
            head: An object that is written first where the file is empty.

        Raises:
            OSError: The file cannot be written.
        """
        data = b"".join(map(encoded, lines))
        with self._lock:
            if self._file is None:
                self._file = self._open()
            if head is not None and self._file.tell() == 0:
                self._write(encoded(head))
            self._write(data)

    def close(self) -> None:
        """Close the file; appending opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __del__(self) -> None:
        """Close the file if it was left open."""
        self.close()

    def _open(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            drop_torn_line(self.path)
        file = self.path.open("ab", buffering=0)
        file.seek(0, 2)
        return file

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            if self._file.write(data) != len(data):  # a disk that is nearly full takes a part
                raise OSError(ENOSPC, "No space left on device")
        except OSError:
            self._file.close()
            self._file = None  # opened again, it loses the torn line
            raise


def drop_torn_line(path: Path) -> None:
    """Cut off the text after the last newline of a file: a crash left it there."""
    with path.open("r+b") as file:
        size = whole = file.seek(0, 2)
        while whole > 0:
            start = max(0, whole - _BLOCK)
            file.seek(start)
            newline = file.read(whole - start).rfind(b"\n")
            whole = start if newline < 0 else start + newline + 1
            if newline >= 0:
                break
        if whole < size:
            file.truncate(whole)


def last_line(path: Path) -> bytes | None:
    """Return the last whole line of a file without reading the rest; None where there is none."""
    with path.open("rb") as file:
        size, window = file.seek(0, 2), 4096
        while True:
            file.seek(max(0, size - window))
            *whole, _torn = file.read().split(b"\n")
            if len(whole) > 1 or window >= size:
                return whole[-1] if whole else None
            window *= 4


def _limited(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, the last one also without its newline."""
    compressed = path.suffix == ".gz"
    limit = max(MAX_LINE, path.stat().st_size * _MAX_RATIO) if compressed else math.inf
    total = 0
    while line := file.readline(MAX_LINE + 1):
        total += len(line)
        if len(line) > MAX_LINE:
            raise ValueError(_TOO_LONG)
        if total > limit:
            raise ValueError(f"more than {_MAX_RATIO} times as large as the compressed file")
        yield line


def _depth(value: object) -> int:
    """Count how deep a value is nested, without recursion."""
    depth, level = 0, [value]
    while level := [inner for one in level for inner in _inside(one)]:
        depth += 1
    return depth


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from cast("dict[str, object]", value).values()
    elif isinstance(value, list):
        yield from cast("list[object]", value)


def finite(value: object) -> Any:
    """Return plain data with null in place of infinity and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(key): finite(one) for key, one in items}
    if isinstance(value, list | tuple):
        return [finite(one) for one in cast("list[object]", value)]
    return value


_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_TOO_LONG = f"longer than {MAX_LINE >> 20} MiB"
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, default=str, separators=(",", ":")
).encode
