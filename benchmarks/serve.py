"""The server over a Mixture-of-Agents: requests a second, added latency, first token, memory.

A local HTTP server plays the models, each of which answers after 0.2 s. The same graph answers in
this process (no server) and through `manyminds serve`, with 1, 64 and 256 questions open at once.
Added latency is the difference of the percentiles. Client, server and models share the processors
of one machine, so requests a second are a lower bound. Exits 1 where a target is missed.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import aiohttp
from langchain_core.messages import AIMessageChunk
from local_server import server
from rich.console import Console
from rich.table import Table

from manyminds import create_moa

LATENCY, WORDS, MEMBERS, LAYERS = 0.2, 20, 3, 2
AT_ONCE = (1, 64, 256)
STREAMS = 20  # answers whose first token is timed
ADDED_AT_1, ADDED_FIRST = 0.010, 0.005  # targets, seconds
GROWTH = 30.0  # target, MiB between the first and the last second at 256
Ask = Callable[[int], Awaitable[bool]]


class Load(NamedTuple):
    """What a number of clients saw: seconds of each answer, failures, answers a second."""

    seconds: list[float]
    failed: int
    rate: float

    def percentile(self, share: float) -> float:
        """Return the seconds within which a share of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def load(ask: Ask, at_once: int, seconds: float) -> Load:
    """Keep so many questions open for so long."""
    taken: list[float] = []
    failed, began = 0, perf_counter()

    async def client(number: int) -> None:
        nonlocal failed
        asked = 0
        while perf_counter() - began < seconds:
            asked += 1
            start = perf_counter()
            good = await ask(number * 1_000_000 + asked)
            taken.append(perf_counter() - start)
            failed += not good

    await asyncio.gather(*(client(number) for number in range(at_once)))
    return Load(taken, failed, len(taken) / (perf_counter() - began))


def graph(upstream: str) -> Any:
    members = [f"m{number}@{upstream}" for number in range(MEMBERS)]
    return create_moa(members, layers=LAYERS).compile()


@contextmanager
def serving(upstream: str, processes: int) -> Generator[tuple[str, int]]:
    """Run `manyminds serve`; give its base URL and the id of its process."""
    with tempfile.TemporaryDirectory() as folder:
        members = [f"m{number}@{upstream}" for number in range(MEMBERS)]
        one = {"method": "moa", "members": members, "options": {"layers": LAYERS}}
        file = Path(folder) / "c.yaml"
        file.write_text(json.dumps({"ensembles": {"panel": one}}))  # JSON is YAML
        port = 18000 + os.getpid() % 10_000
        command = [sys.executable, "-m", "manyminds", "serve", "--config", str(file)]
        more = ["--port", str(port), "--processes", str(processes)]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([*command, *more], **quiet) as process:
            try:
                yield f"http://127.0.0.1:{port}/v1", process.pid
            finally:
                process.terminate()


@asynccontextmanager
async def asking(url: str) -> AsyncGenerator[tuple[Ask, aiohttp.ClientSession]]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        for _ in range(300):
            try:
                await (await session.get(url.replace("/v1", "/ready"))).read()
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)

        async def ask(number: int) -> bool:
            async with session.post(f"{url}/chat/completions", json=body(number)) as response:
                answer = await response.json()
                return response.status == 200 and answer["manyminds"]["degraded"] is None

        await asyncio.gather(*(ask(-n) for n in range(1, 9)))  # connections are opened once
        yield ask, session


def body(number: int, **more: Any) -> dict[str, Any]:
    content = f"What is the question of number {number}?"
    return {"model": "panel", "messages": [{"role": "user", "content": content}], **more}


async def first_tokens(app: Any, session: aiohttp.ClientSession, url: str) -> tuple[float, float]:
    """Return the medians of the seconds to the first token: in this process, and served."""
    own: list[float] = []
    through: list[float] = []
    for number in range(STREAMS):
        began = perf_counter()
        given = body(number)
        async for message, _ in app.astream(
            {"messages": given["messages"]}, stream_mode="messages"
        ):
            if isinstance(message, AIMessageChunk) and message.text:
                own.append(perf_counter() - began)
                break
        began = perf_counter()
        asked = body(number, stream=True)
        async with session.post(f"{url}/chat/completions", json=asked) as response:
            async for line in response.content:
                if b'"content": "w' in line:
                    through.append(perf_counter() - began)
                    break
    return statistics.median(own), statistics.median(through)


def mebibytes(pid: int) -> float:
    """Return the memory of a process and those it started."""
    listed = subprocess.run(
        ["ps", "-o", "rss=", "--pid", str(pid), "--ppid", str(pid)], capture_output=True, text=True
    )
    return sum(map(int, listed.stdout.split())) / 1024


async def measure(upstream: str, processes: int, seconds: float, table: Table) -> int:
    app, missed = graph(upstream), 0

    async def inside(number: int) -> bool:
        result = await app.ainvoke({"messages": body(number)["messages"]})
        return bool(result["answer"])

    with serving(upstream, processes) as (url, pid):
        async with asking(url) as (ask, session):
            await asyncio.gather(*(inside(-n) for n in range(1, 9)))
            for at_once in AT_ONCE:
                plain = await load(inside, at_once, seconds)
                await load(ask, at_once, 1.0)
                before = mebibytes(pid)
                served = await load(ask, at_once, seconds)
                grown = mebibytes(pid) - before
                added = [served.percentile(p) - plain.percentile(p) for p in (0.5, 0.99)]
                bad = served.failed > 0 or (at_once == 1 and added[0] > ADDED_AT_1)
                bad = bad or (at_once == AT_ONCE[-1] and grown > GROWTH)
                missed += bad
                table.add_row(
                    str(processes),
                    str(at_once),
                    f"{plain.rate:.1f}",
                    f"{served.rate:.1f}",
                    *(f"{1000 * one:+.1f} ms" for one in added),
                    f"{served.failed} of {len(served.seconds)}",
                    f"{grown:+.0f} MiB{'  missed' if bad else ''}",
                )
            own, through = await first_tokens(app, session, url)
            late = through - own > ADDED_FIRST
            missed += late
            mark = "  missed" if late else ""
            what = f"first token {1000 * (through - own):+.1f} ms{mark}"
            table.add_row(str(processes), "1", "", what, "", "", "", "")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    names = ("processes", "at once", "in process, 1/s", "served, 1/s", "added p50", "added p99")
    table = Table(*names, "failed", "memory", title="3 x MoA, models answer after 0.2 s")
    missed = 0
    with server(LATENCY, WORDS) as upstream:
        for processes in options.processes:
            missed += asyncio.run(measure(upstream, processes, options.seconds, table))
    Console(width=120).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
