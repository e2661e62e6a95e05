"""Methods side by side on the same questions, each with the same number of calls."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.evals.comparison import BASELINE, Comparison, Measured
from manyminds.evals.data import Row, groups_of
from manyminds.evals.debates import DEBATE, DebateLog
from manyminds.evals.equal_cost import Plan
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import CONCURRENCY, OnOutput, aevaluate
from manyminds.evals.grading import Grader
from manyminds.evals.members_alone import MembersAlone
from manyminds.evals.select import ask_everyone
from manyminds.evals.statistics.scipy_parts import scipy_stats
from manyminds.members import Member
from manyminds.reading.answers import extractor


class Watched:
    """A compiled graph that also tells how long the slowest calls of its layers took."""

    def __init__(self, app: CompiledMethod) -> None:
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
    members: Sequence[Member] = (),
    repeats: int = 1,
    seed: int = 0,
    concurrency: int = CONCURRENCY,
    out: Path | None = None,
    on_row: Callable[[Outcome], None] | None = None,
) -> Comparison:
    """Evaluate methods on the same questions, and compare every two of them.

    Args:
        plans: The methods; Agent Forest must be among them.
        rows: The questions.
        grade: As for `aevaluate`.
        members: Members whose best is compared, too. Their answers are those of the Agent Forest;
            where it does not ask all of them, each is asked once more.
        repeats: Runs of each question.
        seed: Drives every random choice.
        concurrency: Questions at once.
        out: Folder that keeps every method's rows and the members' answers; an interrupted
            comparison continues from there.
        on_row: Called after each finished question of each method.

    Raises:
        InputError: Agent Forest is not among the plans, an argument cannot be used, or scipy is
            not installed.
    """
    scipy_stats()  # before anything is paid
    if BASELINE not in (one.method for one in plans):
        raise InputError(f"{BASELINE} is what the others are compared with: add it")
    found = list[Measured]()
    alone = MembersAlone([member.name for member in members], grade, out)
    takers: dict[str, OnOutput] = {DEBATE: DebateLog(grade, out).add}
    if members:
        takers[BASELINE] = alone.add
    for one in plans:
        found.append(Measured(one.method, one.options, one.runs, one.calls))
        await aevaluate(
            cast(CompiledMethod, Watched(one.graph.compile())),
            rows,
            grade=grade,
            repeats=repeats,
            seed=seed,
            concurrency=concurrency,
            out=None if out is None else out / one.method,
            on_row=_counting(found[-1], on_row),
            config={"method": one.method},
            on_output=takers.get(one.method),
        )
    if members and (rest := alone.lacking(rows)):
        await _ask_alone(members, rest, alone, concurrency)
    return Comparison(found, alone.answers, repeats=repeats, seed=seed, groups=groups_of(rows))


async def _ask_alone(
    members: Sequence[Member], rows: Sequence[Row], alone: MembersAlone, concurrency: int
) -> None:
    asked = await ask_everyone(members, rows, extract=extractor("final"), concurrency=concurrency)
    for at, row in enumerate(rows):
        given = [each[at] for each in asked.values()]
        await alone.add(row, {"candidates": [one for one in given if one is not None]})


def _counting(one: Measured, on_row: Callable[[Outcome], None] | None) -> Callable[[Outcome], None]:
    def count(outcome: Outcome) -> None:
        one.add(outcome)
        if on_row is not None:
            on_row(outcome)

    return count
