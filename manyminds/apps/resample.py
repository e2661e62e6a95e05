"""`manyminds resample`: every number of samples, rule and vote, from samples drawn once."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.table import Table

from manyminds.apps.flags import AsJson, Questions, Seed
from manyminds.apps.terminal import complain, console, counted, print_json
from manyminds.errors import InputError
from manyminds.evals.by_difficulty import SIDES, Side, by_difficulty
from manyminds.evals.curve import read_points
from manyminds.evals.data import id_of, question_of
from manyminds.evals.resample import MOST, ORDERS, RULES, SIZES, Figure, Resampling
from manyminds.evals.samples import Drawn, bundled_samples, read_samples
from manyminds.evals.statistics.coverage import PowerLaw, fit_power_law
from manyminds.evals.statistics.difficulty import Gain
from manyminds.evals.tables import data_rows
from manyminds.models.bundled import bundled, bundled_names
from manyminds.reading.answers import extractor


def resample(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Samples: of `manyminds eval --keep FILE`, recorded answers, or the name of a "
            "set that comes with the package, such as gsm8k-44.",
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
    by: Annotated[
        str | None,
        typer.Option(metavar="SIDE", help=f"Gain of the vote by {', '.join(SIDES)}, instead."),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Evaluate everything that only votes on samples that were drawn once, without asking anybody.

    Each question puts its samples in random orders; figures are means over them, with intervals
    over questions. --data names the questions, if the file has no reference answers. --by shows
    where the vote gains: by inherent difficulty (half of the samples sort the questions), number of
    steps, prior probability (options), or the questions' group.
    """
    drawn = _drawn(file, questions)
    if by is not None:
        _gains(by, file, questions, drawn, orders, seed, as_json)
        return
    run = Resampling(drawn, orders=orders, most=most, seed=seed)
    figures = run.everything(SIZES if curve is None else read_points(curve), stop or RULES)
    if as_json:
        law = _coverage_law(figures)
        print_json(
            {
                **{"questions": len(drawn), "orders": orders, "seed": seed},
                "figures": [one._asdict() for one in figures],
                "coverage_law": law and {"scale": law.scale, "slope": law.slope},
                "members": _ranked(run),
            }
        )
    else:
        _show(run, figures)


def _show(run: Resampling, figures: Sequence[Figure]) -> None:
    screen = console()
    members = _ranked(run)
    screen.print(
        f"{counted(len(run.drawn), 'question')}, {counted(len(members), 'member')}, "
        f"{counted(len(run.orders[0]), 'order')} each"
    )
    screen.print(_table(figures))
    law = _coverage_law(figures)
    if law is not None:
        screen.print(
            f"coverage follows exp({law.scale:.3g} k^{law.slope:.3g}) (arXiv 2407.21787): "
            f"{law(2 * run.most):.1%} of twice as many samples, an extrapolation"
        )
    name, accuracy = next(iter(members.items()))
    screen.print(f"best member alone, known only afterwards: {name}, {accuracy:.1%}")


def _ranked(run: Resampling) -> dict[str, float]:
    """Return the accuracy of each member alone, best first."""
    return dict(sorted(run.single().items(), key=lambda one: -one[1]))


def _coverage_law(figures: Sequence[Figure]) -> PowerLaw | None:
    """Fit coverage to the number of samples; None where there are too few points."""
    points = {int(one.name): one.coverage for one in figures if one.coverage}
    if len(points) < 3 or max(points.values()) >= 1.0:
        return None
    return fit_power_law(list(points), list(points.values()))


def _gains(
    by: str,
    file: Path,
    questions: Questions,
    drawn: Sequence[Drawn],
    orders: int,
    seed: int,
    as_json: bool,
) -> None:
    """Print the gain of the vote by a side of difficulty."""
    if by not in SIDES:
        raise InputError(f"--by {by} is not known: use {', '.join(SIDES)}")
    rows = None if by == "difficulty" else dict(_rows(file, questions.data or file))
    found = by_difficulty(drawn, cast("Side", by), rows, orders=orders, seed=seed)
    if as_json:
        print_json({"by": by, "seed": seed, "gains": [one._asdict() for one in found]})
        return
    screen = console()
    heading = "others right" if by == "difficulty" else by
    screen.print(_gains_table(heading, found))
    lost = len(drawn) - sum(one.n for one in found)
    if lost:
        screen.print(f"{counted(lost, 'question')} left out: their {by} is not known")


def _rows(file: Path, data: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the rows of the questions by id, as they are in their file."""
    if str(file) in bundled_names() and not file.exists():
        found = bundled(str(file))
        groups = found.groups or [""] * len(found.ids)
        yield from (
            (id, {"question": id, "group": group})
            for id, group in zip(found.ids, groups, strict=True)
        )
        return
    for where, row in data_rows(data):
        yield id_of(row, where), {**row, "question": question_of(row, where)}


def _gains_table(heading: str, found: Sequence[Gain]) -> Table:
    table = Table(heading, "questions", "one", "vote", "gain, points", box=None)
    for one in found:
        (low, high), (down, up) = one.voted_interval, one.gain_interval
        table.add_row(
            str(one.group),
            f"{one.n:,}",
            f"{one.single:.1%}",
            f"{one.voted:.1%} [{low:.1%}, {high:.1%}]",
            f"{100 * one.gain:+.1f} [{100 * down:+.1f}, {100 * up:+.1f}]",
        )
    return table


def _drawn(file: Path, questions: Questions) -> list[Drawn]:
    if str(file) in bundled_names() and not file.exists():
        if questions.data is not None:
            raise InputError(f"{file} has its own reference answers: leave --data away")
        drawn = bundled_samples(bundled(str(file)))
        return drawn[: questions.limit]
    if questions.data is None:
        questions = replace(questions, data=file)
    rows = questions.rows()
    grade, kind = questions.grader(rows)
    lost = list[str]()
    reading = read_samples(
        file, rows, grade=grade, extract=extractor(kind or "final"), on_ungraded=lost.append
    )
    drawn = asyncio.run(reading)
    if lost:
        complain(f"{counted(len(lost), 'question')} left out: no sample of it can be graded")
    return drawn


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
