"""Reads JSON Lines files, plain or gzip: questions, recorded answers, grades."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from manyminds.errors import DataError


def json_lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read the objects of a JSON Lines file one by one, each with where it stands.

    Raises:
        DataError: the file cannot be read, or a line is no JSON object.
    """
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise DataError(f"{path} line {number}: a row must be a JSON object")
                yield f"{path} line {number}", cast("dict[str, Any]", row)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} line {number}: not valid JSON ({error})") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        after = f" after line {number}" if number else ""
        raise DataError(f"cannot read {path}{after}: {reason}; give a .jsonl file") from None
