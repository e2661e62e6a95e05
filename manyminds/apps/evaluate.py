"""`manyminds eval`: a method on a file of questions, graded."""

import asyncio
import gc
import inspect
import json
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from manyminds.apps.progress import EvalProgress
from manyminds.errors import InputError
from manyminds.evals.data import Row, read_rows
from manyminds.evals.evaluate import CONCURRENCY, aevaluate
from manyminds.evals.grading import grader, kind_of
from manyminds.evals.journal import Record
from manyminds.evals.result import Result
from manyminds.members import Askable
from manyminds.methods import Method
from manyminds.methods import method as find_method
from manyminds.models.recorded import recorded_names

_INTERRUPTED = 130


def evaluate(
    name: Annotated[str, typer.Argument(metavar="METHOD", help="see `manyminds methods`")],
    data: Annotated[Path, typer.Option(help="questions, JSON Lines, also .gz")],
    member: Annotated[list[str] | None, typer.Option(help="who is asked; repeatable")] = None,
    members_from: Annotated[
        Path | None, typer.Option(help="one recorded member for each model in this file")
    ] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="samples a question")] = None,
    layers: Annotated[int | None, typer.Option(help="layers, the aggregator's included")] = None,
    aggregator: Annotated[str | None, typer.Option(help="who writes the answer")] = None,
    vote: Annotated[str | None, typer.Option(help="majority, bleu, rouge, ...")] = None,
    stop: Annotated[str | None, typer.Option(help="stopping rule, such as beta:0.95")] = None,
    extract: Annotated[
        str | None, typer.Option(help="how answers are read; default: what suits the data")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="runs of each question")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="only the first questions")] = None,
    seed: Annotated[int, typer.Option(help="drives every random choice")] = 0,
    grades: Annotated[
        Path | None, typer.Option(help="flags of recorded samples; default: the _passed file")
    ] = None,
    run_code: Annotated[
        bool, typer.Option("--run-code", help="grade programs by running them, with limits")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="folder to keep rows in, and go on from")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="questions at once")] = CONCURRENCY,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Measure a method on a file of questions.

    Rows are {"id", "question", "answer"}; rows about code have "prompt", "entry_point" and "test".
    """
    method = find_method(name)
    rows = read_rows(data, limit)
    everyone = _members(member or [], members_from)
    read_as = extract or kind_of(rows)
    chosen: dict[str, object] = {
        "samples": samples,
        "layers": layers,
        "aggregator": aggregator,
        "vote": vote,
        "stop": stop,
    }
    options = _options(method, chosen, read_as)
    graph = _build(method, everyone, options)
    grade = grader(rows, data, extract=read_as, grades=grades, run_code=run_code)
    settings = {"options": options, "extract": read_as, "run_code": run_code, "from": everyone}
    summary = {
        "method": method.name,
        "members": list(graph.builder.members),
        "seed": seed,
        "extract": read_as,
        "options": options,
    }
    # The recorded answers stay until the end: without this, garbage collection passes over all of
    # them again and again, and takes a third of the time.
    gc.collect()
    gc.freeze()
    progress = EvalProgress(len(rows) * repeats)
    watch = _Watch(progress)
    try:
        with progress:
            result = asyncio.run(
                aevaluate(
                    graph,
                    rows,
                    grade=grade,
                    repeats=repeats,
                    seed=seed,
                    out=out,
                    concurrency=concurrency,
                    on_row=watch,
                    config=settings,
                )
            )
    except KeyboardInterrupt:
        typer.echo(_interrupted(watch.rows, len(rows) * repeats, out), err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if as_json:
        typer.echo(json.dumps({**summary, **result.to_json()}))
    else:
        _show(method.name, len(everyone), result, out)
    watch.explain()
