"""RunScope: objects that the nodes of one run share in this process; empty after a resume.

A right answer must not depend on it: LangGraph may run the nodes of one run in several processes,
one after the other.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from manyminds.limits.budget import BudgetCounter
from manyminds.limits.deadline import Deadline
from manyminds.locks import Lock
from manyminds.protocols import Recorder
from manyminds.runs.journal import Journal, open_journal
from manyminds.runs.langgraph_internals import replay_state
from manyminds.runs.usage import Usage
from manyminds.state import Failure

_KEPT = 10_000  # runs that died leave theirs behind


@dataclass
class RunScope:
    """Objects that the nodes of one run share.

    Attributes:
        method: the method's name.
        deadlines: of the layers that are running.
        refused: members whose key was refused, and why: they are not asked again.
        spent: the ledger up to now, with what is in no state yet; None: no call was made.
        journal: answers of the run's earlier lives, where the host keeps them.
        recorder: receives the events of the nodes.
        failed_observers: notes on recorders and caches that failed, by what is lost.
        counters: of the budgets that the run draws on.
        unreported: calls without reported tokens, although a budget counts them.
        lives: seconds of work in each earlier life of the run.
        replay: names the last call that took another path from an earlier point of the run.
        began: when the run began, by the monotonic clock; None: it began in another process.
        broken: a node of it was interrupted, failed or was cancelled.
    """

    method: str = ""
    deadlines: dict[int, Deadline] = field(default_factory=dict[int, Deadline])
    refused: dict[str, Failure] = field(default_factory=dict[str, Failure])
    spent: Usage | None = None
    journal: Journal | None = None
    recorder: Recorder | None = None
    failed_observers: dict[str, str] = field(default_factory=dict[str, str])
    counters: tuple[BudgetCounter, ...] = ()
    unreported: int = 0
    lives: dict[str, float] = field(default_factory=dict[str, float])
    replay: object = None
    began: float | None = None
    broken: bool = False

    def deadline(self, layer: int, make: Callable[[], Deadline]) -> Deadline:
        """Return the deadline of a layer; the first branch that needs it creates it."""
        found = self.deadlines.get(layer)
        if found is None:
            found = self.deadlines[layer] = make()
        return found

    def drop_deadline(self, layer: int) -> None:
        """Forget the deadline of a layer that is over."""
        gone = self.deadlines.pop(layer, None)
        if gone is not None:
            gone.stop()

    def open_journal(self, run: str) -> Journal | None:
        """Return the journal of the running node's run; None where the host keeps none."""
        replay = replay_state()
        forked = replay is not None and replay is not self.replay
        known = None if forked else self.journal
        opened = open_journal(run, known, clear=forked)
        if opened is not None and opened is not known:
            self.journal, self.replay = opened, replay
        return opened


_runs: OrderedDict[str, RunScope] = OrderedDict()
_lock = Lock()


def run_scope(run: str) -> RunScope:
    """Return the scope of this run; created the first time."""
    found = _runs.get(run)
    if found is None:
        with _lock:
            found = _runs.setdefault(run, RunScope())
            if len(_runs) > _KEPT:
                _runs.popitem(last=False)
    return found


async def scope_of(run: object) -> RunScope | None:
    """Return the scope of a run; if it is resumed here, with its earlier lives."""
    found = known_scope(run)
    if found is None and isinstance(run, str) and run:
        found = run_scope(run)
        opened = found.open_journal(run)
        if opened is not None:
            found.lives = await opened.seconds()
    return found


def known_scope(run: object) -> RunScope | None:
    """Return the scope of a run; None where it has not begun here, or is over."""
    return _runs.get(run) if isinstance(run, str) else None


def is_alive(run: str) -> bool:
    """Return whether a run began here, has not ended, and nothing has broken it off."""
    found = known_scope(run)
    return found is not None and found.began is not None and not found.broken


def spent_by(run: object) -> Usage | None:
    """Return the ledger of a run up to now; None where no call was made."""
    found = known_scope(run)
    return None if found is None else found.spent


def forget(run: str) -> None:
    """Forget a finished run."""
    with _lock:
        gone = _runs.pop(run, None)
    for deadline in [] if gone is None else gone.deadlines.values():
        deadline.stop()
