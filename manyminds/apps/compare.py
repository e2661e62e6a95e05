"""`manyminds compare`: methods side by side, each with the same number of calls a question."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.evaluate import (
    Extract,
    Grades,
    Members,
    MembersFile,
    MembersFrom,
    RunCode,
    recorded,
)
from manyminds.apps.terminal import complain, console, counted, dollars, one_line, print_json
from manyminds.errors import InputError
from manyminds.evals.compare import BASELINE, Compared, acompare
from manyminds.evals.data import read_rows
from manyminds.evals.equal_cost import plan
from manyminds.evals.evaluate import CONCURRENCY
from manyminds.evals.grading import grader, kind_of
from manyminds.members import members as as_members
from manyminds.methods import method

Names = Annotated[str, typer.Option("--methods", help="names with commas between them")]
Calls = Annotated[int, typer.Option("--budget-calls", min=1, help="calls a question, at most")]


def compare(
    data: Annotated[Path, typer.Option(help="questions, JSON Lines or .gz")],
    names: Names,
    calls: Calls,
    members: Members = None,
    members_from: MembersFrom = None,
    members_file: MembersFile = None,
    extract: Extract = None,
    repeats: Annotated[int, typer.Option(min=1, help="runs of each question")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="first questions only")] = None,
    seed: Annotated[int, typer.Option(help="drives every random choice")] = 0,
    grades: Grades = None,
    run_code: RunCode = False,
    concurrency: Annotated[int, typer.Option(min=1, help="questions at once")] = CONCURRENCY,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Compare methods on a file of questions, each with the same number of calls.

    Agent Forest is always one of them: the others are compared with it, question by question.
    """
    rows = read_rows(data, limit)
    read_as = extract or kind_of(rows)
    asked = [*(members or []), *recorded(members_from)]
    asked += [] if members_file is None else [f"members:{members_file}"]
    if not asked:
        raise InputError("nobody to ask: give --member X, or --members-from FILE for recorded ones")
    everyone = as_members(asked)
    chosen = dict.fromkeys([BASELINE, *(name.strip() for name in names.split(",") if name.strip())])
    plans = [plan(method(name), everyone, calls, extract=read_as) for name in chosen]
    progress = EvalProgress(len(rows) * repeats * len(plans))
    grade = grader(rows, data, extract=read_as, grades=grades, run_code=run_code)
    with progress:
        found = asyncio.run(
            acompare(
                plans,
                rows,
                grade=grade,
                repeats=repeats,
                seed=seed,
                concurrency=concurrency,
                on_row=progress.add,
            )
        )
    for why, count in progress.errors.most_common(3):
        complain(f"{counted(count, 'run')} ended without an answer: {one_line(why)}")
    if as_json:
        about = {"members": [member.name for member in everyone], "budget_calls": calls}
        about |= {"questions": len(rows), "repeats": repeats, "seed": seed, "extract": read_as}
        print_json({**about, "methods": [one.to_json() for one in found]})
        return
    screen = console()
    title = f"{counted(len(rows), 'question')}, {counted(repeats, 'repeat')}"
    screen.print(f"{title}, at most {counted(calls, 'call')} each", style="bold")
    screen.print(_table(found))
    screen.print(f"Gains are over {BASELINE}, with paired 95 % intervals; p is McNemar's, exact.")


def _table(found: list[Compared]) -> Table:
    priced = any(one.cost is not None for one in found)
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("method", no_wrap=True)
    names = ["accuracy", "gain", "95 %", "p", "calls", "tokens", "seconds"]
    for name in [*names, "cost"] if priced else names:
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        is_base = one.method == BASELINE
        low, high = one.gain_interval
        table.add_row(
            _label(one),
            f"{one.accuracy:.1%}",
            "" if is_base else f"{one.gain:+.1%}",
            "" if is_base else f"{100 * low:+.1f} to {100 * high:+.1f}",
            "" if is_base or one.p is None else f"{one.p:.2g}",
            f"{one.calls:.1f}",
            f"{one.tokens:,.0f}",
            f"{one.seconds:.2f}",
            *(["unknown" if one.cost is None else dollars(one.cost)] if priced else []),
        )
    return table


def _label(one: Compared) -> str:
    """Say what was compared: the method, what was set to fit the calls, and how often it ran."""
    settings = [f"{name} {value}" for name, value in one.options.items()]
    settings += [f"{one.runs} runs, voted"] if one.runs > 1 else []
    return "\n  ".join([one.method, *settings])
