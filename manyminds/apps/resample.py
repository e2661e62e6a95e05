"""`manyminds resample`: every number of samples, rule and vote, from samples drawn once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from manyminds.apps.flags import AsJson, Questions, Seed
from manyminds.apps.terminal import console, counted, print_json
from manyminds.errors import InputError
from manyminds.evals.curve import read_points
from manyminds.evals.grading import grader, vote_kind
from manyminds.evals.resample import MOST, ORDERS, RULES, SIZES, Figure, Resampling
from manyminds.evals.samples import Drawn, bundled_samples, read_samples
from manyminds.models.bundled import bundled, bundled_names
from manyminds.reading.answers import extractor


def resample(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Samples: of `manyminds eval --keep FILE`, recorded answers, or gsm8k-44.",
        ),
    ],
    *,
    questions: Questions,
    stop: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Stopping rule, such as beta:0.95; may be repeated."),
    ] = None,
    curve: Annotated[
        str | None, typer.Option(metavar="N,N,...", help="Numbers of samples, such as 1,5,10.")
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", min=1, help="Samples of a question.")] = MOST,
    orders: Annotated[
        int, typer.Option(metavar="N", min=1, help="Random orders of the samples of a question.")
    ] = ORDERS,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Evaluate everything that only votes on samples that were drawn once, without asking anybody.

    Each question puts its samples in random orders; figures are means over them, with intervals
    over questions. --data names the questions, if the file has no reference answers.
    """
    drawn = _drawn(file, questions)
    run = Resampling(drawn, orders=orders, most=most, seed=seed)
    sizes = SIZES if curve is None else read_points(curve)
    figures = run.everything(sizes, stop or RULES)
    single = sorted(run.single().items(), key=lambda one: -one[1])
    if as_json:
        print_json(
            {
                "questions": len(drawn),
                "orders": orders,
                "seed": seed,
                "figures": [one._asdict() for one in figures],
                "members": dict(single),
            }
        )
        return
    screen = console()
    members = counted(len(single), "member")
    screen.print(f"{counted(len(drawn), 'question')}, {members}, {counted(orders, 'order')} each")
    screen.print(_table(figures))
    name, accuracy = single[0]
    screen.print(f"best member alone, known only afterwards: {name}, {accuracy:.1%}")


def _drawn(file: Path, questions: Questions) -> list[Drawn]:
    if str(file) in bundled_names() and not file.exists():
        if questions.data is not None:
            raise InputError(f"{file} has its own reference answers: leave --data away")
        drawn = bundled_samples(bundled(str(file)))
        return drawn[: questions.limit]
    if questions.data is None:
        questions = replace(questions, data=file)
    rows = questions.rows()
    kind = questions.extract or vote_kind(rows)
    grade = grader(rows, questions.file, extract=kind, grades=questions.grades)
    reading = read_samples(file, rows, grade=grade, extract=extractor(kind or "final"))
    return asyncio.run(reading)


def _table(figures: Sequence[Figure]) -> Table:
    table = Table("", "samples", "right", "95 % interval", "as all", "pass@k", "tokens", box=None)
    for one in figures:
        low, high = one.interval
        table.add_row(
            f"majority of {one.name}" if one.kind == "samples" else one.name,
            f"{one.samples:.1f}",
            f"{one.accuracy:.1%}",
            f"{low:.1%} to {high:.1%}",
            f"{one.same:.1%}",
            "" if one.coverage is None else f"{one.coverage:.1%}",
            f"{one.tokens:,.0f}" if one.tokens else "",
        )
    return table
