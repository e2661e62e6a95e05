"""Checks that a file has a form: every row, against the same types that its JSON schema is of."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from manyminds.errors import DataError
from manyminds.evals.tables import data_rows
from manyminds.export.exporter import Exporter, json_text
from manyminds.json_lines import json_lines

_NAMED = 3  # rows that a message names


def checker(form: Exporter) -> Callable[[object], str | None]:
    """Return a function that says what is wrong with a row; None: it has the form."""
    row_type: TypeAdapter[Any] = TypeAdapter(form.row)

    def fault(row: object) -> str | None:
        try:
            row_type.validate_json(json_text(row), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            return f"{'.'.join(map(str, first['loc'])) or 'the row'}: {first['msg']}"
        return None

    return fault


def check_file(path: Path, form: Exporter) -> int:
    """Return the number of rows of a file, all of which have the form.

    Raises:
        DataError: The file cannot be read or has no rows, or rows have another form; the message
            names the first ones.
    """
    fault = checker(form)
    count, wrong, named = 0, 0, list[str]()
    for where, row in _rows(path, form):
        count += 1
        found = fault(row)
        wrong += found is not None
        if found is not None and wrong <= _NAMED:
            named.append(f"{where.removeprefix(f'{path} ')}: {found}")
    if not count:
        raise DataError(f"{path} holds no rows")
    if wrong:
        which = f"{wrong} of {count} row{'s do' if count > 1 else ' does'} not have the form"
        more = "; ..." if wrong > _NAMED else ""
        raise DataError(f"{path}: {which} {form.name}: {'; '.join(named)}{more}")
    return count


def _rows(path: Path, form: Exporter) -> Iterator[tuple[str, Any]]:
    if form.layout == "parquet":
        if path.suffix != ".parquet":
            raise DataError(f"{path}: this form is parquet: give a file whose name ends so")
        return data_rows(path)
    return _listed(path) if form.layout == "array" else json_lines(path, "a file of JSON Lines")


def _listed(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the rows of a file that is one JSON list."""
    try:
        whole = TypeAdapter(list[Any]).validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    except ValidationError as error:
        why = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise DataError(f"cannot read {path} as one JSON list: {why}") from None
    for number, row in enumerate(whole, start=1):
        yield f"row {number}", row
