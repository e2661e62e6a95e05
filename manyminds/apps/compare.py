"""`manyminds compare`: methods side by side, each with the same number of calls a question."""

import asyncio
from collections.abc import Mapping, Sequence
from time import strftime
from typing import Annotated

import typer
from rich.table import Table

from manyminds.apps import eval_flags, flags
from manyminds.apps.choose import maker
from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.flags import pair
from manyminds.apps.misses import Misses
from manyminds.apps.misses import read_as as how_read
from manyminds.apps.options import check, options_of, read
from manyminds.apps.recording import record_into
from manyminds.apps.terminal import console, counted, dollars, one_line, print_json
from manyminds.errors import InputError
from manyminds.evals.compare import BASELINE, Compared, acompare
from manyminds.evals.data import read_rows
from manyminds.evals.equal_cost import plan
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import CONCURRENCY
from manyminds.evals.grading import grader, vote_kind
from manyminds.members import members as as_members
from manyminds.registry import Method, method

Names = Annotated[str, typer.Option("--methods", help="names with commas between them")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="[METHOD.]NAME=VALUE",
        help="an option of one method, such as debate.topology=ring, or of all that take it; "
        "repeatable; `manyminds methods METHOD` lists them",
    ),
]
Calls = Annotated[int, typer.Option("--budget-calls", min=1, help="calls a question, at most")]


def compare(
    data: eval_flags.Data,
    names: Names,
    calls: Calls,
    members: eval_flags.Members = None,
    members_from: eval_flags.MembersFrom = None,
    members_file: eval_flags.MembersFile = None,
    sets: Set = None,
    extract: eval_flags.Extract = None,
    repeats: eval_flags.Repeats = 1,
    limit: eval_flags.Limit = None,
    seed: eval_flags.Seed = 0,
    grades: eval_flags.Grades = None,
    misses: eval_flags.Misses = 0,
    run_code: eval_flags.RunCode = None,
    concurrency: eval_flags.Concurrency = CONCURRENCY,
    record: flags.Record = None,
    no_record: flags.NoRecord = False,
    as_json: eval_flags.AsJson = False,
) -> None:
    """Compare methods on a file of questions, each with the same number of calls.

    Agent Forest is always one of them: the others are compared with it, question by question. The
    samples, rounds, layers or tries that are not --set are chosen to fit the calls.
    """
    rows = read_rows(data, limit)
    limits = eval_flags.limits(run_code)
    read_as = extract or vote_kind(rows)
    everyone = as_members(eval_flags.asked(members, members_from, members_file))
    named = dict.fromkeys([BASELINE, *(name.strip() for name in names.split(",") if name.strip())])
    chosen = [method(name) for name in named]
    given, make = _shared_out(sets or [], chosen), maker(known=everyone)
    plans = [
        plan(one, everyone, calls, extract=read_as, options=read(one, given[one.name], make))
        for one in chosen
    ]
    progress = EvalProgress(len(rows) * repeats * len(plans))
    missed = Misses(rows, misses)

    def on_row(outcome: Outcome) -> None:
        progress.add(outcome)
        missed.add(outcome)

    grade = grader(rows, data, extract=read_as, grades=grades, run_code=limits)
    within = f"{strftime('%Y%m%d-%H%M%S')}-compare"
    with progress, record_into(record, off=no_record, within=within):
        found = asyncio.run(
            acompare(
                plans,
                rows,
                grade=grade,
                repeats=repeats,
                seed=seed,
                concurrency=concurrency,
                on_row=on_row,
            )
        )
    progress.complain()
    missed.warn()
    if as_json:
        about: dict[str, object] = {
            "members": [member.name for member in everyone],
            "budget_calls": calls,
        }
        about |= {"questions": len(rows), "repeats": repeats, "seed": seed, "extract": read_as}
        about["set"] = {name: texts for name, texts in given.items() if texts}
        print_json({**about, "methods": [one.to_json() for one in found]})
        return
    screen = console()
    title = f"{counted(len(rows), 'question')}, {counted(repeats, 'repeat')}"
    screen.print(f"{title}, at most {counted(calls, 'call')} each", style="bold")
    screen.print(_table(found, given))
    screen.print(f"Answers are read as: {how_read(read_as)}.")
    screen.print(f"Gains are over {BASELINE}, with paired 95 % intervals; p is McNemar's, exact.")
    if misses:
        screen.print(missed.table())


def _shared_out(sets: Sequence[str], chosen: Sequence[Method]) -> dict[str, dict[str, str]]:
    """Return each method's options as text; one without a method is for all that take it."""
    given: dict[str, dict[str, str]] = {one.name: {} for one in chosen}
    for text in sets:
        named, value = pair(text)
        prefix, _, name = named.rpartition(".")
        target = [one for one in chosen if prefix in ("", one.name.replace("-", "_"))]
        if not target:
            raise InputError(f"--set {text}: {prefix} is not compared; add it to --methods")
        taking = [one for one in target if name in options_of(one)]
        if not taking:
            check(target[-1], {name: value})
        for one in taking:
            if name in given[one.name]:
                raise InputError(f"{name} is given twice for {one.name}: leave one of them away")
            given[one.name][name] = value
    return given


def _table(found: list[Compared], given: Mapping[str, Mapping[str, str]]) -> Table:
    priced = any(one.cost is not None for one in found)
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("method", no_wrap=True)
    if any(one.unread for one in found):
        table.caption = "unread, counted as not correct: " + ", ".join(
            f"{one.method} {one.unread:,}" for one in found
        )
    names = ["accuracy", "gain", "95 %", "p", "calls", "tokens", "seconds"]
    for name in [*names, "cost"] if priced else names:
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        is_base = one.method == BASELINE
        low, high = one.gain_interval
        table.add_row(
            _label(one, given[one.method]),
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


def _label(one: Compared, given: Mapping[str, str]) -> str:
    """Say what was compared: the method, how it was set, and how often it ran."""
    settings = [f"{name} {value}" for name, value in one.options.items()]
    settings += [one_line(f"{name} {text}", 22) for name, text in given.items()]
    settings += [f"{one.runs} runs, voted"] if one.runs > 1 else []
    return "\n  ".join([one.method, *settings])
