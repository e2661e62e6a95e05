"""`manyminds roles`: which part a model plays best, proposer or aggregator."""

import asyncio
from pathlib import Path
from typing import Annotated

from rich.table import Table
from typer import Argument, Option

from manyminds.apps.eval_progress import EvalProgress
from manyminds.apps.flags import AsJson, Concurrency, Members, Questions, Seed, with_file
from manyminds.apps.misses import Misses
from manyminds.apps.terminal import console, counted, print_json
from manyminds.evals.role_study import RoleStudy, astudy_roles
from manyminds.evals.statistics.intervals import interval
from manyminds.members import members as as_members


def roles(
    file: Annotated[
        Path | None, Argument(metavar="[FILE]", help="Questions, as --data names them.")
    ] = None,
    *,
    questions: Questions,
    members: Members,
    proposals: Annotated[
        int, Option(metavar="N", min=1, help="Proposals of one member a question.")
    ] = 3,
    concurrency: Concurrency = 16,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        Option(metavar="DIR", help="Folder that keeps rows; continues where it stopped."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let every member aggregate what every member proposes, and compare each in both roles.

    A Mixture-of-Agents of two layers: proposals of one member, and one aggregator. It makes
    members x proposals + members x members calls a question.
    """
    questions = with_file(questions, file)
    rows = questions.rows()
    everyone = as_members(members.required(2))
    grade, _ = questions.grader(rows)
    progress = EvalProgress(len(rows) * len(everyone) ** 2, Misses(rows, 0), out)
    with progress:
        found = asyncio.run(
            astudy_roles(
                everyone,
                rows,
                grade=grade,
                proposals=proposals,
                seed=seed,
                concurrency=concurrency,
                out=out,
                on_row=progress.add,
            )
        )
    progress.complain()
    if as_json:
        print_json({"proposals": proposals, "seed": seed, **_figures(found)})
    else:
        _show(found, proposals)


def _figures(found: RoleStudy) -> dict[str, object]:
    return {
        "questions": found.questions,
        "pairs": [
            {"proposer": one, "aggregator": other, "accuracy": sum(right) / len(right)}
            for (one, other), right in found.results.items()
        ],
        "effects": [one._asdict() for one in found.effects],
    }


def _show(found: RoleStudy, proposals: int) -> None:
    screen = console()
    screen.print(f"{counted(found.questions, 'question')}, {counted(proposals, 'proposal')} each")
    screen.print(_square(found))
    for line in _effects(found):
        screen.print(line)


def _square(found: RoleStudy) -> Table:
    """Return accuracies: a row a proposer, a column an aggregator."""
    names = list(dict.fromkeys(one for one, _ in found.results))
    table = Table("proposes \\ aggregates", *names, box=None)
    for one in names:
        cells = list[str]()
        for other in names:
            right = found.results[one, other]
            low, high = interval(right)
            cells.append(f"{sum(right) / len(right):.1%} [{low:.0%}, {high:.0%}]")
        table.add_row(one, *cells)
    return table


def _effects(found: RoleStudy) -> list[str]:
    """Return the gain of each member in each role over the others in it, in words."""
    lines = list[str]()
    for one in found.effects:
        parts = [
            f"as {role} {100 * gain:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
            for role, gain, (low, high) in (
                ("proposer", one.proposing, one.proposing_interval),
                ("aggregator", one.aggregating, one.aggregating_interval),
            )
        ]
        lines.append(f"{one.model}: {', '.join(parts)}, against the others in that role")
    return lines
