"""Where trajectories come from: records of runs, and files in the forms of others."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from manyminds.errors import DataError
from manyminds.export.counts import Counts
from manyminds.export.from_records import Take, from_run
from manyminds.export.importers import import_row
from manyminds.export.messages import NotHeldError
from manyminds.json_lines import MAX_LINE, json_lines
from manyminds.records.files import is_record, records_in
from manyminds.records.reader import each_run
from manyminds.trajectory import Trajectory

NO_CONVERSATION = "a run without such a conversation"


def read(path: Path, take: Take, counts: Counts) -> Iterator[Trajectory]:
    """Yield the trajectories of a source one by one, in memory for one run.

    Args:
        path: Record of runs, folder of records, or file of rows: JSON Lines (also `.gz`), or one
            JSON list, which is read as a whole.
        take: Which conversations of a run are taken.
        counts: Counts what is read, and runs that give nothing.

    Raises:
        DataError: The source cannot be read; the message names file and line.
    """
    name = path.name or str(path)
    for trajectory in _found(path, take, counts):
        counts.read[name] += 1
        if trajectory.source is None:
            trajectory.source = name
        yield trajectory


def _found(path: Path, take: Take, counts: Counts) -> Iterator[Trajectory]:
    if path.is_dir():
        records = [file for file in records_in(path) if is_record(file)]
        if not records:
            raise DataError(f"{path}: there is no record of a run in this folder")
        for file in records:
            yield from _runs(file, take, counts)
    elif not path.is_file():
        raise DataError(f"{path}: the file does not exist")
    elif path.suffix != ".gz" and _is_record(path):
        yield from _runs(path, take, counts)
    else:
        for where, row in _rows(path):
            yield import_row(row, where)


def _runs(path: Path, take: Take, counts: Counts) -> Iterator[Trajectory]:
    for run in each_run(path):
        try:
            found = list(from_run(run, take))
        except NotHeldError as error:
            counts.runs[error.reason] += 1
            continue
        if not found:
            counts.runs[NO_CONVERSATION] += 1
        yield from found


def _is_record(path: Path) -> bool:
    try:
        return is_record(path)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if path.suffix != ".json":
        yield from json_lines(path)
        return
    if path.stat().st_size > MAX_LINE:
        raise DataError(f"{path}: a JSON list of more than {MAX_LINE >> 20} MiB: give JSON Lines")
    try:
        listed: object = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        if str(error).startswith("Extra data: line 2 "):  # JSON Lines, whatever the file is called
            yield from json_lines(path)
            return
        raise DataError(f"{path}: not valid JSON ({str(error)[:120]})") from None
    if not isinstance(listed, list):
        raise DataError(f"{path}: give a list of rows, or JSON Lines")
    for number, row in enumerate(cast("list[object]", listed), 1):
        if not isinstance(row, Mapping):
            raise DataError(f"{path} row {number}: a row must be a JSON object")
        yield f"{path} row {number}", cast("Mapping[str, Any]", row)
