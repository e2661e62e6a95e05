"""The three difficulties of "More Agents Is All You Need" (arXiv 2402.05120), on simulated members.

SIMULATED: no figure here comes from a real model. What is shown is how the methods behave where
members err as `manyminds.models.simulated.model` says they do. Three of its assumptions matter
here: a fifth of all errors is made alike by everyone, so no vote mends it; the same step is harder
within a longer question (its odds of an error grow with the square root of the number of steps; if
they did not, both votes would come out alike, since wrong results of whole solutions scatter); and
whoever chooses among options misreads at each with a quarter of the chance to err at a step.

Claims, each checked with 95 % intervals over questions:

- inherent difficulty: the gain of voting (40 samples against 1) rises, then falls;
- number of steps: the gain grows; step-wise voting beats a vote over whole solutions with the same
  number of calls at 16 steps, and the gap grows with the number of steps;
- prior probability 1/K: voted accuracy grows with it; the gain grows from 1/128 to 1/32 (above
  that, votes are nearly always right, so there is less and less to gain); at 1/64 a hierarchical
  vote, from coarse to fine, beats a flat one with the same number of calls.

Prints tables; exits 1 where a claim does not hold.
"""

import argparse
import asyncio
import math
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from manyminds import create_agent_forest, create_hierarchical_voting, create_stepwise_voting
from manyminds.evals.statistics.intervals import interval
from manyminds.graphs.hierarchical_voting import Level
from manyminds.method_graph import MethodGraph
from manyminds.models.simulated.arithmetic import QuestionRow
from manyminds.models.simulated.choices import split_question
from manyminds.models.simulated.model import (
    SimulatedChatModel,
    from_string,
    option_questions,
    questions,
)
from manyminds.reading.answers import extractor

SAMPLES = 40
console = Console(width=100)


class Mean(NamedTuple):
    """A mean over questions, its standard error, and its 95 % interval."""

    value: float
    error: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Mean":
        error = statistics.stdev(values) / math.sqrt(len(values))
        return cls.around(statistics.fmean(values), error)

    @classmethod
    def of_shares(cls, shares: Sequence[float], repeats: int = 1) -> "Mean":
        """Take the interval that accuracies have: it stays between 0 and 1."""
        low, high = interval(shares, repeats)
        return cls.of(shares)._replace(low=low, high=high)

    @classmethod
    def around(cls, value: float, error: float) -> "Mean":
        return cls(value, error, value - 1.96 * error, value + 1.96 * error)

    def __sub__(self, other: "Mean") -> "Mean":
        return Mean.around(self.value - other.value, math.hypot(self.error, other.error))

    def __str__(self) -> str:
        return f"{100 * self.value:5.1f}  [{100 * self.low:.1f}, {100 * self.high:.1f}]"


def grows(means: Sequence[Mean]) -> bool:
    """Return whether the last is surely above the first, and none surely below its predecessor."""
    falls = any((one - after).low > 0 for one, after in pairwise(means))
    return (means[-1] - means[0]).low > 0 and not falls


class Point(NamedTuple):
    """One sample alone, the vote, and what the vote gains, in shares of questions."""

    single: Mean
    voted: Mean
    gain: Mean


class Outcome(NamedTuple):
    """One question: was the answer right, which share of the samples was, how many calls."""

    right: float
    share: float
    calls: int


async def outcomes(graph: MethodGraph, rows: Sequence[QuestionRow]) -> list[Outcome]:
    app, read, found = graph.compile(), extractor("final"), list[Outcome]()
    for row in rows:
        result = await app.ainvoke({"messages": [("user", row["question"])]})
        given = [read.extract(c["text"]) for c in result.get("candidates", [])]
        share = given.count(row["answer"]) / max(1, len(given))
        right = read.extract(result["answer"]) == row["answer"]
        found.append(Outcome(right, share, result["report"]["calls"]))
    return found


async def vote(model: SimulatedChatModel, rows: Sequence[QuestionRow]) -> Point:
    found = await outcomes(create_agent_forest(model, samples=SAMPLES, vote="majority"), rows)
    return Point(
        Mean.of_shares([one.share for one in found], SAMPLES),
        Mean.of_shares([one.right for one in found]),
        Mean.of([one.right - one.share for one in found]),
    )


async def beside(
    graph: MethodGraph, model: SimulatedChatModel, rows: Sequence[QuestionRow]
) -> tuple[int, Mean, Mean, Mean]:
    """A method and a vote over whole answers with as many calls, on the same questions."""
    found = await outcomes(graph, rows)
    calls = math.ceil(statistics.fmean(one.calls for one in found))
    whole = await outcomes(create_agent_forest(model, samples=calls, vote="majority"), rows)
    gaps = [one.right - other.right for one, other in zip(found, whole, strict=True)]
    ours, theirs = ([one.right for one in both] for both in (found, whole))
    return calls, Mean.of_shares(ours), Mean.of_shares(theirs), Mean.of(gaps)


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(*columns, title=f"SIMULATED: {title}")
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def claim(text: str, holds: bool) -> bool:
    console.print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}\n")
    return holds


CURVE = (f"one of {SAMPLES} samples, %", f"vote of {SAMPLES}, %", "gain, points")


async def inherent(n: int, seed: int) -> bool:
    difficulties = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
    model = from_string("medium")
    curve = [await vote(model, questions(n, 5, seed, difficulty=d)) for d in difficulties]
    shown = [(f"{1 + 2 * d:g}", *point) for d, point in zip(difficulties, curve, strict=True)]
    show("inherent difficulty (medium, 5 steps)", ("digits", *CURVE), shown)
    gains = [point.gain for point in curve]
    top = gains.index(max(gains))
    return claim(
        "the gain rises from the easiest questions on, and falls towards the hardest",
        grows(gains[: top + 1]) and grows(gains[top:][::-1]),
    )


async def steps(n: int, seed: int) -> bool:
    lengths = (1, 2, 4, 6, 8)
    model = from_string("medium")
    curve = [await vote(model, questions(n, length, seed)) for length in lengths]
    shown = [(length, *point) for length, point in zip(lengths, curve, strict=True)]
    show("number of steps (medium)", ("steps", *CURVE), shown)
    return claim("the gain grows with the number of steps", grows([point.gain for point in curve]))


async def stepwise(n: int, seed: int) -> bool:
    lengths = (2, 4, 8, 16)
    columns = ("steps", "calls of each", "step-wise, %", "whole solutions, %", "gap, points")
    held: list[bool] = []
    for name in ("medium", "small"):
        model = from_string(name)
        graph = create_stepwise_voting(model, task="arithmetic", steps_per_superstep=max(lengths))
        found = [await beside(graph, model, questions(n, length, seed)) for length in lengths]
        shown = [(length, *row) for length, row in zip(lengths, found, strict=True)]
        show(f"step-wise voting ({name})", columns, shown)
        gaps = [row[-1] for row in found]
        text = "step-wise voting is better at 16 steps, and the gap grows with their number"
        held.append(claim(text, grows(gaps) and gaps[-1].low > 0))
    return all(held)


async def prior(n: int, seed: int) -> bool:
    counts = (128, 64, 32, 16, 8, 4, 2)
    model = from_string("small")
    curve = [await vote(model, option_questions(n, 5, seed, options=k)) for k in counts]
    shown = [(f"1/{k}", *point) for k, point in zip(counts, curve, strict=True)]
    show("prior probability (small, 5 steps)", ("prior", *CURVE), shown)
    voted = claim("voted accuracy grows with the prior", grows([p.voted for p in curve]))
    gains = [point.gain for point in curve[: counts.index(32) + 1]]
    gained = claim("the gain grows with the prior from 1/128 to 1/32", grows(gains))
    return voted and gained


async def hierarchical(n: int, seed: int) -> bool:
    model = from_string("small")
    shown: list[Sequence[object]] = []
    gap = Mean.around(0, 0)
    for parts, samples in (((4, 4), 21), ((4, 4, 4), 14)):
        options = math.prod(parts)
        levels = [Level(ask=split_question(part), samples=samples) for part in parts]
        graph = create_hierarchical_voting(model, levels=levels)
        row = await beside(graph, model, option_questions(n, 5, seed, options=options))
        shown.append((f"1/{options}", *row))
        gap = row[-1]
    columns = ("prior", "calls of each", "hierarchical, %", "flat vote, %", "gap, points")
    show("hierarchical voting, four ranges a level (small, 5 steps)", columns, shown)
    return claim("at 1/64 the hierarchical vote beats the flat one", gap.low > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=100, help="for each point of a curve")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began = time.perf_counter()

    async def all_curves() -> list[bool]:
        curves = (inherent, steps, stepwise, prior, hierarchical)
        return [await curve(asked.questions, asked.seed) for curve in curves]

    held = asyncio.run(all_curves())
    console.print(f"{time.perf_counter() - began:.0f} s")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
