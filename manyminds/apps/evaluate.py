"""`manyminds eval`: a method on a file of questions, graded."""

import asyncio
import gc
from collections.abc import Coroutine, Mapping
from pathlib import Path
from time import strftime
from typing import Annotated, Any, cast

import typer
from rich.table import Table

from manyminds.answer_form import answer_kind
from manyminds.apps import eval_flags, flags
from manyminds.apps.choose import build
from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.misses import Misses
from manyminds.apps.misses import read_as as how_read
from manyminds.apps.options import options_of, read
from manyminds.apps.recording import record_into
from manyminds.apps.terminal import complain, console, counted, dollars, print_json
from manyminds.errors import InputError
from manyminds.evals.curve import Curve, Point, read_points
from manyminds.evals.curve import plot as draw
from manyminds.evals.data import read_rows
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import CONCURRENCY, aevaluate
from manyminds.evals.grading import Grader, grader, vote_kind
from manyminds.evals.result import Result
from manyminds.evals.sandbox import Limits
from manyminds.graphs.agent_forest import ASKED_VOTES, default_vote
from manyminds.method_graph import MethodGraph
from manyminds.registry import method as find_method
from manyminds.votes import stopping

_INTERRUPTED = 130

CurvePoints = Annotated[
    str | None, typer.Option(help="numbers of samples, such as 1,2,5,10: accuracy at each")
]
Plot = Annotated[Path | None, typer.Option(help="draw the curve into this file")]
Out = Annotated[Path | None, typer.Option(help="folder that keeps rows; goes on where it stopped")]


def evaluate(
    name: Annotated[str, typer.Argument(metavar="METHOD", help="see `manyminds methods`")],
    data: eval_flags.Data,
    members: eval_flags.Members = None,
    members_from: eval_flags.MembersFrom = None,
    members_file: eval_flags.MembersFile = None,
    samples: flags.Samples = None,
    layers: flags.Layers = None,
    aggregator: flags.Aggregator = None,
    vote: flags.Vote = None,
    stop: flags.Stop = None,
    judge: flags.Judge = None,
    planner: flags.Planner = None,
    task: flags.Task = None,
    cut: flags.Cut = False,
    prompt: flags.PromptName = None,
    sets: flags.Set = None,
    extract: eval_flags.Extract = None,
    repeats: eval_flags.Repeats = 1,
    limit: eval_flags.Limit = None,
    seed: eval_flags.Seed = 0,
    grades: eval_flags.Grades = None,
    misses: eval_flags.Misses = 0,
    run_code: eval_flags.RunCode = None,
    out: Out = None,
    concurrency: eval_flags.Concurrency = CONCURRENCY,
    curve: CurvePoints = None,
    plot: Plot = None,
    record: flags.Record = None,
    no_record: flags.NoRecord = False,
    as_json: eval_flags.AsJson = False,
) -> None:
    """Measure a method on a file of questions.

    Rows are {"id", "question", "answer"}; rows about code have "prompt", "entry_point" and "test".
    Each question draws its own order of members, and of recorded answers, in every repeat.
    """
    method = find_method(name)
    rows = read_rows(data, limit)
    limits = eval_flags.limits(run_code)
    points = None if curve is None else read_points(curve)
    most = samples if points is None else max(points)
    given = flags.texts(
        sets, samples=most, layers=layers, aggregator=aggregator, vote=vote, stop=stop, judge=judge,
        planner=planner, task=task, cut=cut, prompt=prompt, extract=extract,
    )  # fmt: skip
    read_as = given.pop("extract", None) or vote_kind(rows)
    if read_as is not None and "extract" in options_of(method):
        given["extract"] = read_as
    options = read(method, given)
    asked = eval_flags.asked(members, members_from, members_file)
    graph = build(method, asked, given, instead=_running(given, limits))
    settings = {
        "asked": asked,
        "options": options,
        "extract": read_as,
        "run_code": limits is not None,
    }
    progress = EvalProgress(len(rows) * repeats)
    missed = Misses(rows, misses)

    def on_row(outcome: Outcome) -> None:
        progress.add(outcome)
        missed.add(outcome)

    grade = grader(rows, data, extract=read_as, grades=grades, run_code=limits)
    drawn = None if points is None else _curve(graph, points, options, grade, out)
    evaluation = aevaluate(
        graph.compile(),
        rows,
        grade=grade,
        repeats=repeats,
        seed=seed,
        out=out,
        concurrency=concurrency,
        on_row=on_row,
        config=settings,
        on_output=None if drawn is None else drawn.add,
    )
    within = f"{strftime('%Y%m%d-%H%M%S')}-eval-{method.name}"
    with record_into(record, off=no_record, within=within):
        result = _run(evaluation, progress, out)
    about: dict[str, object] = {"method": method.name, "members": list(graph.members)}
    about |= {"seed": seed, "extract": read_as, "options": options}
    if drawn is not None:
        about["curve"] = drawn.result(repeats)
        if plot is not None:
            draw(drawn.result(repeats), plot, f"{method.name} on {data.name}")
    _show(about, result, as_json)
    missed.warn()
    if misses and not as_json:
        console().print(missed.table())


def _running(given: Mapping[str, str], limits: Limits | None) -> dict[str, object]:
    """Return what stands for the vote that runs programs; running them must be asked for."""
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


def _run(
    evaluation: Coroutine[Any, Any, Result], progress: EvalProgress, out: Path | None
) -> Result:
    # Recorded answers stay until the end: unless they are set aside, garbage collection looks
    # through all of them again and again, which takes a third of the time.
    gc.collect()
    gc.freeze()
    try:
        with progress:
            result = asyncio.run(evaluation)
    except KeyboardInterrupt:
        kept = f"{counted(progress.rows, 'row')} of {progress.total:,}"
        complain(
            f"interrupted after {kept}; --out DIR would have kept them"
            if out is None
            else f"interrupted; {kept} are kept in {out}: the same command goes on from there"
        )
        raise typer.Exit(_INTERRUPTED) from None
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
