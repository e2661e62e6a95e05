"""The folder of a task that a judge grades: what it is, and what was found."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from manyminds.errors import DataError, InputError
from manyminds.evals.provenance import read_study, write_study

_ABOUT = "judged.json"


def open_folder(folder: Path, about: Mapping[str, object]) -> None:
    """Begin or continue a folder.

    Args:
        folder: Created if it is missing.
        about: What the answers depend on: task, method, members, options and seed.

    Raises:
        InputError: It holds answers of something else, or cannot be written.
    """
    before = read_judged(folder)
    plain: Mapping[str, object] = json.loads(json.dumps(about))
    if before is not None and before["about"] != plain:
        differ = ", ".join(
            n for n in {*plain, *before["about"]} if before["about"].get(n) != plain.get(n)
        )
        raise InputError(f"{folder} holds answers with another {differ}: choose another --out")
    if before is None:
        write_judged(folder, {"about": plain})


def write_judged(folder: Path, study: Mapping[str, object]) -> None:
    """Write what the folder is, and what was found.

    Raises:
        InputError: The folder cannot be written.
    """
    write_study(folder, study, _ABOUT)


def read_judged(folder: Path) -> dict[str, Any] | None:
    """Return what the folder is, and what was found; None for another kind of folder.

    Raises:
        DataError: The file is damaged.
    """
    found = read_study(folder, _ABOUT, "run `manyminds judge` with another --out")
    if found is None:
        return None
    if not isinstance(found.get("about"), dict):
        raise DataError(
            f"{folder / _ABOUT} does not say what was graded; run `manyminds judge` again"
        )
    return found
