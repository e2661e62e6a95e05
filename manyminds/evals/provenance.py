"""What a folder of results says of where they come from: command, versions, data."""

import hashlib
import json
import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from manyminds.errors import DataError, InputError
from manyminds.json_lines import LineFile, json_lines, parse
from manyminds.models.redact import without_keys

_PACKAGES = ("manyminds", "langgraph", "langchain-core", "numpy", "scipy")
_STARTS = "starts.jsonl"
STUDY = "compare.json"


def note_start(folder: Path, command: Sequence[str], data: Path) -> None:
    """Append to a folder by which command, with which versions and data, it was written.

    Args:
        folder: Folder of results; created if it is missing.
        command: Words of the command line; keys in them are left out.
        data: File of the questions, or folder of such files.

    Raises:
        InputError: The folder cannot be written, or the data cannot be read.
    """
    try:
        digest = digest_of(data)
        LineFile(folder / _STARTS).append(
            {
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": without_keys(shlex.join(command)),
                "versions": {"python": platform.python_version(), **_versions()},
                "data": data.name,
                "sha256": digest,
            }
        )
    except OSError as error:
        raise InputError(
            f"cannot write to {folder}: {error.strerror}; choose another --out"
        ) from None


def digest_of(data: Path) -> str:
    """Return a hash of a file, or of the files in a folder.

    Raises:
        OSError: One cannot be read.
    """
    files = sorted(path for path in data.iterdir() if path.is_file()) if data.is_dir() else [data]
    found = hashlib.sha256()
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()


def starts(folder: Path) -> list[Mapping[str, Any]]:
    """Return what was noted in a folder, oldest first."""
    path = folder / _STARTS
    return [line for _, line in json_lines(path)] if path.exists() else []


def write_study(folder: Path, study: Mapping[str, object], name: str = STUDY) -> None:
    """Write what a folder is about, such as the methods, members, seed and questions compared.

    Raises:
        InputError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(study, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write to {folder}: {error.strerror}; choose another --out"
        ) from None


def read_study(
    folder: Path, name: str = STUDY, again: str = "run `manyminds compare` with --out again"
) -> dict[str, Any] | None:
    """Return what a folder is about; None for a folder of another kind.

    Args:
        folder: Folder of results.
        name: File that says it.
        again: What to do where the file is damaged.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / name
    if not path.exists():
        return None
    try:
        return parse(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path}: {error}; {again}") from None


def _versions() -> dict[str, str]:
    found = dict[str, str]()
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
