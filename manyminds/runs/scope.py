"""What the nodes of one run share in this process; after a resume it is made anew.

Nothing here must be needed for a right answer: LangGraph may run the nodes of one run in several
processes, one after the other.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from manyminds.runs.usage import Usage
from manyminds.state import Failure

if TYPE_CHECKING:
    from manyminds.limits.deadline import Deadline
    from manyminds.records.recorder import Recorder
    from manyminds.runs.journal import Journal

_KEPT = 10_000  # runs that died leave theirs behind


@dataclass
class RunScope:
    """What the nodes of one run share.

    Attributes:
        method: whose run it is.
        clocks: of the layers that are being asked.
        refused: members whose key was refused, and why: they are not asked again.
        spent: the ledger up to now, with what is in no state yet; None: nobody was asked.
        journal: what was answered already, where the host keeps such.
        recorder: is told of what the nodes do.
        replay: names the last call that went another way from an earlier point of the run.
    """

    method: str = ""
    clocks: dict[int, "Deadline"] = field(default_factory=dict[int, "Deadline"])
    refused: dict[str, Failure] = field(default_factory=dict[str, Failure])
    spent: Usage | None = None
    journal: "Journal | None" = None
    recorder: "Recorder | None" = None
    replay: object = None


_runs: OrderedDict[str, RunScope] = OrderedDict()
_lock = Lock()


def shared(run: str) -> RunScope:
    """Return what the nodes of this run share."""
    found = _runs.get(run)
    if found is None:
        with _lock:
            found = _runs.setdefault(run, RunScope())
            if len(_runs) > _KEPT:
                _runs.popitem(last=False)
    return found


def spent_by(run: object) -> Usage | None:
    """Return the ledger of a run up to now, if anybody was asked."""
    found = _runs.get(run) if isinstance(run, str) else None
    return None if found is None else found.spent


def known(run: object) -> RunScope | None:
    """Return what the nodes of a run share; None where it has not begun here, or is over."""
    return _runs.get(run) if isinstance(run, str) else None


def forget(run: str) -> None:
    """Forget a finished run."""
    with _lock:
        gone = _runs.pop(run, None)
    for clock in [] if gone is None else gone.clocks.values():
        clock.stop()
