"""Rows of a file of questions: JSON Lines, CSV, TSV or Parquet, by its name."""

import csv
import gzip
import importlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from manyminds.errors import DataError, InputError
from manyminds.json_lines import MAX_LINE, json_lines

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def data_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read the rows of a file one by one, each with where it stands.

    Args:
        path: `.csv` or `.tsv` (a line of names first; `.gz` or not), `.parquet`, else JSON Lines.

    Raises:
        DataError: The file cannot be read.
        InputError: A Parquet file, and pyarrow is not installed.
    """
    kind = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if kind in _DELIMITERS:
        return _separated(path, _DELIMITERS[kind])
    return _parquet(path) if kind == ".parquet" else json_lines(path)


def _separated(path: Path, delimiter: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    csv.field_size_limit(MAX_LINE)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as binary:
            text = io.TextIOWrapper(cast("io.BufferedReader", binary), "utf-8-sig", newline="")
            reader = csv.DictReader(text, delimiter=delimiter, strict=True)
            for row in reader:
                fields = {str(name).strip(): value for name, value in row.items() if value != ""}
                if None in row or None in row.values():
                    raise DataError(
                        f"{path} line {reader.line_num}: {len(reader.fieldnames or ())} columns "
                        "were expected; put texts with commas into quotes"
                    )
                yield f"{path} line {reader.line_num}", fields
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"cannot read {path}: {reason}; give UTF-8 text with column names"
        ) from None


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
