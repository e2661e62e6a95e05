"""The process that writes a record, and whether it is still there."""

import os
import socket
from pathlib import Path
from time import time

from typing_extensions import TypedDict

_SILENT = 3_600.0  # seconds without a new line after which a run of an unknown process is over


class Process(TypedDict):
    """A process: its host, its id, and its start in the clock of that host, empty if unknown."""

    host: str
    pid: int
    started: str


def this_process() -> Process:
    """Return the current process."""
    pid = os.getpid()
    return Process(host=socket.gethostname(), pid=pid, started=_started(pid) or "")


def is_alive(process: Process | None, file: Path) -> bool:
    """Return whether the process of a record may still write to it.

    Where that cannot be asked, as on another host, the age of the file decides.
    """
    if process is None or process["host"] != socket.gethostname() or os.name != "posix":
        try:
            return time() - file.stat().st_mtime < _SILENT
        except OSError:
            return False
    try:
        os.kill(process["pid"], 0)  # signal 0 asks whether the process is there
    except ProcessLookupError:
        return False
    except OSError:  # it exists and belongs to another user
        pass
    started = _started(process["pid"])
    return started is None or not process["started"] or started == process["started"]


def _started(pid: int) -> str | None:
    """Return when a process began, in ticks since the start of the machine; None if unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in brackets may hold blanks and brackets; the begin is field 22 of all.
    fields = text.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else None
