"""`manyminds eval`: a method on a file of questions, graded."""

import asyncio
import gc
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.table import Table

from manyminds.answer_form import TASKS, answer_kind
from manyminds.apps.choose import build, choose_method, named_or_found
from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.flags import (
    AsJson,
    Measuring,
    Members,
    MethodOptions,
    Questions,
    Recording,
    with_file,
)
from manyminds.apps.misses import Misses
from manyminds.apps.misses import read_as as how_read
from manyminds.apps.options import options_of, read
from manyminds.apps.terminal import (
    COMMAND,
    console,
    counted,
    dollars,
    print_json,
)
from manyminds.errors import InputError
from manyminds.evals.curve import Curve, Point, read_points
from manyminds.evals.curve import plot as draw
from manyminds.evals.data import Row
from manyminds.evals.eval_log import Config
from manyminds.evals.evaluate import OnOutput, aevaluate
from manyminds.evals.grading import Grader, grader, vote_kind
from manyminds.evals.members_alone import MembersAlone
from manyminds.evals.ownership import one_writer
from manyminds.evals.provenance import note_start
from manyminds.evals.result import Result
from manyminds.evals.samples import SampleFile
from manyminds.evals.sandbox import Limits
from manyminds.graphs.agent_forest import ASKED_VOTES, default_vote
from manyminds.method_graph import MethodGraph
from manyminds.registry import AUTO
from manyminds.votes import stopping


@dataclass(frozen=True)
class Output:
    """Files that an evaluation writes.

    Attributes:
        out: Folder that keeps rows; continues where it stopped.
        keep: Append every sample to FILE; see `manyminds resample`.
        curve: Accuracy at each of these numbers of samples, such as 1,5,10.
        plot: Draw the curve into this file.
    """

    out: Annotated[Path | None, typer.Option(metavar="DIR")] = None
    keep: Annotated[Path | None, typer.Option(metavar="FILE")] = None
    curve: Annotated[str | None, typer.Option(metavar="N,N,...")] = None
    plot: Annotated[Path | None, typer.Option(metavar="FILE")] = None


def evaluate(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[METHOD]",
            help="See `manyminds methods`. Default: auto, which suits the members.",
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Questions, as --data names them.")
    ] = None,
    *,
    questions: Questions,
    members: Members,
    options: MethodOptions,
    measuring: Measuring,
    output: Output,
    recording: Recording,
    as_json: AsJson = False,
) -> None:
    """Measure a method on a file of questions.

    Columns of question, answer and choices are known by their usual names, or named; rows about
    code have "prompt", "entry_point" and "test". Each question draws its own order of members, and
    of recorded answers, in every repeat. Without --member, the models of this machine are asked, as
    by `manyminds ask`.
    """
    name, questions = _which(name, file, questions)
    out = output.out
    plan = _planned(name, questions, members, options, measuring, output.curve, out)
    missed = Misses(plan.rows, measuring.misses)
    progress = EvalProgress(len(plan.rows) * measuring.repeats, missed, out)
    command, data = COMMAND.get(), questions.file
    evaluation = partial(
        aevaluate,
        plan.graph.compile(),
        plan.rows,
        grade=plan.grade,
        repeats=measuring.repeats,
        seed=measuring.seed,
        out=out,
        concurrency=measuring.concurrency,
        on_row=progress.add,
        config=plan.config,
        on_open=None if out is None else partial(note_start, out, command, data),
        on_output=_kept(plan, out, output.keep),
    )
    with (
        one_writer(output.keep, what="evaluation", option="--keep"),
        recording.into(f"eval-{plan.graph.method}"),
    ):
        result = _run(evaluation(), progress)
    about = plan.about | {"seed": measuring.seed}
    about |= _curve_of(plan, measuring.repeats, output.plot, questions.file.name)
    _show(about, result, as_json)
    if measuring.misses and not as_json:
        console().print(missed.table())


def _curve_of(plan: "_Plan", repeats: int, plot: Path | None, file: str) -> dict[str, Any]:
    """Return the figures of the curve, if one is wanted, and draw it."""
    if plan.curve is None:
        return {}
    points = plan.curve.result(repeats)
    if plot is not None:
        draw(points, plot, f"{plan.graph.method} on {file}")
    return {"curve": points} | ({"curve_notes": plan.curve.notes} if plan.curve.notes else {})


def _which(
    name: str | None, file: Path | None, questions: Questions
) -> tuple[str | None, Questions]:
    """Return the method and the questions; a file alone may take the method's place."""
    if file is None and name is not None:
        alone = Path(name)
        if alone.is_file() or (alone.suffix and questions.data is None):
            name, file = None, alone
    return name or AUTO, with_file(questions, file)


@dataclass(frozen=True)
class _Plan:
    """An evaluation: a graph on rows, and its description for logs (`config`) and the screen."""

    rows: list[Row]
    graph: MethodGraph
    grade: Grader
    curve: Curve | None
    config: Config
    about: dict[str, object]


def _kept(plan: _Plan, out: Path | None, keep: Path | None) -> OnOutput | None:
    """Return the observer of each run: the curve, a log of the answers voted on, a sample file."""
    takers: list[OnOutput] = []
    if keep is not None:
        takers.append(SampleFile(keep).add)
    if plan.curve is not None:
        takers.append(plan.curve.add)
    elif out is not None and plan.graph.method == "agent-forest":
        takers.append(MembersAlone(list(plan.graph.members), plan.grade, out).add)

    async def take(row: Row, output: Mapping[str, Any] | None) -> None:
        for one in takers:
            await one(row, output)

    return take if takers else None


def _planned(
    name: str | None,
    questions: Questions,
    members: Members,
    options: MethodOptions,
    measuring: Measuring,
    curve: str | None,
    out: Path | None,
) -> _Plan:
    rows = questions.rows()
    limits = measuring.limits()
    asked = named_or_found(members, name, limits=limits)
    sandbox = measuring.sandbox()
    points = None if curve is None else read_points(curve)
    most = {} if points is None else {"samples": max(points)}
    method, texts = choose_method(name, asked, options.texts(**most))
    benchmark = TASKS.get(options.task or "")  # graded as its vote reads
    told = texts.pop("extract", None)
    read_as = questions.extract or told or (benchmark and benchmark.extract) or vote_kind(rows)
    if read_as is not None and "extract" in options_of(method):
        texts["extract"] = read_as
    values = read(method, texts)
    graph = build(method, asked, texts, limits=limits, instead=_running(texts, sandbox))
    grade = grader(rows, questions.file, extract=read_as, grades=questions.grades, run_code=sandbox)
    return _Plan(
        rows,
        graph,
        grade,
        curve=None if points is None else _curve(graph, points, values, grade, out),
        config={
            "asked": asked,
            "extract": read_as,
            "run_code": sandbox is not None,
        },
        about={
            "method": method.name,
            "members": list(graph.members),
            "extract": read_as,
            "options": values,
        },
    )


def _running(given: Mapping[str, str], limits: Limits | None) -> dict[str, object]:
    """Return the option value of the vote that runs programs, which needs --run-code."""
    if given.get("vote") != "executes":
        return {}
    if limits is None:
        raise InputError("--vote executes runs programs, in a process with limits: add --run-code")
    from manyminds.evals.executing import Executing

    return {"vote": Executing(limits=limits)}


def _curve(
    graph: MethodGraph,
    points: list[int],
    options: Mapping[str, object],
    grade: Grader,
    out: Path | None,
) -> Curve:
    if graph.method != "agent-forest" or out is not None:
        raise InputError("--curve is for agent-forest, and keeps no rows: leave --out away")
    members = list(graph.members.values())
    task = options.get("task")
    kind = answer_kind(str(options.get("extract", "final")), None if task is None else str(task))
    vote = options.get("vote") or default_vote(members, kind)
    if vote in ASKED_VOTES:
        raise InputError(f"--curve cannot ask a judge at every point: --vote {vote} is not for it")
    rule = options.get("stop")
    return Curve(
        points,
        vote=str(vote),
        extract=kind,
        members=members,
        rule=None if rule is None else stopping.rule(str(rule), cap=max(points)),
        grade=grade,
    )


def _run(evaluation: Coroutine[Any, Any, Result], progress: EvalProgress) -> Result:
    # Recorded answers stay until the end: unless they are set aside, garbage collection looks
    # through all of them repeatedly, which takes a third of the time.
    gc.collect()
    gc.freeze()
    try:
        with progress:
            result = asyncio.run(evaluation)
    finally:
        gc.unfreeze()
    progress.complain()
    return result


def _show(about: dict[str, object], result: Result, as_json: bool) -> None:
    if as_json:
        print_json({**about, **result.to_json()})
        return
    low, high = result.interval
    lines = {
        "accuracy": f"{result.accuracy:.1%}  ({low:.1%} to {high:.1%}, 95 % interval)",
        "questions": f"{result.n:,} x {counted(result.repeats, 'repeat')}",
        "samples": f"{result.samples_per_question:.1f} a question",
        "rounds": f"{result.rounds_per_question:.1f} a question",
        "read as": how_read(cast("str | None", about["extract"])),
        "calls": f"{result.calls:,}, {result.failed:,} of them without an answer",
        "cost": "unknown" if result.cost is None else dollars(result.cost),
        "time": f"{result.seconds:.1f} s",
    }
    if result.unanswered:
        lines["unanswered"] = f"{counted(result.unanswered, 'run')}, counted as not correct"
    if result.unread:
        lines["unread"] = f"{counted(result.unread, 'run')}, counted as not correct"
    if result.ungraded:
        lines["ungraded"] = f"{counted(result.ungraded, 'run')}, not counted"
    if result.degraded:
        lines["degraded"] = f"{counted(result.degraded, 'run')}; --out DIR keeps the reasons"
    table = Table.grid(padding=(0, 2))
    for name, value in lines.items():
        table.add_row(name, value)
    screen = console()
    members = about["members"]
    count = counted(len(members), "member") if isinstance(members, list) else ""
    screen.print(f"{about['method']}, {count}", style="bold")
    screen.print(table)
    if "curve" in about:
        screen.print(_points(cast("list[Point]", about["curve"])))


def _points(points: list[Point]) -> Table:
    table = Table("samples", "accuracy", "95 % interval", "coverage", "used", "cost", box=None)
    for point in points:
        low, high = point["interval"]
        table.add_row(
            str(point["samples"]),
            f"{point['accuracy']:.1%}",
            f"{low:.1%} to {high:.1%}",
            "" if point["coverage"] is None else f"{point['coverage']:.1%}",
            f"{point['samples_used']:.1f}",
            "unknown" if point["cost"] is None else dollars(point["cost"]),
        )
    return table
