"""What Sparse Mixture-of-Agents (arXiv 2411.03284) saves against MoA, on simulated members.

SIMULATED: no figure here comes from a real model. Four members of one skill; three layers, of which
two are proposers'; the judge keeps two answers. Two thirds of the questions are easy: one member
alone is right on at least 95 % of them, which is measured. Simulated members that work alike write
alike, letter for letter, and a judge counts that as one answer; so each is given words of its own
here, as real ones have. Seconds are simulated latencies, alike for every call whatever its length,
so a judge's short reply weighs as much as a long answer: calls in parallel take as long as the
slowest, stages one after the other add up.

Claim: with an early stop, as it is by default, SMoA uses at most 65 % of MoA's tokens, and the 95 %
interval of the paired difference in accuracy does not lie below zero. The other rows show cheaper
ways to stop. Prints a table; exits 1 where the claim does not hold.
"""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import fmean as mean
from typing import Any, NamedTuple, TypeAlias

from langchain_core.callbacks import BaseRunManager
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import Field
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from manyminds import create_agent_forest, create_moa, create_smoa
from manyminds.compiled_method import CompiledMethod
from manyminds.evals.statistics.paired import difference
from manyminds.method_graph import MethodGraph
from manyminds.models.simulated.arithmetic import QuestionRow
from manyminds.models.simulated.model import SimulatedChatModel, questions
from manyminds.reading.answers import extractor

MEMBERS, LAYERS, KEEP, SKILL = 4, 3, 2, 0.85
MOST_TOKENS, LEAST_ALONE = 0.65, 0.95
CHARS_A_TOKEN, AT_ONCE = 4, 16
# The first is as it is by default, and what the claim is about.
WAYS: Sequence[Mapping[str, Any]] = (
    {}, {"stop": "judge"}, {"stop": 0.75}, {"stop": "never"},
)  # fmt: skip
LINE = re.compile(r"^(-?\d+) ([-+*]) (-?\d+) = (-?\d+)$", re.MULTILINE)
WORDS = (
    r"Next I take \1 and work out \1 \2 \3, which gives \4.",
    r"Now \1 \2 \3: that makes \4, so I carry \4 on to the next step.",
    r"We have \1 so far. Applying \2 \3 to it, we get \4.",
    r"From \1, the step \2 \3 leads to \4; I checked it once more.",
)
# Seconds by layer and role, which are one stage: it takes as long as the slowest call in it.
Stages: TypeAlias = dict[tuple[int, str], float]
console = Console(width=100)
read = extractor("final")


class Worded(SimulatedChatModel):
    """A simulated member with words of its own, which notes its seconds instead of waiting."""

    words: str
    latency: float = 1.0
    waits: dict[str, Stages] = Field(default_factory=dict[str, Stages])  # by question

    def _answer(
        self,
        messages: Sequence[BaseMessage],
        manager: BaseRunManager | None,
        options: Mapping[str, Any],
    ) -> tuple[AIMessage, float]:
        message, seconds = super()._answer(messages, manager, options)
        text = LINE.sub(self.words, message.text)
        used = message.usage_metadata
        assert used is not None and manager is not None
        given, made = used["input_tokens"], -(-len(text) // CHARS_A_TOKEN)
        usage = UsageMetadata(input_tokens=given, output_tokens=made, total_tokens=given + made)
        data = manager.metadata
        stage = data["layer"], data["role"]
        prolong(self.waits.setdefault(data["question_id"], {}), stage, seconds)
        return message.model_copy(update={"content": text, "usage_metadata": usage}), 0.0


class Outcome(NamedTuple):
    """One question: was the answer right, which share of the members was, and what it took."""

    right: bool
    share: float
    tokens: int
    calls: int
    seconds: float


def members() -> list[Worded]:
    return [Worded(model_name=f"m{n}", skill=SKILL, words=WORDS[n]) for n in range(MEMBERS)]


def prolong(stages: Stages, stage: tuple[int, str], seconds: float) -> None:
    stages[stage] = max(seconds, stages.get(stage, 0.0))


def critical_path(who: Sequence[Worded], question: str) -> float:
    stages = Stages()
    for member in who:
        for stage, seconds in member.waits.pop(question, Stages()).items():
            prolong(stages, stage, seconds)
    return sum(stages.values())


async def answered(app: CompiledMethod, who: Sequence[Worded], row: QuestionRow) -> Outcome:
    config: Any = {"metadata": {"question_id": row["id"]}}
    result = await app.ainvoke({"messages": [("user", row["question"])]}, config)
    said = [read.extract(candidate["text"]) == row["answer"] for candidate in result["candidates"]]
    report = result["report"]
    return Outcome(
        right=read.extract(result["answer"]) == row["answer"],
        share=mean(said),
        tokens=report["tokens"]["input"] + report["tokens"]["output"],
        calls=report["calls"],
        seconds=critical_path(who, row["id"]),
    )


async def outcomes(
    graph: MethodGraph, who: Sequence[Worded], rows: Sequence[QuestionRow]
) -> list[Outcome]:
    app, places = graph.compile(), asyncio.Semaphore(AT_ONCE)

    async def one(row: QuestionRow) -> Outcome:
        async with places:
            return await answered(app, who, row)

    return await asyncio.gather(*map(one, rows))


def line(name: str, found: Sequence[Outcome], moa: Sequence[Outcome]) -> list[str]:
    """A row of the table: a method, and how it stands to MoA on the same questions."""
    gap, (low, high) = difference([one.right for one in found], [one.right for one in moa])
    return [
        name,
        f"{100 * mean([one.right for one in found]):.1f}",
        f"{100 * gap:+.1f} [{100 * low:.1f}, {100 * high:.1f}]",
        f"{mean([one.calls for one in found]):.1f}",
        f"{mean([one.tokens for one in found]):.0f}",
        f"{share_of_tokens(found, moa):.2f}",
        f"{mean([one.seconds for one in found]) / mean([one.seconds for one in moa]):.2f}",
    ]


def share_of_tokens(found: Sequence[Outcome], moa: Sequence[Outcome]) -> float:
    return sum(one.tokens for one in found) / sum(one.tokens for one in moa)


def holds(alone: float, found: Sequence[Outcome], moa: Sequence[Outcome]) -> bool:
    _, (_, high) = difference([one.right for one in found], [one.right for one in moa])
    return alone >= LEAST_ALONE and share_of_tokens(found, moa) <= MOST_TOKENS and high >= 0


async def compared(n: int, seed: int) -> bool:
    who = members()
    easy = questions(2 * n // 3, 1, seed, difficulty=0)
    rows = [*easy, *questions(n // 3, 8, seed, difficulty=0.5)]
    forest = create_agent_forest(who, samples=2 * MEMBERS, vote="majority")
    alone = mean([one.share for one in await outcomes(forest, who, easy)])
    moa = await outcomes(create_moa(who, layers=LAYERS), who, rows)
    heads = ("right, %", "gap to MoA", "calls", "tokens", "ratio", "seconds, ratio")
    table = Table(
        "", *heads, box=SIMPLE, title=f"SIMULATED: {len(rows)} questions, two thirds of them easy"
    )
    table.add_row(*line("MoA", moa, moa))
    held: list[bool] = []
    for options in WAYS:
        smoa = create_smoa(who, layers=LAYERS, keep=KEEP, **options)
        found = await outcomes(smoa, who, rows)
        how = " ".join(f"{name}={value}" for name, value in options.items())
        table.add_row(*line(f"SMoA {how}", found, moa))
        held.append(holds(alone, found, moa))
    console.print(table)
    console.print(f"one member alone, easy questions: {100 * alone:.1f} % right")
    text = f"SMoA with an early stop: at most {MOST_TOKENS:.0%} of MoA's tokens, at no loss"
    console.print(f"{'holds' if held[0] else 'DOES NOT HOLD'}: {text}")
    return held[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began = time.perf_counter()
    held = asyncio.run(compared(asked.questions, asked.seed))
    console.print(f"{time.perf_counter() - began:.0f} s")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
