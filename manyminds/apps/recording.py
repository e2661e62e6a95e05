"""Where the command line records its runs."""

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from manyminds.apps.terminal import complain

if TYPE_CHECKING:
    from manyminds.records.record import Recording

VARIABLE = "MANYMINDS_RUNS"


def runs_folder() -> Path:
    """Return the user's folder of run records: $MANYMINDS_RUNS, else `runs` in the data folder."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_data_path("manyminds", appauthor=False) / "runs"


def record_into(
    folder: Path | None, *, off: bool, within: str = ""
) -> "AbstractContextManager[Recording | None]":
    """Return a block in which runs are recorded; it gives the recording, or None.

    Args:
        folder: The folder for the records. Default: that of the user. Where it cannot be made, a
            message says so, and the runs continue without a record.
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
