"""Running a task that a judge grades: the method answers, the judge compares or rates."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError, RunError
from manyminds.evals.evaluate import seed_of
from manyminds.evals.judged.judge import Judge, Spent
from manyminds.evals.judged.length import Published
from manyminds.evals.judged.result import (
    MINE,
    RIGHT,
    THEIRS,
    Graded,
    Judged,
    sum_pairs,
    sum_ratings,
)
from manyminds.evals.judged.task import Item, JudgedTask
from manyminds.evals.judged.tool_calls import written
from manyminds.evals.judged.verdicts import Verdicts
from manyminds.evals.sandbox import Limits
from manyminds.evals.statistics.judges import Judgement
from manyminds.json_lines import LineFile, json_lines
from manyminds.method_graph import MethodGraph
from manyminds.settings import Context

ANSWERS = "answers.jsonl"


class _Answers:
    """The method's answers: asked, or taken from a file that an earlier start has written."""

    def __init__(self, app: CompiledMethod, kept: Path | None, seed: int) -> None:
        self._app, self._seed = app, seed
        self._file = None if kept is None else LineFile(kept)
        there = kept is not None and kept.exists()
        self._known = {str(row["id"]): row for _, row in json_lines(kept)} if there and kept else {}
        self.rows: list[Mapping[str, Any]] = []

    async def of(self, item: Item) -> list[str] | None:
        """Return the answers to all turns; None where a turn has none."""
        row = self._known.get(item.id) or await self._asked(item)
        self.rows.append(row)
        return None if row["error"] else list(row["answers"])

    async def _asked(self, item: Item) -> Mapping[str, Any]:
        messages: list[BaseMessage] = []
        row: dict[str, Any] = {"id": item.id, "answers": [], "error": None}
        row |= {"calls": 0, "tokens": 0, "cost": 0.0}
        app = self._app
        if item.tools:
            app = cast("MethodGraph", app.builder).with_tools(item.tools, {}).compile()
        for n, turn in enumerate(item.turns):
            messages += (not n and item.conversation) or (HumanMessage(turn),)
            about = {"question_id": item.id, "shuffle": str(self._seed)}
            try:
                state = await app.ainvoke(
                    {"messages": messages},
                    config={"metadata": about},
                    context=Context(seed=seed_of(self._seed, 0)),
                )
            except RunError as error:
                return row | {"error": str(error)}  # not kept: another start asks again
            report = state["report"]
            row["answers"].append(written(state["messages"][-1]))
            row["calls"] += report["calls"]
            row["tokens"] += sum(report["tokens"].values())
            cost = report["cost"]
            row["cost"] = None if cost is None or row["cost"] is None else row["cost"] + cost
            messages.append(AIMessage(row["answers"][-1]))
        if self._file is not None:
            self._file.append(row)
        return row

    @property
    def spent(self) -> Spent:
        costs = [row.get("cost") for row in self.rows]
        known = [cost for cost in costs if cost is not None]
        return Spent(
            sum(row["calls"] for row in self.rows),
            sum(row["error"] is not None for row in self.rows),
            sum(row["tokens"] for row in self.rows),
            sum(known) if len(known) == len(costs) else None,
        )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


async def ajudge(
    task: JudgedTask,
    items: Sequence[Item],
    app: CompiledMethod,
    judge: Judge | None,
    *,
    folder: Path | None = None,
    repeats: int = 1,
    published: Published | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    concurrency: int = 16,
    on_item: Callable[[], None] = lambda: None,
) -> Judged:
    """Let a method answer the items of a task, and a judge grade the answers.

    Args:
        task: The task.
        items: Its items, see `JudgedTask.items`.
        app: Compiled method.
        judge: The judge; None where no item needs one.
        folder: Folder of answers and verdicts: those in it are not asked again, new ones are
            appended.
        repeats: Times that each verdict is asked for; means count, and repeatability is measured.
        published: For AlpacaEval, what its authors fitted; see `read_published`.
        limits: Limits of programs, for items that are graded by running them.
        seed: Seed of the method's runs.
        concurrency: Items at once.
        on_item: Called after each item.

    Raises:
        InputError: An item needs a judge, or programs may not run.
        RunError: The judge cannot be asked at all.
    """
    if judge is None and any(item.needs_judge for item in items):
        raise InputError(f"{task.name} needs a judge: name a model with --by")
    found, graded = Judged(repeats=repeats), list[Graded]()
    grading = _Grading(task, repeats, limits)
    left = iter(items)
    kept = None if folder is None else folder / ANSWERS
    verdicts = Verdicts(judge, folder)
    with closing(_Answers(app, kept, seed)) as answers, closing(verdicts):

        async def work() -> None:
            for item in left:
                said = await answers.of(item)
                found.unanswered += said is None
                graded.append(await grading.of(item, said, verdicts))
                on_item()

        await asyncio.gather(*(work() for _ in range(concurrency)))
        found.method = answers.spent
    found.judge = Spent(0, 0, 0, 0.0) if judge is None else judge.spent
    order = {item.id: place for place, item in enumerate(items)}
    graded.sort(key=lambda one: order[one.item.id])
    if task.kind == "pair":
        sum_pairs(found, graded, published)
    else:
        sum_ratings(found, graded, task.limits)
    found.ungraded = sum(not any(map(any, (*one.pairs, *one.ratings))) for one in graded)
    return found


class _Grading:
    """How one item is graded."""

    def __init__(self, task: JudgedTask, repeats: int, limits: Limits | None) -> None:
        self._task, self._repeats, self._limits = task, range(repeats), limits

    async def of(self, item: Item, said: list[str] | None, verdicts: Verdicts) -> Graded:
        """Grade the answers to all turns; None, no answer, loses or has the worst rating."""
        if self._task.kind == "pair":
            return await self._compared(item, said, verdicts)
        if said is None:
            names = (RIGHT,) if self._task.kind == "grade" else item.aspects or self._task.aspects
            worst = dict.fromkeys(names, float(self._task.scale[0]))
            return Graded(item, ratings=[[worst] for _ in item.turns], answered=False)
        if self._task.kind == "grade":
            return await self._right(item, said[-1], verdicts)
        rated = [
            [await verdicts.ratings(item, said[: n + 1], repeat) for repeat in self._repeats]
            for n in range(len(said))
        ]
        return Graded(item, ratings=rated)

    async def _compared(self, item: Item, said: list[str] | None, verdicts: Verdicts) -> Graded:
        """Compare an answer with the reference in both orders."""
        reference = item.reference[0] or ""
        if said is None:
            lost = Judgement(item.id, (MINE, THEIRS), (0, len(reference)), 1)
            return Graded(item, pairs=[[lost]], answered=False)
        shown = {MINE: said[0], THEIRS: reference}
        pairs: list[list[Judgement]] = []
        for repeat in self._repeats:
            asked = [
                await verdicts.pair(item, (one, other), (shown[one], shown[other]), repeat)
                for one, other in ((MINE, THEIRS), (THEIRS, MINE))
            ]
            pairs.append([one for one in asked if one is not None])
        return Graded(item, pairs=pairs)

    async def _right(self, item: Item, answer: str, verdicts: Verdicts) -> Graded:
        """Grade an answer by its check where that says; else by the judge."""
        checked = await item.check(answer, self._limits) if item.check is not None else None
        if checked is not None:
            return Graded(item, ratings=[[{RIGHT: float(checked)}]])
        said = [await verdicts.right(item, answer, repeat) for repeat in self._repeats]
        return Graded(item, ratings=[[{RIGHT: float(one)} for one in said if one is not None]])
