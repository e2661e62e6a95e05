"""`manyminds borrowing`: which proposals an aggregator takes from."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from rich.table import Table
from typer import Argument, Option

from manyminds.apps.choose import build, choose_method, named_or_found
from manyminds.apps.eval_progress import counting
from manyminds.apps.flags import (
    AsJson,
    Concurrency,
    Members,
    MethodOptions,
    Questions,
    Seed,
    with_file,
)
from manyminds.apps.terminal import console, counted, print_json, usage
from manyminds.errors import InputError
from manyminds.evals.borrowing_study import (
    RATED,
    Aggregated,
    Correlations,
    Score,
    aaggregated,
    borrowed,
    by_grade,
    by_judge,
)
from manyminds.evals.data import Row
from manyminds.evals.judged.judge import Judge
from manyminds.evals.statistics.borrowing import Borrowing
from manyminds.members import Member


def borrowing(
    file: Annotated[
        Path | None, Argument(metavar="[FILE]", help="Questions, as --data names them.")
    ] = None,
    *,
    questions: Questions,
    members: Members,
    method: Annotated[str, Option(metavar="METHOD", help="moa, smoa, or another of the kind.")] = (
        "moa"
    ),
    options: MethodOptions,
    by: Annotated[
        str | None,
        Option(metavar="MODEL", help="Judge that scores proposals. Default: right or wrong."),
    ] = None,
    keep: Annotated[
        Path | None,
        Option(metavar="FILE", help="Keeps answers and scores; nothing is asked twice."),
    ] = None,
    concurrency: Concurrency = 16,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """See whether an aggregator takes from the good proposals.

    The likeness of the aggregated answer to each proposal (BLEU, Levenshtein, TF-IDF) is ranked
    against the proposal's score: Spearman's correlation, mean over questions. Above 0, the
    aggregator leans on proposals that score well.
    """
    questions = with_file(questions, file)
    rows = questions.rows()
    asked = named_or_found(members, method, quiet=as_json)
    chosen, texts = choose_method(method, asked, options.texts())
    graph = build(chosen, asked, texts)
    judge = None if by is None else Judge(Member(by), RATED, seed=seed)
    score = by_judge(judge) if judge else _by_grade(questions, rows)
    how: dict[str, Any] = {"scored_by": by or "", "kept": keep, "seed": seed}
    how["concurrency"] = concurrency
    with counting("question", len(rows), keep, option="--keep FILE") as count:
        found = asyncio.run(aaggregated(graph.compile(), rows, score, on_row=count, **how))
    correlations = borrowed(found, seed)
    if as_json:
        calls = judge and judge.spent._asdict()
        counts = {"questions": len(rows), "aggregated": len(found), "judge": calls}
        print_json({"method": method, **counts, "metrics": _figures(correlations)})
        return
    screen = console()
    asked_of = f"{len(found):,} of {counted(len(rows), 'question')} aggregated"
    screen.print(f"{method}: {asked_of}, proposals {f'scored by {by}' if by else 'right or wrong'}")
    if any(isinstance(one, Borrowing) for one in correlations.values()):
        screen.print(_table(correlations))
    screen.print(_conclusion(found, correlations))
    if judge is not None:
        spent = judge.spent
        screen.print(f"judge: {usage(spent.calls, spent.tokens, spent.cost)}")


def _by_grade(questions: Questions, rows: Sequence[Row]) -> Score:
    if all(row["answer"] is None for row in rows):
        raise InputError("the questions have no reference answers: name a judge with --by MODEL")
    return by_grade(questions.grader(rows)[0])


def _figures(correlations: Correlations) -> dict[str, object]:
    return {
        name: one if isinstance(one, str) else one._asdict() for name, one in correlations.items()
    }


def _table(correlations: Correlations) -> Table:
    table = Table("likeness", "correlation", "95 % interval", "questions", box=None)
    for name, one in correlations.items():
        if isinstance(one, str):
            table.add_row(name, "", one, "")
        else:
            low, high = one.interval
            table.add_row(
                name, f"{one.correlation:+.2f}", f"{low:+.2f} to {high:+.2f}", f"{one.n:,}"
            )
    return table


def _conclusion(found: Sequence[Aggregated], correlations: Correlations) -> str:
    measured = [one for one in correlations.values() if isinstance(one, Borrowing)]
    if not measured:
        return (
            f"{counted(len(found), 'question')} were aggregated, but none has proposals of "
            "different scores, so there is no correlation. Ask more questions, or score by a judge."
        )
    if all(one.interval[0] > 0 for one in measured):
        return "The aggregator leans on the proposals that score well."
    if all(one.interval[1] < 0 for one in measured):
        return "The aggregator leans on the proposals that score badly."
    return "These questions do not show whether the aggregator leans on the better proposals."
