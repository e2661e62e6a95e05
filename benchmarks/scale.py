"""A million questions a day through a 3 x 4 SMoA: what it needs, computed from measured figures.

Measured here: processor time of a question through the server's application (three proposers, four
layers, no early stop; a local HTTP server plays the models), and what a conversation writes into a
database. Computed: calls a second, calls in flight, processes, writes and dollars. Processor time
is that of this process alone, so other programs matter little. There is no target.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from local_server import served
from rich.console import Console
from rich.table import Table

from manyminds.server.application import create_app
from manyminds.server.config import Config
from manyminds.server.database import opened

DAY = 86_400
PROPOSERS, LAYERS = 3, 4
PEAK = 3.0  # the busiest hour over the mean
UTILISATION = 0.6  # of a process at the peak, so that answers do not queue
AT_ONCE = 16


class Measured(NamedTuple):
    """Of one question.

    Attributes:
        calls: Model calls.
        seconds: Processor time.
        stored: The same with a conversation that is kept in SQLite.
        rows: Rows that a conversation's first question writes.
        bytes: Their size.
    """

    calls: int
    seconds: float
    stored: float
    rows: float
    bytes: float


async def ask(client: httpx.AsyncClient, number: int, **headers: str) -> int:
    messages = [{"role": "user", "content": f"What is the question of number {number}?"}]
    asked = {"model": "panel", "messages": messages}
    response = await client.post("/chat/completions", json=asked, headers=headers)
    assert response.status_code == 200, response.text
    told = response.json()["manyminds"]
    assert told["degraded"] is None, told["degraded"]
    return int(told["calls"])


async def measure(upstream: str, questions: int, folder: Path) -> Measured:
    members = [f"m{number}@{upstream}" for number in range(PROPOSERS)]
    one: dict[str, Any] = {"method": "smoa", "members": members, "options": {"layers": LAYERS}}
    config = Config.model_validate({"ensembles": {"panel": one}})
    app = create_app(config)
    places = asyncio.Semaphore(AT_ONCE)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/v1", timeout=120
    ) as client:

        async def one_of(number: int, **headers: str) -> int:
            async with places:
                return await ask(client, number, **headers)

        async def timed(first: int, *, kept: bool) -> float:
            began = time.process_time()
            numbers = range(first, first + questions)
            headers = [{"x-manyminds-thread": f"t-{n}"} if kept else {} for n in numbers]
            asked = zip(numbers, headers, strict=True)
            await asyncio.gather(*(one_of(number, **more) for number, more in asked))
            return (time.process_time() - began) / questions

        calls = await ask(client, 0)
        await asyncio.gather(*(one_of(-number) for number in range(1, 1 + AT_ONCE)))  # warm
        plain = await timed(1, kept=False)
        file = folder / "c.db"
        async with opened(f"sqlite:{file}") as database:
            app.state.server.database = database
            stored = await timed(1 + questions, kept=True)
    with closing(sqlite3.connect(file)) as connection:
        tables = ("checkpoints", "writes")
        rows = sum(
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables
        )
        size = sum(
            connection.execute(query).fetchone()[0]
            for query in (
                "SELECT sum(length(checkpoint) + length(metadata)) FROM checkpoints",
                "SELECT sum(length(value)) FROM writes",
            )
        )
    return Measured(calls, plain, stored, rows / questions, size / questions)


def needs(found: Measured, options: argparse.Namespace) -> Table:
    """Compute what the questions of a day need."""
    rate = options.questions_a_day / DAY
    stages = (LAYERS - 1) * 3  # proposers, judge, moderator; the last layer: proposers, aggregator
    tokens = found.calls * (options.tokens_in + options.tokens_out)
    dollars = found.calls * (
        options.tokens_in * options.price_in + options.tokens_out * options.price_out
    )
    table = Table("", "mean", f"peak ({PEAK:g} times)")

    def row(what: str, mean: float, form: str = ",.1f") -> None:
        table.add_row(what, format(mean, form), format(PEAK * mean, form))

    row("questions a second", rate)
    row("calls a second", rate * found.calls)
    row(
        f"calls in flight, {options.call_seconds:g} s each",
        rate * found.calls * options.call_seconds,
        ",.0f",
    )
    row("questions open", rate * stages * options.call_seconds, ",.0f")
    row("tokens a second", rate * tokens, ",.0f")
    row(f"processors at {UTILISATION:.0%}", rate * found.seconds / UTILISATION)
    row("the same with conversations", rate * found.stored / UTILISATION)
    row("database rows a second, with conversations", rate * found.rows, ",.0f")
    row("database MB a second, with conversations", rate * found.bytes / 1e6)
    table.add_row("database GB a day", f"{options.questions_a_day * found.bytes / 1e9:,.0f}", "")
    table.add_row("dollars a day", f"{options.questions_a_day * dollars / 1e6:,.0f}", "")
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=60, help="that are measured")
    parser.add_argument("--questions-a-day", type=float, default=1e6)
    parser.add_argument("--call-seconds", type=float, default=2.0, help="of a model's answer")
    parser.add_argument("--tokens-in", type=float, default=900, help="of a call, on average")
    parser.add_argument("--tokens-out", type=float, default=250)
    parser.add_argument("--price-in", type=float, default=0.15, help="dollars a million tokens")
    parser.add_argument("--price-out", type=float, default=0.60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served("helpers.judging") as upstream:
        found = asyncio.run(measure(upstream, options.questions, Path(folder)))
    console = Console(width=100)
    console.print(
        f"A question: {found.calls} calls, {1000 * found.seconds:.1f} ms of processor time "
        f"({1000 * found.stored:.1f} ms with a conversation in SQLite, which writes "
        f"{found.rows:.0f} rows, {found.bytes / 1000:.0f} kB)"
    )
    console.print(needs(found, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
