"""Mixture-of-Agents, 100 questions at once, against `asyncio.gather` and `AsyncOpenAI` by hand.

Six proposers and an aggregator in 2 layers; the local server answers after 200 ms. Measured in
turns within one run. Exits 1 where a figure falls short of its target.
"""

import asyncio
import statistics
import sys
import time

from local_server import server
from openai import AsyncOpenAI
from rich.console import Console
from rich.table import Table

from manyminds import create_moa
from manyminds.compiled_method import CompiledMethod
from manyminds.fence import numbered
from manyminds.prompts import load

LATENCY = 0.2
PROPOSERS = 6
QUESTIONS = 100
SHARE, OVER_PATH = 0.8, 1.10


async def by_hand(client: AsyncOpenAI, question: str) -> str:
    synthesis = load("moa/synthesis@1").sections[0][1]

    async def ask(messages: list[dict[str, str]]) -> str:
        reply = await client.chat.completions.create(
            model="m",
            messages=messages,  # type: ignore[arg-type]
            temperature=0.7,
        )
        return reply.choices[0].message.content or ""

    user = {"role": "user", "content": question}
    answers = await asyncio.gather(*(ask([user]) for _ in range(PROPOSERS)))
    text = synthesis.replace("{{{answers}}}", numbered(answers))
    return await ask([{"role": "system", "content": text}, user])


async def ours(app: CompiledMethod, question: str) -> str:
    result = await app.ainvoke({"messages": [("user", question)]})
    return str(result["answer"])


def questions(turn: int) -> list[str]:
    return [f"Question {number} of round {turn}: what is it?" for number in range(QUESTIONS)]


async def measure(url: str, rounds: int = 3) -> tuple[list[float], list[float], list[float]]:
    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    app = create_moa([f"m{n}@{url}" for n in range(PROPOSERS)], layers=2).compile()
    await asyncio.gather(*(by_hand(client, q) for q in questions(-1)))
    await asyncio.gather(*(ours(app, q) for q in questions(-1)))
    plain: list[float] = []
    graph: list[float] = []
    for turn in range(rounds):
        began = time.perf_counter()
        await asyncio.gather(*(by_hand(client, q) for q in questions(turn)))
        plain.append(QUESTIONS / (time.perf_counter() - began))
        began = time.perf_counter()
        await asyncio.gather(*(ours(app, q) for q in questions(turn)))
        graph.append(QUESTIONS / (time.perf_counter() - began))
    alone: list[float] = []
    for turn in range(9):
        began = time.perf_counter()
        await ours(app, f"alone {turn}")
        alone.append((time.perf_counter() - began) / (2 * LATENCY))
    await client.close()
    return plain, graph, alone


def main() -> int:
    with server(LATENCY) as url:
        plain, graph, alone = asyncio.run(measure(url))
    hand, mine = statistics.median(plain), statistics.median(graph)
    path = statistics.median(alone)
    table = Table("what", "figure", "target", title=f"MoA, {QUESTIONS} questions at once")
    table.add_row("by hand, questions a second", f"{hand:.1f}", "")
    table.add_row("ours, questions a second", f"{mine:.1f}", "")
    table.add_row("ours over by hand", f"{mine / hand:.2f}", f">= {SHARE}")
    table.add_row("one question alone, over its critical path", f"{path:.3f}", f"<= {OVER_PATH}")
    Console().print(table)
    return 0 if mine / hand >= SHARE and path <= OVER_PATH else 1


if __name__ == "__main__":
    sys.exit(main())
