"""Calls a second through an OpenAI-compatible member against plain `ChatOpenAI` with its defaults.

Both ask a local server in another process, 256 at once, in turns within one run; the medians are
compared. Exits 1 where the ratio falls short of its target.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from local_server import server
from rich.console import Console
from rich.table import Table

from manyminds import Member
from manyminds.calls.ask import ask
from manyminds.runs.context import RunContext
from manyminds.settings import Context

CONCURRENCY = 256
CALLS = 2048
TARGET = 1.4


async def _all(one: Callable[[], Awaitable[object]]) -> float:
    places = asyncio.Semaphore(CONCURRENCY)

    async def placed() -> None:
        async with places:
            await one()

    await asyncio.gather(*(placed() for _ in range(CONCURRENCY)))  # connections are open now
    began = time.perf_counter()
    await asyncio.gather(*(placed() for _ in range(CALLS)))
    return CALLS / (time.perf_counter() - began)


async def plain(url: str) -> float:
    model = ChatOpenAI(model="m", base_url=url, api_key="none")  # type: ignore[arg-type]
    return await _all(lambda: model.ainvoke([HumanMessage("Hello")]))


async def member(url: str) -> float:
    ours = Member(f"m@{url}")
    settings = Context(concurrency=CONCURRENCY, seed=0, params={})
    run = RunContext(id="r", method="none", question_id="q", question="Hello", settings=settings)
    return await _all(lambda: ask(ours, [HumanMessage("Hello")], run, role="proposer"))


def main() -> int:
    rates: dict[str, list[float]] = {"plain": [], "member": []}
    with server(latency=0.0) as url:
        # ChatOpenAI's shared client belongs to its first event loop: one loop for all rounds.
        async def rounds() -> None:
            for _ in range(3):
                rates["plain"].append(await plain(url))
                rates["member"].append(await member(url))

        asyncio.run(rounds())
    slow, fast = (statistics.median(rates[name]) for name in ("plain", "member"))
    table = Table("client", "calls a second", title=f"{CONCURRENCY} at once")
    table.add_row("ChatOpenAI, defaults", f"{slow:.0f}")
    table.add_row("member", f"{fast:.0f}")
    Console().print(table)
    print(f"ratio {fast / slow:.2f}, target at least {TARGET}")
    return 0 if fast / slow >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
