"""Batches: a method on a file of questions or trajectories, one row each, nothing graded.

It rates thousands of trajectories, generates instructions with answers (DebateGPT), and collects
trajectories of agents. Rows are appended as they are done, so a batch continues where it stopped.
"""

import asyncio
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast
from zlib import crc32

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import DataError, InputError, RunError
from manyminds.evals.data import id_of, question_of
from manyminds.evals.identity import identity_of
from manyminds.evals.ownership import claim, one_writer
from manyminds.evals.tables import data_rows
from manyminds.export.messages import messages_of
from manyminds.json_lines import LineFile, drop_torn_line, json_lines
from manyminds.settings import Context
from manyminds.trajectory import Trajectory

Form: TypeAlias = Literal["plain", "alpaca", "trajectories"]
FORMS: tuple[Form, ...] = ("plain", "alpaca", "trajectories")
CONCURRENCY = 16
_MESSAGE_KEYS = ("role", "content", "name", "tool_calls", "tool_call_id")
_LEFT_OUT = frozenset({"messages", "candidates", "report", "answer", "trajectories", "transcript"})


@dataclass(frozen=True)
class Item:
    """One thing to run.

    Attributes:
        number: Place of its row in the file, from 0.
        id: Name of the row.
        question: The question; of a trajectory, its task.
        messages: The conversation that the method is given.
        row: The row as it was read.
    """

    number: int
    id: str
    question: str
    messages: list[Any]
    row: Mapping[str, Any]


@dataclass
class Batch:
    """What became of a batch.

    Attributes:
        done: Items that were run and have their rows.
        kept: Items that the file already had.
        errors: Reasons of runs without an answer, and how often; they are run again next time.
        calls: Calls of the items that were run.
    """

    done: int = 0
    kept: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])
    calls: int = 0


def read_items(path: Path) -> Iterator[Item]:
    """Yield the items of a file one by one.

    Args:
        path: JSON Lines, JSON, CSV, TSV or Parquet, by its name; see `data_rows`. A row is a
            question, as `read_rows` takes them, or a trajectory, which has `content`.

    Raises:
        DataError: The file cannot be read, holds no item, or a row is neither.
        InputError: A Parquet file, and pyarrow is not installed.
    """
    number = -1
    for number, (where, row) in enumerate(data_rows(path)):
        yield _item(number, row, where)
    if number < 0:
        raise DataError(f'{path} holds no items: give rows such as {{"id", "question"}}')


Runner: TypeAlias = Callable[[Item], Awaitable["Outcome"]]
"""Runs one item: in this process, or in another one."""


@dataclass(frozen=True)
class Outcome:
    """What became of one item.

    Attributes:
        rows: Its rows, for the file.
        calls: Calls that it took.
        error: Reason where there is no answer.
    """

    rows: Sequence[Mapping[str, Any]] = ()
    calls: int = 0
    error: str | None = None


async def abatch(
    graph: CompiledMethod,
    items: Iterator[Item],
    out: Path,
    *,
    form: Form = "plain",
    seed: int = 0,
    concurrency: int = CONCURRENCY,
    on_item: Callable[[Batch], None] = lambda _batch: None,
) -> Batch:
    """Run a method on every item and append its rows to a file.

    Args:
        graph: Compiled graph.
        items: What to run; read as far as needed.
        out: JSON Lines file. Items that it has are not run again.
        form: `plain`: question, answer and what the method returns besides. `alpaca`: instruction,
            input and output. `trajectories`: the trajectories that the method returns, or the
            item's own with what was found, such as its rating.
        seed: Drives every random choice.
        concurrency: Items that run at once.
        on_item: Called after each item.

    Raises:
        InputError: An argument cannot be used, `out` holds rows of another batch, or another one
            is writing to it.
    """
    check(form, concurrency)
    run = partial(run_item, graph, form, seed)
    return await run_all(run, items, out, concurrency, on_item, config_of(graph, form, seed))


def batch(graph: CompiledMethod, items: Iterator[Item], out: Path, **options: Any) -> Batch:
    """Run a method on every item; see `abatch`."""
    return asyncio.run(abatch(graph, items, out, **options))


def check(form: Form, concurrency: int) -> None:
    """Refuse arguments that cannot be used.

    Raises:
        InputError: The message says what to give.
    """
    if concurrency < 1 or form not in FORMS:
        raise InputError(
            f"batch: give concurrency of at least 1, and form as one of {', '.join(FORMS)}"
        )


async def run_all(
    run: Runner,
    items: Iterator[Item],
    out: Path,
    concurrency: int,
    on_item: Callable[[Batch], None],
    config: Mapping[str, object],
) -> Batch:
    """Run every item that the file does not have, and append its rows as they come.

    Next to the file, another one keeps what its rows depend on.
    """
    with one_writer(out, what="batch"):
        finished = _Finished(out)
        claim(
            out.with_suffix(".config.json"),
            config,
            results=out,
            holds=f"{out} holds rows of another batch",
            other="choose another --out",
        )
        return await _run_all(run, items, out, concurrency, on_item, finished)


async def _run_all(
    run: Runner,
    items: Iterator[Item],
    out: Path,
    concurrency: int,
    on_item: Callable[[Batch], None],
    finished: "_Finished",
) -> Batch:
    batch = Batch()
    with closing(LineFile(out)) as file:

        async def work() -> None:
            for item in items:
                if item in finished:
                    batch.kept += 1
                else:
                    outcome = await run(item)
                    file.append(*outcome.rows)
                    batch.calls += outcome.calls
                    if outcome.error is None:
                        batch.done += 1
                    else:
                        batch.errors[outcome.error] += 1
                on_item(batch)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(work())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
    return batch


def config_of(graph: CompiledMethod, form: Form, seed: int) -> dict[str, object]:
    """Return what the rows of a batch depend on."""
    return {**identity_of(graph.builder, graph.name), "form": form, "seed": seed}


async def run_item(graph: CompiledMethod, form: Form, seed: int, item: Item) -> Outcome:
    """Run a method on one item."""
    try:
        output = await graph.ainvoke(
            {"messages": item.messages},
            config={"metadata": {"question_id": item.id}},
            context=Context(seed=seed),
        )
    except RunError as error:
        return Outcome(error=str(error)[:300])
    rows = _rows(item, cast("Mapping[str, Any]", output), form)
    return Outcome([_marked(row, item, form) for row in rows], output["report"]["calls"])


def _marked(row: dict[str, Any], item: Item, form: Form) -> dict[str, Any]:
    """Return a row that names its item; a trajectory has `details` for that, and no other key."""
    mark = {"item": item.id, "row": item.number}
    if form != "trajectories":
        return {**mark, **row}
    return {**row, "details": {**row.get("details", {}), **mark}}


def _rows(item: Item, output: Mapping[str, Any], form: Form) -> list[dict[str, Any]]:
    more = {key: value for key, value in output.items() if key not in _LEFT_OUT}
    if form == "alpaca":
        return [{"instruction": item.question, "input": "", "output": output["answer"]}]
    if form == "trajectories":
        if "trajectories" in output:
            return [dict(one) for one in output["trajectories"]]
        if "content" not in item.row:
            raise InputError("form=trajectories: this method returns none, and the row is none")
        known = {key: more[key] for key in ("rating", "reward") if more.get(key) is not None}
        details = {**item.row.get("details", {}), "ratings": more.get("ratings")}
        return [{**item.row, **known, "details": details}]
    report = output["report"]
    return [
        {
            "id": item.id,
            "question": item.question,
            "answer": output["answer"],
            **more,
            "method": report["method"],
            "calls": report["calls"],
            "degraded": report["degraded"],
        }
    ]


def _item(number: int, row: Mapping[str, Any], where: str) -> Item:
    if "content" not in row:
        question = question_of(row, where)
        given = row.get("input")
        if isinstance(given, str) and given.strip() and given != question:
            question = f"{question}\n\n{given}"  # as Alpaca's rows have it
        return Item(number, id_of(row, where), question, [("user", question)], row)
    trajectory = Trajectory.read(row, where)
    messages = [
        {key: message.get(key) or "" for key in _MESSAGE_KEYS if key in message}
        for message in messages_of(trajectory)
    ]
    task = next((str(one["content"]) for one in messages if one["role"] == "user"), None)
    if task is None:
        raise DataError(f"{where}: the trajectory has no task: give a first step of the user")
    return Item(number, trajectory.id, task, messages, row)


class _Finished:
    """The items that a file has rows of, in eight bytes each, so that millions fit.

    Args:
        out: The file; it may be missing.

    Raises:
        InputError: It is no file of a batch.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._sums = array("q")  # by the item's number: checksum of its id, -1 where it is missing
        if not out.exists():
            return
        drop_torn_line(out)
        for where, row in json_lines(out):
            mark = row if "item" in row else row.get("details", {})
            number = mark.get("row")
            if not isinstance(number, int) or number < 0:
                raise InputError(f"{where}: no row of a batch: give another --out")
            self._sums.extend([-1] * (number + 1 - len(self._sums)))
            self._sums[number] = _sum(str(mark["item"]))

    def __contains__(self, item: Item) -> bool:
        known = self._sums[item.number] if item.number < len(self._sums) else -1
        if known not in (-1, _sum(item.id)):
            raise InputError(
                f"row {item.number + 1} is {item.id!r}, and {self._out} has another one in its "
                "place: give another --out, or the data that the batch began with"
            )
        return known != -1


def _sum(id: str) -> int:
    return crc32(id.encode("utf-8", "replace"))
