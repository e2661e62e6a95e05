"""Many questions and samples at once against an endpoint that takes only so much.

SIMULATED: a local server answers so many requests at once, or a second, and refuses the others with
429: without a word, with the same `Retry-After: 1` each time, or with the time it really takes.
Nothing is set on our side. The server's own pace is what it could answer if someone always asked
it just in time.

Claim: all samples are answered, and the server is kept busy at four fifths of its own pace or more.
Prints a table; exits 1 where that does not hold. `--questions 1000` takes half an hour.
"""

import argparse
import asyncio
import sys
import time

from local_server import served
from rich.console import Console
from rich.table import Table

from manyminds import create_agent_forest

SAMPLES, PLACES, LATENCY = 40, 64, 0.6
PER_SECOND = 100
LEAST = 0.8
PLACED = ("--places", PLACES, "--latency", LATENCY)
CASES = (
    (f"{PLACES} at once, says nothing", PLACES / LATENCY, PLACED),
    (f"{PLACES} at once, Retry-After: 1", PLACES / LATENCY, (*PLACED, "--wait", 1)),
    (f"{PER_SECOND} a second, Retry-After", PER_SECOND, ("--per-second", PER_SECOND)),
)


async def ask(url: str, questions: int) -> tuple[float, int]:
    """Return the seconds for all questions, and how many samples have no answer."""
    app = create_agent_forest(f"m@{url}", samples=SAMPLES).compile()
    began = time.monotonic()
    results = await asyncio.gather(
        *(app.ainvoke({"messages": [("user", f"Question {n}?")]}) for n in range(questions))
    )
    candidates = [candidate for result in results for candidate in result["candidates"]]
    unanswered = questions * SAMPLES - sum(c["status"] == "ok" for c in candidates)
    return time.monotonic() - began, unanswered


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=100)
    questions = parser.parse_args().questions
    table = Table(
        "the server takes", "its pace", "seconds", "of its pace", "target", "unanswered",
        title=f"{questions} questions x {SAMPLES} samples",
    )  # fmt: skip
    missed = False
    for name, pace, options in CASES:
        with served("helpers.limited", *options) as url:
            seconds, unanswered = asyncio.run(ask(url, questions))
        share = questions * SAMPLES / pace / seconds
        missed = missed or share < LEAST or unanswered > 0
        table.add_row(
            name, f"{pace:.0f} /s", f"{seconds:.1f}", f"{share:.2f}", f"{LEAST}", str(unanswered)
        )
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
