"""Borrowing study: which proposals an aggregator takes from, and whether they are the good ones.

Mixture-of-Agents (arXiv 2406.04692, section 3.3) compares the likeness of the aggregated answer to
each proposal with a judge's preference for that proposal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple, TypeAlias

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.evaluate import CONCURRENCY, aevaluate
from manyminds.evals.grading import Grader, verdict_of
from manyminds.evals.identity import identity_of
from manyminds.evals.judged.judge import Judge
from manyminds.evals.judged.task import Item
from manyminds.evals.judged.tasks import judged_task
from manyminds.evals.ownership import claim, one_writer
from manyminds.evals.statistics.borrowing import METRICS, Borrowing, borrowing
from manyminds.json_lines import LineFile, json_lines

Score: TypeAlias = Callable[[Row, str], Awaitable[float | None]]
Correlations: TypeAlias = dict[str, Borrowing | str]
"""Correlation by each metric of likeness, or the reason why there is none."""

RATED = judged_task("mt-bench")
"""The task whose prompt and scale, 1 to 10, a judge scores proposals by."""


class Aggregated(NamedTuple):
    """One aggregated answer.

    Attributes:
        id: Id of the question.
        answer: What the aggregator wrote.
        proposals: Answers of the last layer before it.
        scores: Score of each.
    """

    id: str
    answer: str
    proposals: Sequence[str]
    scores: Sequence[float]


def by_judge(judge: Judge) -> Score:
    """Return a score from 1 to 10 by a judge."""

    async def score(row: Row, text: str) -> float | None:
        item = Item(row["id"], (row["question"],), (row["answer"],))
        found = await judge.rates(item, [text])
        return fmean(found.values()) if found else None

    return score


def by_grade(grade: Grader) -> Score:
    """Return a score of 1 for a right proposal, 0 for a wrong one."""

    async def score(row: Row, text: str) -> float | None:
        correct = await verdict_of(grade, row, text)
        return None if correct is None else float(correct)

    return score


async def aaggregated(
    app: CompiledMethod,
    rows: Sequence[Row],
    score: Score,
    *,
    scored_by: str = "",
    kept: Path | None = None,
    seed: int = 0,
    concurrency: int = CONCURRENCY,
    on_row: Callable[[], None] = lambda: None,
) -> list[Aggregated]:
    """Run an aggregating method on questions, and score what its aggregator was given.

    Args:
        app: Compiled method with proposals and an aggregator, such as MoA or SMoA.
        rows: The questions.
        score: Score of a proposal; None where there is none.
        scored_by: What tells this score from others, such as the judge's name.
        kept: JSON Lines file of what was found: questions in it are not asked again. Next to it,
            another file keeps what it depends on.
        seed: Seed of every random choice.
        concurrency: Questions at once.
        on_row: Called after each question.

    Raises:
        InputError: The method has no aggregator that is given proposals, or `kept` is of another
            study, or in use.
    """
    with one_writer(kept, option="--keep"):
        if kept is not None:
            claim(
                kept.with_suffix(".config.json"),
                {**identity_of(app.builder, app.name), "seed": seed, "score": scored_by},
                results=kept,
                holds=f"{kept} holds answers that were asked for otherwise",
                other="choose another --keep",
            )
        return await _aggregated(app, rows, score, kept, seed, concurrency, on_row)


async def _aggregated(
    app: CompiledMethod,
    rows: Sequence[Row],
    score: Score,
    kept: Path | None,
    seed: int,
    concurrency: int,
    on_row: Callable[[], None],
) -> list[Aggregated]:
    known = _read(kept)
    found = [known[row["id"]] for row in rows if row["id"] in known]
    file = None if kept is None else LineFile(kept)

    async def take(row: Row, output: Mapping[str, Any] | None) -> None:
        on_row()
        given = [] if output is None else _given(output)
        if output is None or len(given) < 2:
            return
        scores = [await score(row, text) for text in given]
        if any(one is None for one in scores):
            return
        one = Aggregated(row["id"], str(output["answer"]), given, [float(s or 0.0) for s in scores])
        found.append(one)
        if file is not None:
            file.append(one._asdict())

    async def ungraded(_row: Row, _text: str) -> bool | None:
        return None

    rest = [row for row in rows if row["id"] not in known]
    if rest:
        try:
            await aevaluate(
                app, rest, grade=ungraded, seed=seed, concurrency=concurrency, on_output=take
            )
        finally:
            if file is not None:
                file.close()
    order = {row["id"]: place for place, row in enumerate(rows)}
    return sorted(found, key=lambda one: order[one.id])


def borrowed(found: Sequence[Aggregated], seed: int = 0) -> Correlations:
    """Return the correlation by each metric.

    Args:
        found: Aggregated answers.
        seed: Seed of the bootstrap.
    """
    correlations: Correlations = {}
    for metric in METRICS:
        try:
            correlations[metric] = borrowing(
                [one.answer for one in found],
                [one.proposals for one in found],
                [one.scores for one in found],
                metric=metric,
                seed=seed,
            )
        except InputError as error:
            correlations[metric] = str(error)
    return correlations


def _given(output: Mapping[str, Any]) -> list[str]:
    """Return the good answers of the last layer, which the aggregator was given."""
    proposals = [one for one in output.get("candidates", []) if one["role"] == "proposer"]
    if not proposals:
        raise InputError("this method has no proposals and no aggregator: use moa or smoa")
    last = max(one["layer"] for one in proposals)
    kept = output.get("kept")
    chosen = [one for one in proposals if one["layer"] == last and one["status"] == "ok"]
    if isinstance(kept, Sequence) and kept:
        chosen = [one for one in chosen if one["index"] in kept] or chosen
    return [str(one["text"]) for one in chosen]


def _read(path: Path | None) -> dict[str, Aggregated]:
    if path is None or not path.exists():
        return {}
    rows = [row for _, row in json_lines(path)]
    return {
        str(row["id"]): Aggregated(str(row["id"]), row["answer"], row["proposals"], row["scores"])
        for row in rows
    }
