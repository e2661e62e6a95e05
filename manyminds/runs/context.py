"""RunContext: the run as its nodes see it, and the part that nested runs inherit."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from langgraph.config import get_config
from langgraph.runtime import get_runtime

from manyminds.errors import BudgetError
from manyminds.limits.budget import BudgetCounter, counter_of
from manyminds.locks import Lock
from manyminds.protocols import AnswerStore, Recorder
from manyminds.runs.cache import Cached
from manyminds.runs.observers import Observer, SafeStore, safe_writer
from manyminds.runs.scope import run_scope
from manyminds.runs.usage import Usage, add_spent, note
from manyminds.runs.working import count_work
from manyminds.settings import Context, settings
from manyminds.state import Candidate


class Shown(NamedTuple):
    """Where a streaming caller sees the tokens of nested runs, and what becomes of them.

    Attributes:
        metadata: LangGraph's, of the outermost node, which a call must have to be seen.
        write: the stream of events of that node.
    """

    metadata: Mapping[str, Any]
    write: Callable[[Any], None]


def _nowhere(_event: Any) -> None:
    """Take an event that has its own stream."""


_NOT_NESTED = Shown({}, _nowhere)
_OF_TOKENS = frozenset({"dropped", "continued"})  # events on tokens that went out


class ParentCall:
    """The part of a run's context that the runs nested in its calls inherit.

    Without a call it is an account that runs are put into from outside: they draw on its counters
    and write its ledger, but are nested in nothing.

    Attributes:
        counters: of the budgets that they draw on.
        base: draws that came before theirs.
        call: names the call, the same after a resume.
        path: names it from the outermost run on, the same in another run of the same graph.
        spent: the ledger that they write; it outlives them, should they be cut.
        shown: where the tokens of the nested run's last role are seen; None: it is silent.
    """

    __slots__ = ("_begun", "base", "call", "path", "counters", "shown", "spent")

    def __init__(
        self,
        counters: tuple[BudgetCounter, ...],
        base: int,
        call: str = "",
        path: str = "",
        spent: Usage | None = None,
        shown: Shown | None = None,
    ) -> None:
        self.counters = counters
        self.base = base
        self.call = call
        self.path = path
        self.spent: Usage = {} if spent is None else spent
        self.shown = shown
        self._begun: Counter[str] = Counter()

    def begins(self, conversation: str) -> str:
        """Name a run that begins in the call; a graph that is called may run several methods."""
        self._begun[conversation] += 1
        return f"{self.call}/{conversation}/{self._begun[conversation]}"


# Two event loops (sync `invoke` runs on one of our own) may draw on one shared budget.
_reserving = Lock()
parent_call: ContextVar[ParentCall | None] = ContextVar("manyminds_outer", default=None)


class RunContext:
    """One run, as seen from a node: identity, settings, budget counters, and where events go.

    Created at the start of each node call; only the budget counters outlive the node.
    """

    __slots__ = (
        "around",
        "base",
        "cache",
        "id",
        "stores",
        "method",
        "own_counter",
        "path",
        "counters",
        "question",
        "question_id",
        "recorder",
        "scope",
        "settings",
        "spent",
        "write",
    )

    def __init__(
        self,
        *,
        id: str,
        method: str,
        question_id: str,
        question: str,
        settings: Context,
        spent: Usage | None = None,
        write: Callable[[Any], None] = lambda _event: None,
        stores: Sequence[AnswerStore] = (),
    ) -> None:
        around = parent_call.get()
        own = () if settings.budget is None else (counter_of(settings.budget, id, spent or {}),)
        # A budget that spans several runs may already be counted by a run around this one.
        outer_counters = () if around is None else around.counters
        self.counters = (*outer_counters, *(p for p in own if p not in outer_counters))
        timed = [one for one in own if one.budget.seconds is not None and not one.budget.account]
        self.own_counter = timed[0] if timed else None
        count_work(self.counters)
        self.base = 0 if around is None else around.base
        self.path = "" if around is None else around.path
        self.around, self.spent = around, spent
        self.id, self.method = id, method
        self.question_id, self.question = question_id, question
        self.scope = run_scope(id)
        failed = self.scope.failed_observers
        self.settings, self.write, self.stores = settings, safe_writer(write, failed), stores
        self.cache = None if settings.cache is None else SafeStore(Cached(settings.cache), failed)
        self.recorder: Recorder | None = None
        if settings.recorder is not None:
            self.recorder = cast("Recorder", Observer(settings.recorder, failed))

    @classmethod
    def of(cls, state: Mapping[str, Any], method: str, builder: Context) -> "RunContext":
        """Return the run that the running node serves."""
        scope = run_scope(state["run"])
        known = scope.open_journal(state["run"])
        run = cls(
            id=state["run"],
            method=method,
            question_id=state["question_id"],
            question=state["question"],
            settings=settings(builder),
            spent=state.get("spent"),
            write=get_runtime().stream_writer,
            stores=() if known is None else (known,),
        )
        scope.method, scope.recorder, scope.counters = method, run.recorder, run.counters
        if known is not None:
            known.counter = run.own_counter
        if run.own_counter is not None:
            run.own_counter.carry(scope.lives)
        return run

    @property
    def nested(self) -> bool:
        """Whether this run is inside a call of another."""
        return self.around is not None and bool(self.around.call)

    @property
    def shown(self) -> Shown | None:
        """Where the tokens of a streamed call are seen; None: it is silent.

        What a nested run writes is shown if it is the answer of the run around it, too.
        """
        return self.around.shown if self.around is not None and self.nested else _NOT_NESTED

    def inherited(
        self, metadata: Mapping[str, Any], draws: int, spent: Usage, *, is_shown: bool
    ) -> ParentCall:
        """Return what the runs nested in a call inherit.

        Args:
            metadata: of the call.
            draws: of the graph that is called, in one run.
            spent: the ledger that they write.
            is_shown: the answer of the graph is that of this run, and streams.
        """
        keys = ("run", "role", "member", "layer", "index", "draw")
        call = "/".join(str(metadata[key]) for key in keys)
        path = f"{self.path}{call.removeprefix(self.id)} > "
        base = (self.base + metadata["draw"]) * draws
        shown = self._shown_below() if is_shown else None
        return ParentCall(self.counters, base, call, path, spent, shown)

    def _shown_below(self) -> Shown | None:
        """Return where the tokens of runs that are nested in the running node are seen.

        LangGraph leaves out what a graph inside a node streams: its calls must be the node's.
        """
        if self.nested:
            return self.shown
        around = get_config().get("metadata", {})
        own = {key: value for key, value in around.items() if key.startswith("langgraph_")}
        return Shown(own, self.write)

    @property
    def concurrency(self) -> int:
        """Calls in flight at once to one endpoint."""
        assert self.settings.concurrency is not None
        return self.settings.concurrency

    @property
    def seed(self) -> int:
        """The seed of every random choice in this run."""
        return self.settings.seed or 0

    @property
    def seconds_left(self) -> float:
        """Seconds until the nearest time limit of this run and those around it."""
        left = math.inf
        for counter in self.counters:
            left = min(left, counter.seconds_left)
        return left

    @property
    def calls_left(self) -> float:
        """Calls that the tightest budget still allows."""
        return min([p.calls_left for p in self.counters], default=math.inf)

    def exhausted(self, calls: int = 1) -> str | None:
        """Name the budget limit that leaves no room for so many calls, or None.

        Raises:
            BudgetError: there is no room, and the budget has `exhausted="raise"`.
        """
        for counter in self.counters:
            reason = counter.exhausted(calls)
            if reason is not None:
                if counter.budget.exhausted == "raise":
                    raise BudgetError(f"{reason}; give more, or Budget(exhausted='finish')")
                return reason
        return None

    def reserve(self, calls: int = 1) -> str | None:
        """Reserve calls in every budget, or say which one has no room."""
        if not self.counters:
            return None
        with _reserving:
            reason = self.exhausted()
            if reason is None:
                self.reserve_more(calls)
        return reason

    def reserve_more(self, calls: int) -> None:
        """Count calls that a foreign graph has made beyond the one reserved for it."""
        for counter in self.counters:
            counter.reserve(calls)

    def settle(self, tokens: int, dollars: float) -> None:
        """Add the usage of a call to every budget."""
        for counter in self.counters:
            counter.settle(tokens, dollars)

    def settle_estimate(self, tokens: int, dollars: float) -> None:
        """Add an estimate for a call that reported no usage, and note that."""
        counted = [c for c in self.counters if c.budget.tokens or c.budget.dollars]
        for counter in counted:
            counter.settle(tokens, dollars)
        if counted:
            self.scope.unreported += 1
            unreported = self.scope.unreported
            calls = "1 call" if unreported == 1 else f"{unreported} calls"
            self.scope.failed_observers["usage"] = (
                f"the endpoint reported no tokens for {calls}: the budget counted an estimate"
            )

    def note_unusable_usage(self) -> None:
        """Note that an endpoint sent token counts that are none: they count as not reported."""
        self.scope.failed_observers.setdefault(
            "usage", "an endpoint sent token counts that cannot be read: they count as not reported"
        )

    def count(self, candidates: Sequence[Candidate]) -> None:
        """Add calls that ended to the live ledger, for the case that no state will hold them."""
        if self.scope.spent is None:
            self.scope.spent = add_spent(None, self.spent)
        note(self.scope.spent, candidates)
        if self.around is not None:
            note(self.around.spent, candidates)

    def emit(self, event: str, **details: object) -> None:
        """Send a progress event to a caller that streams the run with `stream_mode="custom"`."""
        data = {"event": event, "run": self.id, "method": self.method, **details}
        seen = self.shown if event in _OF_TOKENS and self.nested else None
        (self.write if seen is None else seen.write)(data)
        if self.recorder is not None:
            self.recorder.event(data)


def question_id_of_config() -> str | None:
    """Return the id that the caller gave this question in the run's metadata."""
    given = get_config().get("metadata", {}).get("question_id")
    return None if given is None else str(given)
