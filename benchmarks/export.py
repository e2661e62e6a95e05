"""Exporting many trajectories: rows a second, and memory that does not grow with them.

Trajectories of agents with a tool call are made and written to a file. Each form exports a tenth of
them and all of them, each time in a process of its own, with duplicates looked for; `dpo` compares
two candidates a task, which are kept on disk until all are read. Prints each figure next to its
target; exits 1 where one falls short.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from manyminds.export.filters import Limits
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.json_lines import encoded
from manyminds.trajectory import APIAction, MessageAction, Step, TextObservation, Trajectory

FORMS = ("trl", "openai", "adp", "dpo")
ROWS_A_SECOND = 1_000
GROWTH = 20.0  # MiB of peak memory from a tenth of the trajectories to all
_WORDS = ["apple", "river", "count", "table", "seven", "north", "engine", "paper", "value", "row"]


def made(count: int, draw: random.Random) -> Iterator[Trajectory]:
    """Trajectories: episodes with a tool call, and every second one a pair of candidates."""
    tools = [{"type": "function", "function": {"name": "run_sql", "parameters": {}}}]
    for n in range(count):
        said = [" ".join(draw.choices(_WORDS, k=40)) for _ in range(3)]
        asked = TextObservation(content=f"Question {n // 2}: {_WORDS[n // 2 % 10]}?", source="user")
        calls: list[Step] = [
            APIAction(function="run_sql", kwargs={"query": said[0]}, description=said[1]),
            TextObservation(content=said[2], source="environment"),
        ]
        last = MessageAction(content=f"The answer is {n}.")
        single = n % 4 < 2
        yield Trajectory(
            id=str(n),
            content=[asked, last] if single else [asked, *calls, last],
            tools=[] if single else tools,
            task=str(n // 2),
            model="made",
            reward=float(n % 2),
        )


def measured(source: Path, form: str) -> dict[str, float]:
    """Rows, seconds and peak memory (MiB) of an export in this process."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan([source], form, limits=Limits(dedupe=True))
        counts = export(plan, Path(folder) / "out.jsonl")
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": counts.rows, "read": counts.total, "seconds": seconds, "peak": peak}


def alone(source: Path, form: str) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--source", str(source), "--form", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="trajectories")
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--form", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.source is not None:
        print(json.dumps(measured(given.source, given.form)))
        return 0
    table = Table("form", "trajectories", "rows", "a second", "peak MiB", "growth MiB", "target")
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        sources: list[Path] = []
        for count in (given.rows // 10, given.rows):
            sources.append(Path(folder) / f"{count}.jsonl")
            with sources[-1].open("wb") as file:
                for one in made(count, random.Random(0)):
                    file.write(encoded(one.row()))
        for form in FORMS:
            few, all_of_them = (alone(source, form) for source in sources)
            pace = all_of_them["read"] / all_of_them["seconds"]
            growth = all_of_them["peak"] - few["peak"]
            good = pace >= ROWS_A_SECOND and growth <= GROWTH
            fine = fine and good
            table.add_row(
                form, f"{all_of_them['read']:,.0f}", f"{all_of_them['rows']:,.0f}", f"{pace:,.0f}",
                f"{all_of_them['peak']:.0f}", f"{growth:.1f}",
                f"{ROWS_A_SECOND:,} a second, {GROWTH:g} MiB{'' if good else ': missed'}",
            )  # fmt: skip
    Console().print(table)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
