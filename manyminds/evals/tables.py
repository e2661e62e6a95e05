"""Rows of a file of questions: JSON Lines, JSON, CSV, TSV or Parquet, by its name."""

import csv
import gzip
import importlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from string import ascii_uppercase
from typing import Any, TextIO, cast

from manyminds.errors import DataError, InputError
from manyminds.evals.columns import known
from manyminds.json_lines import MAX_LINE, json_lines

_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t,;|"}
_SNIFFED = 20  # records from which the delimiter and the form of a file are told
_FORMS = "a file of JSON Lines, JSON, CSV, TSV or Parquet"
_LARGEST = 1 << 28  # bytes of a file of one JSON value, which is read whole


def data_rows(path: Path, names: Sequence[str] = ()) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read the rows of a file one by one, each with its place.

    Args:
        path: `.csv` or `.tsv` (`.gz` or not; the delimiter is found out), `.json` (a list of
            objects, or an object with one such list), `.parquet`, else JSON Lines. A line of names
            comes first; a file without one has columns named "1", "2", ..., or, where its last
            column holds letters of choices as in MMLU's files, question, A, B, ..., answer.
        names: Columns that the caller named; they tell a line of names, too.

    Raises:
        DataError: The file cannot be read.
        InputError: A Parquet file, and pyarrow is not installed.
    """
    kind = (Path(path.stem).suffix if path.suffix == ".gz" else path.suffix).lower()
    if kind in _DELIMITERS:
        return _separated(path, _DELIMITERS[kind], names)
    if kind == ".json":
        return _json(path)
    return _parquet(path) if kind == ".parquet" else json_lines(path, _FORMS)


def _separated(
    path: Path, delimiters: str, names: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    csv.field_size_limit(MAX_LINE)
    try:
        with _text(path) as text:
            records = _records(text, _delimiter(path, delimiters), strict=True)
            first = list(islice(records, _SNIFFED))
            heads, is_named = _names([record for _, record in first], names)
            for line, record in chain(first[is_named:], records):
                where = f"{path} line {line}"
                if len(record) != len(heads):
                    raise DataError(
                        f"{where}: {len(heads)} columns were expected, not {len(record)}; put "
                        "texts with commas into quotes"
                    )
                yield where, dict(zip(heads, record, strict=True))
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None)
        if reason is not None:
            raise DataError(f"cannot read {path}: {reason}; give {_FORMS}") from None
        raise DataError(f"cannot read {path}: {error}; give UTF-8 text with column names") from None


def _records(text: TextIO, delimiter: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not empty, with the number of its last line."""
    reader = csv.reader(text, delimiter=delimiter, strict=strict)
    return ((reader.line_num, record) for record in reader if any(record))


def _text(path: Path) -> TextIO:
    """Open a file as text: UTF-8, or UTF-16 where it begins with that mark."""
    binary: Any = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115
    mark = binary.peek(2)[:2]
    wide = mark in (b"\xff\xfe", b"\xfe\xff")
    return io.TextIOWrapper(binary, "utf-16" if wide else "utf-8-sig", newline="")


def _delimiter(path: Path, delimiters: str) -> str:
    """Return the delimiter that gives the most columns, the same number in all first records."""
    widths: dict[str, int] = {}
    for delimiter in delimiters:
        with _text(path) as text:
            try:
                first = list(islice(_records(text, delimiter, strict=False), _SNIFFED))
            except csv.Error:
                continue
        same = {len(record) for _, record in first}
        widths[delimiter] = same.pop() if len(same) == 1 else 0
    best = max(widths, key=lambda one: widths[one], default=delimiters[0])
    return best if widths.get(best, 0) > 1 else delimiters[0]


def _names(records: Sequence[Sequence[str]], wanted: Sequence[str]) -> tuple[list[str], bool]:
    """Return the names of the columns, and whether the first record holds them."""
    head = [name.strip() for name in records[0]] if records else []
    asked = {name.strip().lower() for name in wanted}
    if any(known(name) or name.lower() in asked for name in head):
        return head, True
    if head[:1] and head[0].endswith("?") and len(head) == 2:
        return ["question", "answer"], False
    letters = ascii_uppercase[: max(0, len(head) - 2)]
    if len(letters) > 1 and all(len(r) == len(head) and r[-1].strip() in letters for r in records):
        return ["question", *letters, "answer"], False
    if asked and all(name.isdecimal() for name in asked):
        return [str(n + 1) for n in range(len(head))], False
    return head, True


def _json(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path} is too large for one JSON value: write JSON Lines")
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            whole: Any = json.load(file)
    except (OSError, EOFError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            yield from json_lines(path)  # one object a line, whatever the file's name
            return
        if (reason := getattr(error, "strerror", None)) is not None:
            raise DataError(f"cannot read {path}: {reason}; give {_FORMS}") from None
        raise DataError(f"cannot read {path}: {error}; give a list of JSON objects") from None
    if isinstance(whole, Mapping):
        whole = _inner(cast("Mapping[str, Any]", whole))
    if not _is_rows(whole):
        raise DataError(f"{path}: give a list of JSON objects, or one object a line")
    for number, row in enumerate(cast("list[Mapping[str, Any]]", whole), 1):
        yield f"{path} row {number}", row


def _inner(whole: Mapping[str, Any]) -> object:
    """Return the rows of an object: its one list of them, its columns, or a row under each id."""
    lists = [one for one in whole.values() if _is_rows(one) and one]
    if len(lists) == 1:
        return lists[0]
    parts: list[Any] = list(whole.values())
    columns = any(map(known, whole)) and all(isinstance(one, list) for one in parts)
    if columns and len({*map(len, parts)}) == 1:
        return [dict(zip(whole, cells, strict=True)) for cells in zip(*parts, strict=True)]
    if all(isinstance(one, Mapping) for one in parts):
        if any(map(known, whole)):  # as pandas writes columns
            return [{name: one.get(at) for name, one in whole.items()} for at in parts[0]]
        return [{"id": id, **row} for id, row in whole.items()]
    return [whole]


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) for one in cast("list[object]", value)
    )


def _parquet(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise InputError(f"{path}: Parquet needs pyarrow: pip install pyarrow") from None
    try:
        number = 0
        for batch in parquet.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield f"{path} row {number}", row
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}; give a Parquet file") from None
