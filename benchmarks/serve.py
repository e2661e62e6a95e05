"""The server over a Mixture-of-Agents: requests a second, added latency, first token, memory.

A local HTTP server plays the models, each of which answers after 0.2 s. The same graph answers in
this process (no server) and through `manyminds serve`, in turns, with 1, 64 and 256 questions open
at once. Added latency is the difference of the percentiles. The first token is timed twice: how
much later it comes than from the graph in this process, and how long it takes from the writer's
server to the client. Client, server and models share the processors of one machine, so requests a
second are a lower bound. Exits 1 where a target is missed.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
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
TURNS = 5  # of the graph in this process and of the server, so that both meet the same machine
START = 120.0  # seconds until a server must answer; mom-llm's imports alone can take 30 of them
WARM = 5.0  # seconds until all connections are open and all processes have met the load
GROWTH = 30.0  # target, MiB between the first and the last second at 256
FIRST = re.compile(r"w(\d+\.\d+)")  # the writer's first token: when it was sent
Ask = Callable[[int], Awaitable[bool]]


@dataclass
class Load:
    """What a number of clients saw: seconds of each answer, failures, seconds of the load."""

    seconds: list[float]
    failed: int
    lasted: float

    def __add__(self, other: "Load") -> "Load":
        lasted = self.lasted + other.lasted
        return Load(self.seconds + other.seconds, self.failed + other.failed, lasted)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.lasted

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
    return Load(taken, failed, perf_counter() - began)


def graph(upstream: str) -> Any:
    members = [f"m{number}@{upstream}" for number in range(MEMBERS)]
    return create_moa(members, layers=LAYERS).compile()


@contextmanager
def serving(upstream: str, processes: int, mom: Path | None = None) -> Generator[tuple[str, int]]:
    """Run `manyminds serve`, or mom-llm's server; give its base URL and the id of its process."""
    with tempfile.TemporaryDirectory() as folder:
        file, port = Path(folder) / "c.yaml", 18000 + os.getpid() % 10_000
        file.write_text(json.dumps(_mom(upstream, folder) if mom else _own(upstream)))  # is YAML
        command = [str(mom)] if mom else [sys.executable, "-m", "manyminds"]
        command += ["serve", "--config", str(file), "--port", str(port)]
        command += [] if mom else ["--processes", str(processes)]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # The second one spares mom-llm's library a look for prices on the network.
        quiet["env"] = {**os.environ, "OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "1"}
        with subprocess.Popen(command, **quiet) as process:
            try:
                yield f"http://127.0.0.1:{port}/v1", process.pid
            finally:
                process.terminate()


def _own(upstream: str) -> dict[str, Any]:
    members = [f"m{number}@{upstream}" for number in range(MEMBERS)]
    return {
        "ensembles": {"panel": {"method": "moa", "members": members, "options": {"layers": LAYERS}}}
    }


def _mom(upstream: str, folder: str) -> dict[str, Any]:
    """Return mom-llm's configuration of the same panel: three members and one that writes."""
    names = [f"m{number}" for number in range(MEMBERS)]
    key = {"api_key_env": "OPENAI_API_KEY"}
    llms = {
        name: {"model": f"openai/{name}", "params": {"api_base": upstream}, **key} for name in names
    }
    return {
        "version": 2,
        "server": {"auth": "none"},
        "cache": {"enabled": False},
        "storage": {"data_dir": folder},
        "llms": llms,
        "ensembles": {"panel": {"members": names, "synthesizer": {"llm": names[0]}}},
    }


@asynccontextmanager
async def asking(url: str) -> AsyncGenerator[tuple[Ask, aiohttp.ClientSession]]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        async with asyncio.timeout(START):
            while not await _is_up(session, url):
                await asyncio.sleep(0.1)

        async def ask(number: int) -> bool:
            try:
                async with session.post(f"{url}/chat/completions", json=body(number)) as response:
                    answer = await response.json()
            except aiohttp.ClientError:  # the server closed the connection
                return False
            told = answer.get("manyminds") or {"degraded": None}  # another server has no field
            return response.status == 200 and told["degraded"] is None

        await asyncio.gather(*(ask(-n) for n in range(1, 9)))  # connections are opened once
        yield ask, session


async def _is_up(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url.replace("/v1", "/health")) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def body(number: int, **more: Any) -> dict[str, Any]:
    content = f"What is the question of number {number}?"
    return {"model": "panel", "messages": [{"role": "user", "content": content}], **more}


class First(NamedTuple):
    """Seconds to the first token: from the question, and from the writer's server."""

    asked: float
    sent: float


async def first_tokens(app: Any, session: aiohttp.ClientSession, url: str) -> tuple[First, First]:
    """Return the medians in this process, and served.

    Streams are read to their end: one that is left open would go on while the next is timed.
    """

    async def own(number: int) -> AsyncGenerator[str]:
        given = {"messages": body(number)["messages"]}
        async for message, _ in app.astream(given, stream_mode="messages"):
            if isinstance(message, AIMessageChunk):
                yield message.text

    async def served(number: int) -> AsyncGenerator[str]:
        asked = body(number, stream=True)
        async with session.post(f"{url}/chat/completions", json=asked) as response:
            async for line in response.content:
                yield line.decode()

    timed: list[list[First]] = [[], []]
    for number in range(STREAMS):
        for kind, found in zip((own, served), timed, strict=True):
            began, seen = monotonic(), False
            async for text in kind(number):
                if not seen and (sent := FIRST.search(text)):
                    seen = True
                    found.append(First(monotonic() - began, monotonic() - float(sent[1])))
    inside, through = (First(*map(statistics.median, zip(*one, strict=True))) for one in timed)
    return inside, through


def mebibytes(pid: int) -> float:
    """Return the memory of a process and those it started."""
    listed = subprocess.run(
        ["ps", "-o", "rss=", "--pid", str(pid), "--ppid", str(pid)], capture_output=True, text=True
    )
    return sum(map(int, listed.stdout.split())) / 1024


async def measure(
    upstream: str,
    processes: int,
    options: argparse.Namespace,
    table: Table,
    mom: Path | None = None,
) -> int:
    """Measure a server and add its rows; return how many targets it missed."""
    app, missed, name = graph(upstream), 0, "mom-llm" if mom else str(processes)

    async def inside(number: int) -> bool:
        result = await app.ainvoke({"messages": body(number)["messages"]})
        return bool(result["answer"])

    with serving(upstream, processes, mom) as (url, pid):
        async with asking(url) as (ask, session):
            await asyncio.gather(*(inside(-n) for n in range(1, 9)))
            for at_once in options.at_once:
                await load(ask, at_once, WARM)
                before = mebibytes(pid)
                plain = served = Load([], 0, 0.0)
                for _ in range(TURNS):
                    plain += await load(inside, at_once, options.seconds / TURNS)
                    served += await load(ask, at_once, options.seconds / TURNS)
                grown = mebibytes(pid) - before
                added = [served.percentile(p) - plain.percentile(p) for p in (0.5, 0.99)]
                bad = served.failed > 0 or (at_once == 1 and added[0] > ADDED_AT_1)
                bad = not mom and (bad or (at_once == AT_ONCE[-1] and grown > GROWTH))
                missed += bad
                table.add_row(
                    name,
                    str(at_once),
                    f"{plain.rate:.1f}",
                    f"{served.rate:.1f}",
                    *(f"{1000 * one:+.1f} ms" for one in added),
                    f"{served.failed} of {len(served.seconds)}",
                    f"{grown:+.0f} MiB{'  missed' if bad else ''}",
                )
            own, through = await first_tokens(app, session, url)
            firsts = {"first token": through.asked - own.asked, "from the writer": through.sent}
            for what, late in firsts.items():
                bad = not mom and late > ADDED_FIRST
                missed += bad
                mark = "  missed" if bad else ""
                table.add_row(name, "1", "", what, f"{1000 * late:+.1f} ms{mark}", "", "", "")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--at-once", type=int, nargs="*", default=AT_ONCE, help="open questions")
    parser.add_argument("--mom", type=Path, help="program of mom-llm, to measure it the same way")
    options = parser.parse_args()
    names = ("processes", "at once", "in process, 1/s", "served, 1/s", "added p50", "added p99")
    table = Table(*names, "failed", "memory", title="3 x MoA, models answer after 0.2 s")
    missed = 0
    with server(LATENCY, WORDS, "--clock") as upstream:
        for processes in options.processes:
            missed += asyncio.run(measure(upstream, processes, options, table))
        if options.mom is not None:  # its targets are its own
            asyncio.run(measure(upstream, 1, options, table, options.mom))
    Console(width=120).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
