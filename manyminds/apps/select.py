"""`manyminds select`: which members to ask, and what their votes are worth."""

import asyncio
import json
import statistics
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import Progress
from rich.table import Table

from manyminds.apps.terminal import console, print_json, watched
from manyminds.errors import InputError
from manyminds.evals.data import read_rows
from manyminds.evals.grading import grader, kind_of
from manyminds.evals.select import Judged, as_chain, as_file, ask_everyone, judge
from manyminds.members import members as as_members
from manyminds.models.recorded import recorded_names
from manyminds.votes.answers import extractor
from manyminds.votes.selection import MOST

Role = Literal["proposer", "aggregator"]


def select(
    data: Annotated[Path, typer.Option(help="questions with answers, JSON Lines or .gz")],
    members: Annotated[list[str] | None, typer.Option("--member", help="repeatable")] = None,
    members_from: Annotated[
        Path | None, typer.Option(help="a recorded member for each model in FILE")
    ] = None,
    calibration: Annotated[int, typer.Option(min=1, help="questions to choose on")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="calibration sets to average over")] = 1,
    seed: Annotated[int, typer.Option(help="draws the calibration questions")] = 0,
    role: Annotated[Role, typer.Option("--for", help="the part they are to play")] = "proposer",
    most: Annotated[int, typer.Option(min=1, help="members at most")] = MOST,
    extract: Annotated[str | None, typer.Option(help="how to read answers")] = None,
    grades: Annotated[Path | None, typer.Option(help="flags of recorded samples")] = None,
    limit: Annotated[int | None, typer.Option(min=2, help="first questions only")] = None,
    out: Annotated[Path | None, typer.Option(help="write the members file here")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Choose members by performance and diversity, and weigh their votes.

    Everyone is asked every question. The choice is made on the calibration questions alone and
    judged on the others, beside the member that looked best. The file of --out is for --members.
    """
    specs = [*(members or []), *_recorded(members_from)]
    if len(specs) < 2:
        raise InputError("give at least two members: --member X, or --members-from FILE")
    rows = read_rows(data, limit)
    read_as = extract or kind_of(rows) or "final"
    grade = grader(rows, data, extract=read_as, grades=grades)
    names = [member.name for member in as_members(list(specs))]
    with Progress(console=console(), transient=True, disable=not watched()) as bar:
        task = bar.add_task("asking", total=len(rows))
        answers = asyncio.run(
            ask_everyone(
                specs,
                rows,
                extract=extractor(read_as),
                grade=grade,
                on_row=lambda: bar.advance(task),
            )
        )
    judged = [judge(answers, calibration, f"{seed}:{n}", most=most) for n in range(repeats)]
    first = judged[0].selection if role == "proposer" else as_chain(judged[0].selection)
    about = {"for": role, "data": data.name, "calibration": calibration, "seed": seed}
    file = as_file(first, dict(zip(names, specs, strict=True)), about)
    if out is not None:
        out.write_text(json.dumps(file, indent=2) + "\n", encoding="utf-8")
    result = _result(judged, file)
    if as_json:
        print_json(result)
    else:
        _show(result, file, out)


def _recorded(path: Path | None) -> list[str]:
    return [] if path is None else [f"recorded:{path}#model={m}" for m in recorded_names(path)]


def _result(judged: list[Judged], file: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    chosen = file["members"]
    return {
        "accuracy": statistics.mean(one.accuracy for one in judged),
        "best_single": statistics.mean(one.best_single for one in judged),
        "best_single_member": judged[0].selection.best_single,
        "members": [member["name"] for member in chosen],
        "weights": [member["weight"] for member in chosen],
        "error_correlation": statistics.mean(one.selection.error_correlation for one in judged),
        "size": statistics.mean(len(one.selection.members) for one in judged),
        "n": judged[0].asked,
        "repeats": len(judged),
    }


def _show(
    result: dict[str, object], file: dict[str, list[dict[str, object]]], out: Path | None
) -> None:
    table = Table("member", "alone, on the calibration set", "weight", box=None)
    for member in file["members"]:
        table.add_row(str(member["name"]), f"{member['accuracy']:.1%}", f"{member['weight']:.2f}")
    screen = console()
    screen.print(table)
    screen.print(
        f"their weighted vote: {result['accuracy']:.1%} right on {result['n']} other questions; "
        f"who looked best alone: {result['best_single']:.1%}"
    )
    if out is not None:
        screen.print(f"written to {out}: give it as --members {out}", markup=False)
