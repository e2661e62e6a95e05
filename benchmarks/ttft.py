"""Time to the first token of a Mixture-of-Agents: chunk by chunk against all at once.

Three quick proposers and three slow ones on a local HTTP server; an aggregator that streams. Both
graphs answer in turn, in the same run. The answer that is written chunk by chunk begins as soon as
the quick proposers are in; the figures are medians. Exits 1 where a target is missed.
"""

import asyncio
import statistics
import sys
from time import perf_counter
from typing import Any, NamedTuple

from langchain_core.messages import AIMessageChunk
from local_server import server
from rich.console import Console
from rich.table import Table

from manyminds import Member, create_moa

LATENCIES = (0.3, 0.4, 0.5, 1.2, 1.6, 2.0)  # seconds a proposer takes, the quick ones first
CHUNK = 3
WRITER, WORDS, BETWEEN = 0.2, 40, 0.01  # the aggregator: seconds before the first of so many words
REPEATS = 5
ASKED: Any = {"messages": [("user", "What should one see in Lisbon?")]}
# As quick as its first chunk allows, and no slower in the end: at most so much longer.
SLACK = 1.15


class Times(NamedTuple):
    """Seconds until the first token, and until the end."""

    first: float
    whole: float


def graph(url: str, chunk: int | None) -> Any:
    proposers = [Member(f"proposer-{s}@{url}", name=f"takes-{s}") for s in LATENCIES]
    writer = Member(f"writer-{WRITER}@{url}", name="writer")
    return create_moa(proposers, aggregator=writer, layers=2, chunk=chunk).compile()


async def timed(app: Any) -> Times:
    began, first = perf_counter(), 0.0
    async for message, _ in app.astream(ASKED, stream_mode="messages"):
        if not first and isinstance(message, AIMessageChunk) and message.text:
            first = perf_counter() - began
    return Times(first, perf_counter() - began)


async def measured(url: str) -> tuple[Times, Times]:
    plain, chunked = graph(url, None), graph(url, CHUNK)
    for each in (plain, chunked):
        await timed(each)  # connections are opened once
    runs = [(await timed(plain), await timed(chunked)) for _ in range(REPEATS)]
    return _median([run[0] for run in runs]), _median([run[1] for run in runs])


def _median(runs: list[Times]) -> Times:
    return Times(*(statistics.median(column) for column in zip(*runs, strict=True)))


def main() -> int:
    with server(0, WORDS, "--by-model", "--between", str(BETWEEN)) as url:
        plain, chunked = asyncio.run(measured(url))
    allowed = (LATENCIES[CHUNK - 1] + WRITER) / (LATENCIES[-1] + WRITER) * SLACK
    table = Table("", "all at once", f"chunks of {CHUNK}", "ratio", "target", title="MoA, streamed")
    missed = 0
    for what, one, other, target in (
        ("first token", plain.first, chunked.first, allowed),
        ("whole answer", plain.whole, chunked.whole, SLACK),
    ):
        missed += other / one > target
        mark = "" if other / one <= target else "  missed"
        figures = (f"{one:.2f} s", f"{other:.2f} s", f"{other / one:.2f}")
        table.add_row(what, *figures, f"<= {target:.2f}{mark}")
    Console().print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
