"""`manyminds compare`: methods side by side, each with the same number of calls a question."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from rich.cells import cell_len
from rich.table import Table
from typer import Option

from manyminds.apps.choose import Prices, is_file, maker
from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.flags import AsJson, Measuring, Members, Questions, Recording, pair
from manyminds.apps.misses import Misses
from manyminds.apps.misses import read_as as how_read
from manyminds.apps.options import check, options_of, read
from manyminds.apps.terminal import (
    COMMAND,
    complain,
    console,
    counted,
    one_line,
    print_json,
)
from manyminds.errors import InputError
from manyminds.evals.compare import acompare
from manyminds.evals.comparison import BASELINE, SELF_CORRECTION, Compared, Comparison
from manyminds.evals.data import Row, groups_of
from manyminds.evals.equal_cost import Plan, plan
from manyminds.evals.members_alone import BEST_MEMBER
from manyminds.evals.ownership import one_writer
from manyminds.evals.provenance import note_start, read_study, write_study
from manyminds.evals.statistics.power import smallest_effect
from manyminds.members import Member
from manyminds.members import members as as_members
from manyminds.prices import in_digits
from manyminds.registry import AUTO, Method, automatic, method

_SAME = ("members", "budget_calls", "questions", "seed", "extract")
"""What all starts of a comparison have in common; methods and repeats may be added."""


@dataclass(frozen=True)
class Contest:
    """The methods of a comparison, and the calls of each.

    Attributes:
        methods: Methods, with commas between them.
        calls: Calls a question, at most.
        sets: Option of one method, such as debate.topology=ring, or of all that take it; may be
            repeated. `manyminds methods METHOD` lists them.
        out: Folder that keeps rows, for `manyminds report`; the same command continues where it
            stopped.
    """

    methods: Annotated[str, Option(metavar="NAME,...")]
    calls: Annotated[int, Option("--budget-calls", metavar="N", min=1)]
    sets: Annotated[list[str] | None, Option("--set", "-s", metavar="[METHOD.]NAME=VALUE")] = None
    out: Annotated[Path | None, Option(metavar="DIR")] = None


def compare(
    *,
    contest: Contest,
    questions: Questions,
    members: Members,
    measuring: Measuring,
    recording: Recording,
    as_json: AsJson = False,
) -> None:
    """Compare methods on a file of questions, each with the same number of calls.

    Agent Forest is always one of them: the others are compared with it, question by question.
    Self-refine and the best single member are always rows, too. The samples, rounds, layers or
    tries that are not --set are chosen to fit the calls.
    """
    rows = questions.rows()
    sandbox = measuring.sandbox()
    grade, read_as = questions.grader(rows, sandbox)
    prices = Prices(measuring.price)
    make = maker(prices=prices)
    everyone = as_members([one if is_file(one) else make(one) for one in members.required()])
    given, optional = _methods(contest, everyone)
    make = maker(known=everyone, prices=prices)
    plans = _plans(given, everyone, contest.calls, read_as, make, optional=optional)
    prices.check()
    about: dict[str, Any] = {
        "members": [member.name for member in everyone],
        "budget_calls": contest.calls,
        **{"questions": len(rows), "repeats": measuring.repeats, "seed": measuring.seed},
        "extract": read_as,
        "set": {name: texts for name, texts in given.items() if texts},
    }
    missed = Misses(rows, measuring.misses)
    progress = EvalProgress(len(rows) * measuring.repeats * len(plans), missed, contest.out)
    writer = one_writer(contest.out, what="comparison", folder=True)
    with writer, progress, recording.into("compare"):
        if contest.out is not None:
            _write_study(contest.out, about, plans, rows, questions.file)
        found = asyncio.run(
            acompare(
                plans,
                rows,
                grade=grade,
                members=everyone,
                repeats=measuring.repeats,
                seed=measuring.seed,
                concurrency=measuring.concurrency,
                out=contest.out,
                on_row=progress.add,
            )
        )
    progress.complain()
    if as_json:
        print_json({**about, **found.to_json()})
        return
    _show(found, given, about)
    if contest.out is not None:
        console().print(f"manyminds report {contest.out}", style="bold")
    if measuring.misses:
        console().print(missed.table())


def _methods(
    contest: Contest, members: Sequence[Member]
) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Return the options of each method, and the methods that may be left out."""
    auto = automatic({member.spec or id(member.model) for member in members})
    names = [name.strip() for name in contest.methods.split(",") if name.strip()]
    listed = [auto if name == AUTO else name for name in names]
    named = dict.fromkeys([BASELINE, *listed, SELF_CORRECTION])
    given = _shared_out(contest.sets or [], [method(name) for name in named])
    return given, {SELF_CORRECTION} - {*listed}


def _write_study(
    out: Path, about: Mapping[str, Any], plans: Sequence[Plan], rows: Sequence[Row], file: Path
) -> None:
    """Write the description of the comparison, for `manyminds report`.

    Raises:
        InputError: The folder holds another comparison, or cannot be written.
    """
    known = read_study(out) or about
    differ = [name for name in _SAME if known.get(name) != about[name]]
    if differ:
        raise InputError(
            f"{out} holds another comparison, with a different {', '.join(differ)}: choose another "
            "folder with --out"
        )
    planned = [one.to_json() for one in plans]
    write_study(out, {**about, "methods": planned, "groups": groups_of(rows)})
    note_start(out, COMMAND.get(), file)


def _plans(
    given: Mapping[str, Mapping[str, str]],
    members: Sequence[Member],
    calls: int,
    read_as: str | None,
    make: Callable[[str], Member],
    *,
    optional: Collection[str],
) -> list[Plan]:
    """Build each method with its options, and so that it fits the calls.

    An optional method that does not fit is left out, with a message.
    """
    plans: list[Plan] = []
    for name, texts in given.items():
        try:
            options = read(method(name), texts, make)
            plans.append(plan(method(name), members, calls, extract=read_as, options=options))
        except InputError as error:
            if name not in optional:
                raise
            complain(f"{name} is left out: {error}")
    return plans


def _show(
    found: Comparison, given: Mapping[str, Mapping[str, str]], about: Mapping[str, Any]
) -> None:
    screen = console()
    title = f"{counted(about['questions'], 'question')}, {counted(about['repeats'], 'repeat')}"
    screen.print(f"{title}, at most {counted(about['budget_calls'], 'call')} each", style="bold")
    screen.print(_table(found, given))
    screen.print(f"Answers are read as: {how_read(about['extract'])}.")
    screen.print(f"Gains are over {BASELINE}, with paired 95 % intervals; p is McNemar's, exact.")
    for line in _together(found, about["questions"]):
        screen.print(line)


def _together(found: Comparison, questions: int) -> Iterator[str]:
    """Return the conclusion from all rows."""
    alike = [", ".join(names) for names in found.alike if len(names) > 1]
    if alike:
        yield "Cannot be distinguished (Holm over all pairs): " + "; ".join(alike) + "."
    yield (
        f"{counted(questions, 'question')} can show a true difference of "
        f"{100 * smallest_effect(questions):.0f} points 8 times of 10, if two methods differ on "
        "a fifth of them."
    )
    if found.ceiling is not None:
        low, high = found.ceiling.interval
        yield (
            f"Ceiling of any choice among one answer of each member: {found.ceiling.ceiling:.1%} "
            f"({low:.1%} to {high:.1%}). {found.ceiling.advice}"
        )


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


def _table(found: Sequence[Compared], given: Mapping[str, Mapping[str, str]]) -> Table:
    priced = any(one.cost is not None for one in found)
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("method", overflow="fold")
    if any(one.unread for one in found):
        table.caption = "unread, counted as not correct: " + ", ".join(
            f"{one.method} {one.unread:,}" for one in found if one.method != BEST_MEMBER
        )
    names = ["accuracy", "gain", "95 %", "p", "calls", "tokens", "seconds"]
    for name in [*names, "cost"] if priced else names:
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        is_base = one.method == BASELINE
        low, high = one.gain_interval
        table.add_row(
            _label(one, given.get(one.method, {})),
            f"{one.accuracy:.1%}",
            "" if is_base else f"{one.gain:+.1%}",
            "" if is_base else f"{100 * low:+.1f} to {100 * high:+.1f}",
            "" if is_base or one.p is None else f"{one.p:.2g}",
            f"{one.calls:.1f}",
            f"{one.tokens:,.0f}",
            f"{one.seconds:.2f}",
            *(["unknown" if one.cost is None else in_digits(one.cost)] if priced else []),
        )
    for column in table.columns[1:]:  # figures are never cut: the names give way
        column.min_width = max(map(cell_len, [str(column.header), *map(str, column.cells)]))
    return table


def _label(one: Compared, given: Mapping[str, str]) -> str:
    """Return a row's method, its options, and the number of its runs, in words."""
    settings = [f"{name} {value}" for name, value in one.options.items()]
    settings += [one_line(f"{name} {text}", 22) for name, text in given.items()]
    settings += [f"{one.runs} runs, voted"] if one.runs > 1 else []
    settings += [one_line(one.who, 22)] if one.method == BEST_MEMBER else []
    return "\n  ".join([one.method, *settings])
