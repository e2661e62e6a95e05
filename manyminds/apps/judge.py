"""`manyminds judge`: a method on a task that a judge grades, such as AlpacaEval or MT-Bench."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from manyminds.apps.choose import AUTO, build, choose_method, named_or_found
from manyminds.apps.flags import AsJson, Concurrency, Members, MethodOptions, Seed
from manyminds.apps.terminal import console, counted, dollars, print_json
from manyminds.evals.judged.judge import Judge, Spent
from manyminds.evals.judged.run import Judged, ajudge
from manyminds.evals.judged.tasks import TASKS, judged_task
from manyminds.members import Member


def judge(
    name: Annotated[str, typer.Argument(metavar="TASK", help=", ".join(TASKS) + ".")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File that its authors publish.")],
    *,
    by: Annotated[str, typer.Option(metavar="MODEL", help="Model that grades the answers.")],
    method: Annotated[
        str, typer.Option(metavar="METHOD", help="Method that answers; see `manyminds methods`.")
    ] = AUTO,
    members: Members,
    options: MethodOptions,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keeps answers, and goes on where it stopped."),
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="First items only.")] = None,
    concurrency: Concurrency = 16,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Grade a method on a task with a judge, and say what the judge prefers and costs.

    AlpacaEval compares with the reference answers in both orders and reports the win rate, also at
    equal lengths; MT-Bench, Just-Eval and FLASK rate by aspects.
    """
    chosen = judged_task(name)
    items = chosen.items(file)[:limit]
    asked = named_or_found(members, method, quiet=as_json)
    texts = options.texts()
    graph = build(choose_method(method, asked, texts), asked, texts)
    grader = Judge(Member(by), chosen, seed=seed)
    run = ajudge(
        chosen,
        items,
        graph.compile(),
        grader,
        kept=answers,
        seed=seed,
        concurrency=concurrency,
    )
    found = asyncio.run(run)
    if as_json:
        about = {"task": name, "paper": chosen.paper, "items": len(items), "judge_model": by}
        print_json({**about, "prompt": grader.prompt, **_plain(found)})
        return
    screen = console()
    screen.print(f"{chosen.name}, {counted(len(items), 'item')}, judged by {by}", style="bold")
    screen.print(_table(found))
    for one in found.preferences:
        screen.print(str(one))


def _plain(found: Judged) -> dict[str, object]:
    """Return the figures as plain data."""
    plain = asdict(found)
    plain["ratings"] = {name: one._asdict() for name, one in found.ratings.items()}
    plain["wins"] = found.wins and found.wins._asdict()
    plain["preferences"] = [
        {**one._asdict(), "caught": one.caught, "says": str(one)} for one in found.preferences
    ]
    plain["method"], plain["judge"] = found.method._asdict(), found.judge._asdict()
    return plain


def _table(found: Judged) -> Table:
    table = Table.grid(padding=(0, 2))
    if found.wins is not None and found.interval is not None:
        low, high = found.interval
        table.add_row("win rate", f"{found.wins.raw:.1%}  ({low:.1%} to {high:.1%})")
        table.add_row("at equal lengths", f"{found.wins.controlled:.1%}")
        table.add_row(
            "orders agree", "" if found.consistency is None else f"{found.consistency:.0%}"
        )
    for name, one in found.ratings.items():
        low, high = one.interval
        table.add_row(name, f"{one.mean:.2f}  ({low:.2f} to {high:.2f}), {one.n:,} items")
    if found.unanswered:
        table.add_row("unanswered", f"{found.unanswered:,}, counted as lost or rated lowest")
    if found.ungraded:
        table.add_row("ungraded", f"{found.ungraded:,}, not counted")
    table.add_row("method", _said(found.method))
    table.add_row("judge", _said(found.judge))
    return table


def _said(spent: Spent) -> str:
    cost = "cost unknown" if spent.cost is None else dollars(spent.cost)
    return f"{counted(spent.calls, 'call')}, {counted(spent.tokens, 'token')}, {cost}"
