"""Running a task that a judge grades: the method answers, the judge compares or rates."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.errors import RunError
from manyminds.evals.evaluate import seed_of
from manyminds.evals.judged.judge import Judge, Spent
from manyminds.evals.judged.length import WinRate, win_rate
from manyminds.evals.judged.task import Item, JudgedTask
from manyminds.evals.statistics.intervals import interval
from manyminds.evals.statistics.judges import Judgement, Preference, consistency, preferences
from manyminds.json_lines import LineFile, json_lines
from manyminds.method_graph import Compiled
from manyminds.settings import Context

MINE, THEIRS = "method", "reference"


class Rating(NamedTuple):
    """A mean rating, with its 95 % interval over items."""

    mean: float
    interval: tuple[float, float]
    n: int


@dataclass
class Judged:
    """What a judge found.

    Attributes:
        ratings: Mean rating by aspect, turn and group; empty for pairs.
        wins: Win rates; None for ratings.
        interval: 95 % interval of the raw win rate.
        preferences: Whether the judge prefers the first or the longer answer, by how much.
        consistency: Share of the pairs on which both orders agree.
        unanswered: Items without an answer: they lose, or have the least rating.
        ungraded: Items of which no verdict could be read; they are not counted.
        method: What the method took: calls, tokens, dollars (None: a price is not known).
        judge: What the judge took.
    """

    ratings: dict[str, Rating] = field(default_factory=dict[str, Rating])
    wins: WinRate | None = None
    interval: tuple[float, float] | None = None
    preferences: list[Preference] = field(default_factory=list[Preference])
    consistency: float | None = None
    unanswered: int = 0
    ungraded: int = 0
    method: Spent = Spent(0, 0, 0, None)
    judge: Spent = Spent(0, 0, 0, None)


class _Answers:
    """The method's answers: asked, or taken from a file that an earlier start has written."""

    def __init__(self, app: Compiled, kept: Path | None, seed: int) -> None:
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
        for turn in item.turns:
            messages.append(HumanMessage(turn))
            about = {"question_id": item.id, "shuffle": str(self._seed)}
            try:
                state = await self._app.ainvoke(
                    {"messages": messages},
                    config={"metadata": about},
                    context=Context(seed=seed_of(self._seed, 0)),
                )
            except RunError as error:
                return row | {"error": str(error)}  # not kept: another start asks again
            report = state["report"]
            row["answers"].append(state["messages"][-1].text)
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
    app: Compiled,
    judge: Judge,
    *,
    kept: Path | None = None,
    seed: int = 0,
    concurrency: int = 16,
    on_item: Callable[[], None] = lambda: None,
) -> Judged:
    """Let a method answer the items of a task, and a judge grade the answers.

    Args:
        task: The task.
        items: Its items, see `JudgedTask.items`.
        app: Compiled method.
        judge: The judge.
        kept: File of the method's answers: those in it are not asked again, new ones are appended.
        seed: Seed of the method's runs.
        concurrency: Items at once.
        on_item: Called after each item.

    Raises:
        RunError: The judge cannot be asked at all.
    """
    found = Judged()
    verdicts: list[tuple[Item, Any]] = []
    left = iter(items)
    with closing(_Answers(app, kept, seed)) as answers:

        async def work() -> None:
            for item in left:
                said = await answers.of(item)
                found.unanswered += said is None
                grade = _compared if task.kind == "pair" else _rated
                verdicts.append((item, await grade(task, item, said, judge)))
                on_item()

        await asyncio.gather(*(work() for _ in range(concurrency)))
        found.method, found.judge = answers.spent, judge.spent
    order = {item.id: place for place, item in enumerate(items)}
    verdicts.sort(key=lambda one: order[one[0].id])
    found.ungraded = sum(not verdict for _, verdict in verdicts)
    graded = [(item, verdict) for item, verdict in verdicts if verdict]
    if task.kind == "pair":
        _sum_pairs(found, graded)
    else:
        _sum_ratings(found, graded, task.scale)
    return found


async def _compared(
    task: JudgedTask, item: Item, said: list[str] | None, judge: Judge
) -> list[Judgement]:
    """Compare an answer with the reference in both orders."""
    reference = item.reference[0] or ""
    if said is None:
        lengths = (0, len(reference))
        return [Judgement(item.id, (MINE, THEIRS), lengths, 1)]
    shown = {MINE: said[0], THEIRS: reference}
    found: list[Judgement] = []
    for pair in ((MINE, THEIRS), (THEIRS, MINE)):
        texts = (shown[pair[0]], shown[pair[1]])
        chosen = await judge.prefers(item.turns[0], texts)
        if chosen is not None:
            found.append(Judgement(item.id, pair, (len(texts[0]), len(texts[1])), chosen))
    return found


async def _rated(
    task: JudgedTask, item: Item, said: list[str] | None, judge: Judge
) -> list[Mapping[str, float]]:
    """Rate the answers to all turns; without an answer each aspect has the least rating."""
    if said is None:
        names = item.aspects or tuple(task.aspects)
        return [dict.fromkeys(names, float(task.scale[0])) for _ in item.turns]
    rated = [await judge.rates(item, said[: n + 1]) for n in range(len(said))]
    return rated if any(rated) else []


def _sum_pairs(found: Judged, graded: Sequence[tuple[Item, list[Judgement]]]) -> None:
    if not graded:
        return
    wins = [fmean(one.winner == MINE for one in judged) for _, judged in graded]
    lengths = [dict(zip(judged[0].shown, judged[0].lengths, strict=True)) for _, judged in graded]
    found.wins = win_rate(wins, [(one[MINE], one[THEIRS]) for one in lengths])
    found.interval = interval(wins)
    asked = [one for _, judged in graded if len(judged) == 2 for one in judged]
    if asked:
        found.preferences = preferences(asked)
        found.consistency = consistency(asked)[0]


def _sum_ratings(
    found: Judged, graded: Sequence[tuple[Item, list[Mapping[str, float]]]], scale: tuple[int, int]
) -> None:
    by: dict[str, dict[str, list[float]]] = {}
    for item, turns in graded:
        for n, rated in enumerate(turns, 1):
            keys = [*((name, (value,)) for name, value in rated.items()), ("all", rated.values())]
            keys += [(f"turn {n}", rated.values())] if len(turns) > 1 else []
            keys += [(f"group {item.group}", rated.values())] if item.group else []
            for name, ratings in keys:
                by.setdefault(name, {}).setdefault(item.id, []).extend(ratings)
    low, high = scale
    for name, items in by.items():
        shares = [(fmean(each) - low) / (high - low) for each in items.values() if each]
        if shares:
            start, end = interval(shares)
            within = (low + start * (high - low), low + end * (high - low))
            found.ratings[name] = Rating(low + fmean(shares) * (high - low), within, len(shares))
