"""Evaluation: runs questions through a compiled graph, several times each, and grades answers."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias
from uuid import uuid4

from typing_extensions import TypedDict, Unpack

from manyminds.aio import in_thread
from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError, RunError
from manyminds.evals.data import Row
from manyminds.evals.eval_log import Config, EvalLog, Outcome
from manyminds.evals.grading import GRADERS, ByAnswer, Grader, verdict_of
from manyminds.evals.identity import identity_of
from manyminds.evals.result import Result, Totals
from manyminds.limits.budget import BudgetCounter
from manyminds.runs.context import ParentCall, parent_call
from manyminds.settings import Budget, Context

OnRow: TypeAlias = Callable[[Outcome], None]
OnOutput: TypeAlias = Callable[[Row, Mapping[str, Any] | None], Awaitable[None]]
CONCURRENCY = 16
_LONGEST_ERROR = 500


class EvalOptions(TypedDict, total=False):
    """The options of `aevaluate`, with its defaults."""

    repeats: int
    seed: int
    out: Path | None
    concurrency: int
    on_row: OnRow | None
    config: Config | None
    on_open: Callable[[], None] | None
    on_output: OnOutput | None


async def aevaluate(
    graph: CompiledMethod,
    rows: Sequence[Row],
    *,
    grade: Grader,
    repeats: int = 1,
    seed: int = 0,
    out: Path | None = None,
    concurrency: int = CONCURRENCY,
    on_row: OnRow | None = None,
    config: Config | None = None,
    on_open: Callable[[], None] | None = None,
    on_output: OnOutput | None = None,
) -> Result:
    """Run every question through a compiled graph and grade the answers.

    Use it to measure a method, or any compiled graph from messages to messages. The graph gets
    the question, its id, and a new seed in each repeat, which orders the members or the recorded
    draws of one member. Two evaluations with equal arguments and recorded or simulated members
    give equal figures.

    Args:
        graph: Compiled graph.
        rows: Questions; ids must differ.
        grade: Function from a row and the text of the answer to right, wrong or None (cannot be
            graded).
        repeats: Runs of each question.
        seed: Drives every random choice.
        out: Folder to append finished questions to; an interrupted evaluation continues from
            there, also with more repeats. One evaluation at a time may write to a folder.
        concurrency: Questions that run at once.
        on_row: Called after each finished question, first with those that `out` already holds.
        config: Further settings that tell this evaluation from others in `out`.
        on_open: Called once `out` is known to belong to this evaluation, and to no other process.
        on_output: Awaited with each row and the whole output of its run, None where it failed.

    Raises:
        InputError: An argument cannot be used, `out` holds another evaluation, or another
            evaluation is writing to it.
    """
    _check(rows, repeats, concurrency)
    began = perf_counter()
    totals = Totals(rows, repeats)
    ids = {row["id"] for row in rows}
    finished: set[tuple[int, str]] = set()

    def count(outcome: Outcome) -> None:
        totals.add(outcome)
        if on_row is not None:
            on_row(outcome)

    with closing(EvalLog(out, {**_identity(graph, rows, seed), **(config or {})})) as log:
        if on_open is not None:
            on_open()
        for outcome in log.outcomes():
            key = (outcome["repeat"], outcome["id"])
            if key[0] < repeats and key[1] in ids and key not in finished:
                finished.add(key)
                count(outcome)
        waiting = (
            (n, row) for n in range(repeats) for row in rows if (n, row["id"]) not in finished
        )

        async def work() -> None:
            for repeat, row in waiting:
                outcome = await _one(graph, row, grade, repeat, seed, on_output)
                log.write(outcome)
                count(outcome)

        await _all(work() for _ in range(min(concurrency, len(rows) * repeats)))
    return totals.result(perf_counter() - began)


def evaluate(
    graph: CompiledMethod, rows: Sequence[Row], *, grade: Grader, **options: Unpack[EvalOptions]
) -> Result:
    """Run every question through a compiled graph and grade the answers; see `aevaluate`.

    Raises:
        RunError: An event loop is running already, as in a notebook.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(aevaluate(graph, rows, grade=grade, **options))
    raise RunError("an event loop is running here: write `await aevaluate(...)` instead")


async def _all(workers: Iterator[Any]) -> None:
    """Run all workers; the first error ends the others and comes out as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


async def _one(
    graph: CompiledMethod,
    row: Row,
    grade: Grader,
    repeat: int,
    seed: int,
    on_output: OnOutput | None,
) -> Outcome:
    # An outer counter without a limit counts the calls of a run that ends without a report.
    counter = BudgetCounter(Budget())
    token = parent_call.set(ParentCall((counter,), 0, uuid4().hex))
    began = perf_counter()
    try:
        output = await graph.ainvoke(
            {"messages": [("user", row["question"])]},
            config={"metadata": {"question_id": row["id"], "shuffle": str(seed), "repeat": repeat}},
            context=Context(seed=seed_of(seed, repeat)),
        )
    except RunError as error:
        outcome = _unanswered(row, repeat, error, counter)
        if on_output is not None:
            await on_output(row, None)
    else:
        outcome = _answered(row, repeat, output, counter)
        if "critical_path" in output:  # of a graph that compare watches
            outcome["critical_path"] = round(output["critical_path"], 4)
        await _graded(outcome, row, _text(output), grade)
        if on_output is not None:
            await on_output(row, output)
    finally:
        parent_call.reset(token)
    outcome["seconds"] = round(perf_counter() - began, 4)
    return outcome


async def _graded(outcome: Outcome, row: Row, text: str, grade: Grader) -> None:
    """Grade an answer, and note what was read."""
    if not isinstance(grade, ByAnswer):
        outcome["correct"] = await verdict_of(grade, row, text)
        return
    found = await in_thread(GRADERS, grade.graded, row, text)
    if found is None:
        return
    outcome["correct"], outcome["kind"] = found.correct, found.kind
    outcome["read"] = None if found.read is None else _utf8(found.read[:_LONGEST_ERROR])
    if not found.correct:
        outcome["reply"] = _utf8(text[-_LONGEST_ERROR:])


def _unanswered(row: Row, repeat: int, error: RunError, counter: BudgetCounter) -> Outcome:
    return Outcome(
        repeat=repeat,
        id=row["id"],
        answer="",
        correct=False,
        error=_utf8(str(error)[:_LONGEST_ERROR]),
        degraded=None,
        calls=counter.calls,
        failed=counter.calls,
        samples=counter.calls,
        rounds=1,
        tokens=counter.tokens,
        cost=counter.dollars or None,
        seconds=0.0,
    )


def _answered(row: Row, repeat: int, output: Mapping[str, Any], counter: BudgetCounter) -> Outcome:
    report: Mapping[str, Any] = output.get("report") or {}
    candidates: Sequence[Mapping[str, Any]] = output.get("candidates") or []
    # A debate's candidates are those of its last round; its transcript has all of them.
    drawn: Sequence[Mapping[str, Any]] = output.get("transcript") or candidates
    ballot: Mapping[str, Any] = output.get("ballot") or {}
    calls = int(report.get("calls", counter.calls))
    asked = sum(candidate["status"] != "skipped" for candidate in drawn)
    layers = max((int(candidate["layer"]) for candidate in candidates), default=0)
    tokens: Mapping[str, int] = report.get("tokens") or {"all": counter.tokens}
    return Outcome(
        repeat=repeat,
        id=row["id"],
        answer=_utf8(ballot.get("answer") or _text(output)),
        correct=None,
        error=None,
        degraded=None if report.get("degraded") is None else _utf8(report["degraded"]),
        calls=calls,
        failed=sum(int(missing["count"]) for missing in report.get("missing", [])),
        # Where there is a vote, these are all that was sampled; others keep the last layer's only.
        samples=asked if "ballot" in output else calls,
        rounds=max(1, layers + ("aggregator" in report.get("roles", {}))),
        tokens=sum(tokens.values()),
        cost=report.get("cost"),
        seconds=0.0,
    )


def _text(output: Mapping[str, Any]) -> str:
    answer = output.get("answer")
    return answer if isinstance(answer, str) else str(output["messages"][-1].text)


def _utf8(text: object) -> str:
    """Replace halves of characters, which no file of UTF-8 text can hold."""
    return str(text).encode(errors="replace").decode()


def seed_of(seed: int, repeat: int) -> int:
    """Return the seed of one repeat, unlike that of the same repeat under another seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{repeat}".encode()).digest()[:6])


def _identity(graph: CompiledMethod, rows: Sequence[Row], seed: int) -> dict[str, object]:
    """Return what the answers depend on: outcomes of other methods, prompts or data do not mix."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True).encode() + b"\n")
    return {
        **identity_of(graph.builder, graph.name),
        "seed": seed,
        "questions": len(rows),
        "data": digest.hexdigest()[:16],
    }


def _check(rows: Sequence[Row], repeats: int, concurrency: int) -> None:
    if not rows:
        raise InputError("there are no questions: give at least one row")
    if len({row["id"] for row in rows}) < len(rows):
        raise InputError("two questions have the same id: give every row its own")
    for row in rows:
        if any("\ud800" <= char <= "\udfff" for char in row["id"] + row["question"]):
            raise InputError(f"question {row['id']!a} is not UTF-8 text: correct it")
    if repeats < 1 or concurrency < 1:
        raise InputError("repeats and concurrency must be at least 1")
