"""`manyminds eval`: a method on a file of questions, graded."""

import asyncio
import gc
import inspect
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.terminal import complain, console, counted, dollars, one_line, print_json
from manyminds.errors import InputError
from manyminds.evals.data import read_rows
from manyminds.evals.evaluate import CONCURRENCY, aevaluate
from manyminds.evals.grading import grader, kind_of
from manyminds.evals.result import Result
from manyminds.graphs.method_graph import MethodGraph
from manyminds.methods import Method
from manyminds.methods import method as find_method
from manyminds.models.recorded import recorded_names

_INTERRUPTED = 130

Members = Annotated[list[str] | None, typer.Option("--member", help="who is asked; repeatable")]
MembersFrom = Annotated[Path | None, typer.Option(help="a recorded member for each model in FILE")]
Samples = Annotated[int | None, typer.Option(help="samples a question, at most")]
Layers = Annotated[int | None, typer.Option(help="layers, the aggregator's included")]
Aggregator = Annotated[str | None, typer.Option(help="who writes the answer")]
Vote = Annotated[str | None, typer.Option(help="majority, bleu, rouge, levenshtein, tfidf")]
Stop = Annotated[str | None, typer.Option(help="stopping rule, such as beta:0.95")]
Extract = Annotated[str | None, typer.Option(help="how to read answers; default: suits the data")]
Grades = Annotated[Path | None, typer.Option(help="flags of samples; default: the _passed file")]
RunCode = Annotated[bool, typer.Option("--run-code", help="run programs to grade them, confined")]
Out = Annotated[Path | None, typer.Option(help="folder that keeps rows; goes on where it stopped")]


def evaluate(
    name: Annotated[str, typer.Argument(metavar="METHOD", help="see `manyminds methods`")],
    data: Annotated[Path, typer.Option(help="questions, JSON Lines or .gz")],
    members: Members = None,
    members_from: MembersFrom = None,
    samples: Samples = None,
    layers: Layers = None,
    aggregator: Aggregator = None,
    vote: Vote = None,
    stop: Stop = None,
    extract: Extract = None,
    repeats: Annotated[int, typer.Option(min=1, help="runs of each question")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="first questions only")] = None,
    seed: Annotated[int, typer.Option(help="drives every random choice")] = 0,
    grades: Grades = None,
    run_code: RunCode = False,
    out: Out = None,
    concurrency: Annotated[int, typer.Option(min=1, help="questions at once")] = CONCURRENCY,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a method on a file of questions.

    Rows are {"id", "question", "answer"}; rows about code have "prompt", "entry_point" and "test".
    Each question draws its own order of members, and of recorded answers, anew in every repeat.
    """
    method = find_method(name)
    rows = read_rows(data, limit)
    read_as = extract or kind_of(rows)
    roles = {"aggregator": aggregator, "vote": vote, "stop": stop}
    options = _options(method, read_as, samples=samples, layers=layers, **roles)
    asked = [*(members or []), *_recorded(members_from)]
    graph = _build(method, asked, options)
    settings = {"asked": asked, "options": options, "extract": read_as, "run_code": run_code}
    progress = EvalProgress(len(rows) * repeats)
    evaluation = aevaluate(
        graph.compile(),
        rows,
        grade=grader(rows, data, extract=read_as, grades=grades, run_code=run_code),
        repeats=repeats,
        seed=seed,
        out=out,
        concurrency=concurrency,
        on_row=progress.add,
        config=settings,
    )
    result = _run(evaluation, progress, out)
    about = {"method": method.name, "members": list(graph.members), "seed": seed}
    _show({**about, "extract": read_as, "options": options}, result, as_json)


def _options(
    method: Method, extract: str | None, **given: str | int | None
) -> dict[str, str | int]:
    """Return the options that were given; one that the method does not take is an error."""
    chosen = {name: value for name, value in given.items() if value is not None}
    for name in chosen:
        if name not in method.options:
            takes = ", ".join(f"--{option}" for option in method.options)
            raise InputError(f"{method.name} takes no --{name}: it takes {takes or 'no options'}")
    if extract is not None and "extract" in method.options:
        chosen["extract"] = extract
    return chosen


def _recorded(path: Path | None) -> list[str]:
    return [] if path is None else [f"recorded:{path}#model={m}" for m in recorded_names(path)]


def _build(method: Method, asked: list[str], options: dict[str, str | int]) -> MethodGraph:
    if not asked:
        raise InputError("nobody to ask: give --member X, or --members-from FILE for recorded ones")
    create = method.create()
    members: object = asked
    if next(iter(inspect.signature(create).parameters)) == "member":
        if len(asked) > 1:
            raise InputError(f"{method.name} asks one member: give --member once, not {len(asked)}")
        members = asked[0]
    graph = create(members, **options)
    assert isinstance(graph, MethodGraph)
    return graph


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
    for why, count in progress.errors.most_common(3):
        complain(f"{counted(count, 'run')} ended without an answer: {one_line(why)}")
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
        "calls": f"{result.calls:,}, {result.failed:,} of them without an answer",
        "cost": "unknown" if result.cost is None else dollars(result.cost),
        "time": f"{result.seconds:.1f} s",
    }
    if result.unanswered:
        lines["unanswered"] = f"{counted(result.unanswered, 'run')}, counted as not correct"
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
