"""Where the command line records its runs."""

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from manyminds.apps.terminal import complain

if TYPE_CHECKING:
    from manyminds.records.record import Recording

VARIABLE = "MANYMINDS_RUNS"


def runs_folder() -> Path:
    """Return the user's folder of run records: what MANYMINDS_RUNS names, else one at home."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(typer.get_app_dir("manyminds")) / "runs"


def record_into(
    folder: Path | None, *, off: bool, within: str = ""
) -> "AbstractContextManager[Recording | None]":
    """Return a block in which runs are recorded; it gives the recording, or None.

    Args:
        folder: The folder for the records. Default: that of the user. Where it cannot be made, a
            message says so, and the runs go on without a record.
        off: Record nothing.
        within: A folder in the default one, for runs that belong together.
    """
    if off:
        return nullcontext()
    from manyminds.records.record import record

    chosen = folder or runs_folder() / within
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        complain(f"nothing is recorded: {chosen}: {error.strerror}; --record DIR chooses another")
        return nullcontext()
    return record(chosen)
