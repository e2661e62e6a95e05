"""`manyminds judge`: a method on a task that a judge grades, such as AlpacaEval or MT-Bench."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from manyminds.apps.choose import Prices, build, choose_method, maker, named_or_found
from manyminds.apps.eval_progress import counting
from manyminds.apps.flags import AsJson, Limits, Measuring, Members, MethodOptions
from manyminds.apps.terminal import (
    COMMAND,
    console,
    counted,
    print_json,
    usage,
)
from manyminds.evals.identity import identity_of
from manyminds.evals.judged.folder import open_folder, write_judged
from manyminds.evals.judged.judge import Judge
from manyminds.evals.judged.length import read_published
from manyminds.evals.judged.result import Judged
from manyminds.evals.judged.run import ajudge
from manyminds.evals.judged.tasks import TASKS, judged_task
from manyminds.evals.ownership import one_writer
from manyminds.evals.provenance import digest_of, note_start
from manyminds.registry import AUTO


@dataclass(frozen=True)
class Judging:
    """How answers are graded.

    Attributes:
        by: Model that grades the answers. Plans and programs of MMAU need none.
        repeats: Times that each verdict is asked for, to see whether the judge agrees with itself.
        published: For AlpacaEval, df_gamed.csv of its authors, for their length control.
        run_code: Run programs of MMAU in bubblewrap to grade them; --run-code=unconfined runs them
            without a sandbox.
        limit: First items only.
        concurrency: Number of items in progress at once.
        seed: Seed of every random choice.
        price: Price of a model, [MODEL=]IN,OUT: dollars for a million tokens; may be repeated.
        out: Folder of answers and verdicts; a stopped run continues there, and `manyminds report`
            reports on it.
    """

    by: Annotated[str | None, typer.Option(metavar="MODEL")] = None
    repeats: Annotated[int, typer.Option(metavar="N", min=1)] = 1
    published: Annotated[Path | None, typer.Option(metavar="FILE")] = None
    run_code: Annotated[str | None, typer.Option(metavar="[=unconfined]")] = None
    limit: Annotated[int | None, typer.Option(metavar="N", min=1)] = None
    concurrency: Annotated[int, typer.Option(metavar="N", min=1)] = 16
    seed: Annotated[int, typer.Option(metavar="N")] = 0
    price: Annotated[list[str] | None, typer.Option(metavar="PRICE")] = None
    out: Annotated[Path | None, typer.Option(metavar="DIR")] = None

    def options(self) -> dict[str, Any]:
        """Return how answers are graded, as `ajudge` takes it."""
        return {
            "folder": self.out,
            "repeats": self.repeats,
            "published": None if self.published is None else read_published(self.published),
            "limits": Measuring(run_code=self.run_code).sandbox(),
            "seed": self.seed,
            "concurrency": self.concurrency,
        }


def judge(
    name: Annotated[str, typer.Argument(metavar="TASK", help=", ".join(TASKS) + ".")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File that its authors publish, or a folder.")
    ],
    *,
    method: Annotated[
        str, typer.Option(metavar="METHOD", help="Method that answers; see `manyminds methods`.")
    ] = AUTO,
    members: Members,
    options: MethodOptions,
    judging: Judging,
    as_json: AsJson = False,
) -> None:
    """Grade a method on a task with a judge; prints the judge's preferences and costs, too.

    AlpacaEval compares with the reference answers in both orders and reports the win rate, also at
    equal lengths; MT-Bench, Just-Eval, FLASK and CEB rate by aspects (CEB's bias is best at 0);
    MMAU grades right or wrong.
    """
    task = judged_task(name)
    items = task.items(file)[: judging.limit]
    limits = Limits(price=judging.price)
    prices = Prices(limits.price)
    asked = named_or_found(members, method, quiet=as_json, limits=limits)
    chosen, texts = choose_method(method, asked, options.texts())
    graph = build(chosen, asked, texts, limits=limits, prices=prices)
    by = None if judging.by is None else maker(limits, prices=prices)(judging.by)
    prices.check()
    grader = None if by is None else Judge(by, task, seed=judging.seed)
    about = {
        "task": name, "paper": task.paper, "method": chosen.name, "members": list(asked),
        "options": texts, "seed": judging.seed, "prompts": graph.prompts,
        "member_options": identity_of(graph)["member_options"], "data": digest_of(file),
    }  # fmt: skip
    run = partial(ajudge, task, items, graph.compile(), grader, **judging.options())
    with one_writer(judging.out, folder=True):
        if judging.out is not None:
            open_folder(judging.out, about)
            note_start(judging.out, COMMAND.get(), file)
        found = _followed(run, len(items), judging.out)
        figures = {
            "items": len(items),
            "judge_model": judging.by,
            "prompt": grader and grader.prompt,
            **found.to_json(),
        }
        if judging.out is not None:
            write_judged(judging.out, {"about": about, "found": figures})
    if as_json:
        print_json({"task": name, "paper": task.paper, **figures})
    else:
        judged_by = f", judged by {judging.by}" if judging.by else ""
        _show(found, f"{task.name}, {counted(len(items), 'item')}{judged_by}")


def _followed(
    run: Callable[..., Coroutine[Any, Any, Judged]], total: int, out: Path | None
) -> Judged:
    """Grade the items with a progress bar on the terminal."""
    with counting("item", total, out, option="--out DIR") as count:
        return asyncio.run(run(on_item=count))


def _show(found: Judged, heading: str) -> None:
    screen = console()
    screen.print(heading, style="bold")
    screen.print(_table(found))
    for one in found.preferences:
        screen.print(str(one))


def _table(found: Judged) -> Table:
    table = Table.grid(padding=(0, 2))
    if found.wins is not None and found.interval is not None:
        low, high = found.interval
        table.add_row("win rate", f"{found.wins.raw:.1%}  ({low:.1%} to {high:.1%})")
        terms = "" if found.wins.difficulty_effect is None else ", with the authors' difficulty"
        table.add_row("at equal lengths", f"{found.wins.controlled:.1%}{terms}")
        table.add_row(
            "orders agree", "" if found.consistency is None else f"{found.consistency:.0%}"
        )
    for name, one in found.ratings.items():
        low, high = one.interval
        table.add_row(name, f"{one.mean:.2f}  ({low:.2f} to {high:.2f}), {one.n:,} items")
    if found.repeatability is not None:
        same = found.repeatability
        table.add_row(
            "judge repeats itself",
            f"{same.agreement:.0%} of the time, kappa {same.kappa:.2f}, {same.items:,} verdicts "
            f"asked {found.repeats} times",
        )
    if found.unanswered:
        table.add_row("unanswered", f"{found.unanswered:,}, counted as lost or rated worst")
    if found.ungraded:
        table.add_row("ungraded", f"{found.ungraded:,}, not counted")
    for role, spent in (("method", found.method), ("judge", found.judge)):
        table.add_row(role, usage(spent.calls, spent.tokens, spent.cost))
    return table
