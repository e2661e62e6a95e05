"""Methods side by side on the same questions, each with the same number of calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.equal_cost import Plan
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import CONCURRENCY, aevaluate
from manyminds.evals.grading import Grader
from manyminds.evals.result import Result
from manyminds.evals.statistics.paired import difference, mcnemar
from manyminds.evals.statistics.scipy_parts import scipy_stats
from manyminds.method_graph import Compiled

BASELINE = "agent-forest"


@dataclass(frozen=True)
class Compared:
    """One method's figures; those for a question are means over runs.

    Attributes:
        method: its name.
        options: chosen to make the planned number of calls.
        runs: of the method for each question, voted on.
        planned: calls for each question.
        accuracy: 0 to 1.
        interval: of the accuracy, 95 %.
        gain: accuracy above that of Agent Forest, on the questions that both could be graded on.
        gain_interval: 95 %, paired.
        better: questions that only this method got right, over Agent Forest; with repeats, those
            that it got right more often.
        worse: the other way round.
        p: of McNemar's exact test; None where questions are repeated.
        calls: for a question.
        tokens: for a question.
        cost: dollars for a question; None where unknown.
        seconds: for a question, on the critical path: the sum over layers of the slowest call.
        unanswered: runs that ended without an answer, counted as not correct.
        unread: runs in whose answer nothing could be read, counted as not correct.
    """

    method: str
    options: Mapping[str, int]
    runs: int
    planned: int
    accuracy: float
    interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]
    better: int
    worse: int
    p: float | None
    calls: float
    tokens: float
    cost: float | None
    seconds: float
    unanswered: int
    unread: int

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return asdict(self)


@dataclass
class Measured:
    """One method's evaluation, question by question."""

    plan: Plan
    runs: int = 0
    right: dict[str, list[bool]] = field(default_factory=dict[str, list[bool]])
    seconds: list[float] = field(default_factory=list[float])
    result: Result | None = None

    @property
    def shares(self) -> dict[str, float]:
        """The share of right answers for each question that could be graded."""
        return {id: sum(all) / len(all) for id, all in self.right.items() if all}


class Watched:
    """A compiled graph that also tells how long the slowest calls of its layers took."""

    def __init__(self, app: Compiled) -> None:
        self.app = app
        self.builder, self.name = app.builder, app.name

    async def ainvoke(self, given: Any, config: Any = None, *, context: Any = None) -> Any:
        """Run the graph; `critical_path`, next to the output, is in seconds."""
        output: dict[str, Any] = {}
        slowest: dict[tuple[str, int], float] = {}
        part: Any
        async for part in self.app.astream(
            given, config, context=context, stream_mode=["values", "custom"]
        ):
            mode, data = part
            if mode == "values":
                output = data
            elif data["event"] in ("answered", "failed"):
                stage = (data["role"], data["layer"])
                slowest[stage] = max(slowest.get(stage, 0.0), data["seconds"])
        return {**output, "critical_path": sum(slowest.values())}


async def acompare(
    plans: Sequence[Plan],
    rows: Sequence[Row],
    *,
    grade: Grader,
    repeats: int = 1,
    seed: int = 0,
    concurrency: int = CONCURRENCY,
    on_row: Callable[[Outcome], None] | None = None,
) -> list[Compared]:
    """Evaluate methods on the same questions, and compare each with Agent Forest.

    Args:
        plans: the methods; Agent Forest must be among them.
        rows: the questions.
        grade: as for `aevaluate`.
        repeats: how often each question is run.
        seed: drives every random choice.
        concurrency: questions at once.
        on_row: called after each finished question of each method.

    Raises:
        InputError: Agent Forest is not among the plans, an argument cannot be used,
            or scipy is not installed.
    """
    scipy_stats()  # before anything is paid
    measured = [Measured(one) for one in plans]
    base = next((m for m in measured if m.plan.method == BASELINE), None)
    if base is None:
        raise InputError(f"{BASELINE} is what the others are compared with: add it")
    for one in measured:
        one.result = await aevaluate(
            cast(Compiled, Watched(one.plan.graph.compile())),
            rows,
            grade=grade,
            repeats=repeats,
            seed=seed,
            concurrency=concurrency,
            on_row=_counting(one, on_row),
            on_output=_timing(one),
        )
    return [_compared(one, base, repeats, seed) for one in measured]


def _counting(one: Measured, on_row: Callable[[Outcome], None] | None) -> Callable[[Outcome], None]:
    def count(outcome: Outcome) -> None:
        one.runs += 1
        if outcome["correct"] is not None:
            one.right.setdefault(outcome["id"], []).append(outcome["correct"])
        if on_row is not None:
            on_row(outcome)

    return count


def _timing(one: Measured) -> Callable[[Row, Mapping[str, Any] | None], Awaitable[None]]:
    async def note(_row: Row, output: Mapping[str, Any] | None) -> None:
        if output is not None:
            one.seconds.append(output["critical_path"])

    return note


def _compared(one: Measured, base: Measured, repeats: int, seed: int) -> Compared:
    assert one.result is not None
    mine, theirs = one.shares, base.shares
    # In one order, whichever question was answered first: the interval is drawn by a seed.
    both = sorted(id for id in mine if id in theirs)
    gain, around = difference([mine[id] for id in both], [theirs[id] for id in both], seed)
    better = sum(mine[id] > theirs[id] for id in both)
    worse = sum(mine[id] < theirs[id] for id in both)
    result, runs = one.result, max(1, one.runs)
    return Compared(
        method=one.plan.method,
        options=one.plan.options,
        runs=one.plan.runs,
        planned=one.plan.calls,
        accuracy=result.accuracy,
        interval=result.interval,
        gain=gain,
        gain_interval=around,
        better=better,
        worse=worse,
        p=mcnemar(better, worse) if repeats == 1 else None,
        calls=result.calls / runs,
        tokens=result.tokens / runs,
        cost=None if result.cost is None else result.cost / runs,
        seconds=sum(one.seconds) / max(1, len(one.seconds)),
        unanswered=result.unanswered,
        unread=result.unread,
    )
