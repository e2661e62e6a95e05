"""The three difficulties of "More Agents Is All You Need" (arXiv 2402.05120), on simulated members.

SIMULATED: no figure here comes from a real model. What is shown is how the methods behave where
members err as `manyminds.models.simulated` says: a chance to err at each step, a fifth of errors
made alike by everyone, a chance to misread that grows with the number of options.

Claims, each checked with a 95 % interval (over questions):

- inherent difficulty: the gain of voting (40 samples against 1) rises, then falls;
- number of steps: the gain grows, and step-wise voting beats a vote over whole solutions with the
  same number of calls by more, the more steps there are;
- prior probability 1/K: voted accuracy grows with it; the gain grows from 1/128 to 1/32 (above
  that, votes are nearly always right and there is less to gain); at 1/64 a hierarchical vote, from
  coarse to fine, beats a flat one with the same number of calls.

Prints tables; exits 1 where a claim does not hold.
"""

import argparse
import asyncio
import math
import statistics
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from manyminds import create_agent_forest, create_hierarchical_voting, create_stepwise_voting
from manyminds.graphs.hierarchical_voting import Level
from manyminds.graphs.method_graph import Compiled
from manyminds.models.arithmetic import QuestionRow
from manyminds.models.options import split_question
from manyminds.models.simulated import SimulatedChatModel, from_string, option_questions, questions
from manyminds.votes.answers import extractor

SAMPLES = 40
VOTES_A_STEP = 5
LEVELS = (4, 4, 4)  # ranges a level: 64 in all
console = Console(width=100)


class Mean(NamedTuple):
    """A mean over questions and its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Mean":
        return cls(statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values)))

    def __sub__(self, other: "Mean") -> "Mean":
        return Mean(self.value - other.value, math.hypot(self.error, other.error))

    def __str__(self) -> str:
        half = 1.96 * self.error
        low, high = (100 * (self.value - half), 100 * (self.value + half))
        return f"{100 * self.value:5.1f}  [{low:.1f}, {high:.1f}]"

    @property
    def positive(self) -> bool:
        return self.value - 1.96 * self.error > 0


class Point(NamedTuple):
    """One sample alone, the vote, and what the vote gains, in shares of questions."""

    single: Mean
    voted: Mean
    gain: Mean


async def answers(
    app: Compiled, rows: Sequence[QuestionRow], kind: str
) -> list[tuple[bool, float]]:
    """For each question: whether the answer was right, and the share of right samples, if kept."""
    read = extractor(kind)
    found: list[tuple[bool, float]] = []
    for row in rows:
        result = await app.ainvoke({"messages": [("user", row["question"])]})
        given = [c["answer"] for c in result.get("candidates", [])]
        share = sum(a == row["answer"] for a in given) / len(given) if given else 0.0
        found.append((read.extract(result["answer"]) == row["answer"], share))
    return found


async def vote(
    model: SimulatedChatModel, rows: Sequence[QuestionRow], samples: int, kind: str = "number"
) -> Point:
    graph = create_agent_forest(model, samples=samples, extract=kind, vote="majority")
    found = await answers(graph.compile(), rows, kind)
    voted = [float(right) for right, _ in found]
    single = [share for _, share in found]
    gains = [right - share for right, share in found]
    return Point(Mean.of(single), Mean.of(voted), Mean.of(gains))


async def compared(
    one: Compiled, other: Compiled, rows: Sequence[QuestionRow], kind: str
) -> tuple[Mean, Mean, Mean]:
    """Accuracy of both on the same questions, and by how much the first is better."""
    first, second = await answers(one, rows, kind), await answers(other, rows, kind)
    pairs = [(float(a), float(b)) for (a, _), (b, _) in zip(first, second, strict=True)]
    each = [a - b for a, b in pairs]
    return Mean.of([a for a, _ in pairs]), Mean.of([b for _, b in pairs]), Mean.of(each)


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
    curve = [
        await vote(model, questions(n, 5, seed, difficulty=d), SAMPLES) for d in difficulties
    ]
    shown = [(f"{1 + 2 * d:g}", *p) for d, p in zip(difficulties, curve, strict=True)]
    show("inherent difficulty (medium, 5 steps)", ("digits of the largest number", *CURVE), shown)
    gains = [point.gain for point in curve]
    top = max(gains, key=lambda gain: gain.value)
    return claim(
        "the gain rises from the easiest questions on, and falls towards the hardest",
        (top - gains[0]).positive and (top - gains[-1]).positive,
    )


async def steps(n: int, seed: int) -> bool:
    lengths = (1, 2, 4, 8, 12)
    model = from_string("medium")
    curve = [await vote(model, questions(n, length, seed), SAMPLES) for length in lengths]
    shown = [(length, *p) for length, p in zip(lengths, curve, strict=True)]
    show("number of steps (medium)", ("steps", *CURVE), shown)
    gains = [point.gain for point in curve]
    means = [gain.value for gain in gains]
    return claim(
        "the gain grows with the number of steps",
        means == sorted(means) and (gains[-1] - gains[0]).positive,
    )


async def stepwise(n: int, seed: int) -> bool:
    lengths = (2, 4, 8, 16)
    model = from_string("medium")
    by_step = create_stepwise_voting(
        model, task="arithmetic", stop=f"fixed:{VOTES_A_STEP}", steps_per_superstep=max(lengths)
    ).compile()
    shown: list[Sequence[object]] = []
    gaps: list[Mean] = []
    for length in lengths:
        calls = VOTES_A_STEP * length
        whole = create_agent_forest(model, samples=calls, extract="number").compile()
        rows = questions(n, length, seed)
        stepped, voted, gap = await compared(by_step, whole, rows, "number")
        shown.append((length, calls, stepped, voted, gap))
        gaps.append(gap)
    columns = ("steps", "calls of each", "step-wise, %", "whole solutions, %", "gap, points")
    show("step-wise voting, at equal calls (medium)", columns, shown)
    means = [gap.value for gap in gaps]
    return claim(
        "step-wise voting is better, and the gap grows with the number of steps",
        means == sorted(means) and gaps[-1].positive and (gaps[-1] - gaps[0]).positive,
    )


async def prior(n: int, seed: int) -> bool:
    counts = (128, 64, 32, 16, 8, 4, 2)
    model = from_string("small")
    curve = {
        k: await vote(model, option_questions(n, 5, seed, options=k), SAMPLES, "final")
        for k in counts
    }
    shown = [(f"1/{k}", *point) for k, point in curve.items()]
    show("prior probability (small, 5 steps)", ("prior", *CURVE), shown)
    voted = [point.voted.value for point in curve.values()]
    grows = claim("voted accuracy grows with the prior", voted == sorted(voted))
    low = [curve[k].gain for k in (128, 64, 32)]
    means = [gain.value for gain in low]
    gains = claim(
        "the gain grows with the prior from 1/128 to 1/32",
        means == sorted(means) and (low[-1] - low[0]).positive,
    )
    return grows and gains


async def hierarchical(n: int, seed: int) -> bool:
    model = from_string("small")
    each = round(SAMPLES / len(LEVELS)) + 1
    levels = [Level(ask=split_question(parts), samples=each) for parts in LEVELS]
    by_level = create_hierarchical_voting(model, levels=levels).compile()
    flat = create_agent_forest(model, samples=each * len(LEVELS), extract="final").compile()
    shown: list[Sequence[object]] = []
    gap = Mean(0.0, 0.0)
    for options in (math.prod(LEVELS) * 2, math.prod(LEVELS)):
        last = levels[:-1] + [Level(ask=split_question(options // 16), samples=each)]
        app = by_level if options == math.prod(LEVELS) else _leveled(model, last)
        rows = option_questions(n, 5, seed, options=options)
        down, at_once, gap = await compared(app, flat, rows, "final")
        shown.append((f"1/{options}", each * len(LEVELS), down, at_once, gap))
    columns = ("prior", "calls of each", "hierarchical, %", "flat vote, %", "gap, points")
    show("hierarchical voting, at equal calls (small, 5 steps)", columns, shown)
    return claim("at 1/64 the hierarchical vote beats the flat one", gap.positive)


def _leveled(model: SimulatedChatModel, levels: Sequence[Level]) -> Compiled:
    return create_hierarchical_voting(model, levels=levels).compile()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
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
