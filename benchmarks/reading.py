"""Reading and comparing recorded answers of real models: speed, and the accuracy of votes.

Nothing is told how to read: `read_all` decides the kind for each question. Prints three tables:
replies read per second by kind, with one CPU; seconds for all pairs of answers of each question of
math_dylan, with the share that the algebra system took; accuracy of majority votes, by equality
with the reference and by the flag that the source recorded with the winning reply. Exits 1 where
an accuracy is off its reference or the pairs take longer than their target.

    python benchmarks/reading.py --data FOLDER

The folder holds the recorded answers (`*.jsonl.gz`), which are not part of the project; without
them nothing is measured. Default: `MANYMINDS_DATA`.
"""

import argparse
import gzip
import json
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from typing_extensions import TypedDict

from manyminds.reading import algebra
from manyminds.reading.answers import EXTRACTORS, extractor, guess
from manyminds.reading.together import read_all
from manyminds.votes.votes import majority

DATA = Path(os.environ.get("MANYMINDS_DATA", "../shared/data"))
SECONDS = 20.0  # for all pairs, on two quiet cores
console = Console(width=100)


class Question(TypedDict):
    """A row of recorded answers."""

    question: str
    answer: str
    samples: list[dict[str, Any]]


class Vote(NamedTuple):
    """A recorded figure: file, samples a question (None: all), repeats, percent, tolerance.

    `recorded`: vote over the answers that the source itself extracted, compared as strings, and
    grade by its flags: this is how the reference for mathematics was counted. It read words such
    as "is" as answers, so `upwards`, more than the reference, is fine for votes that read more.
    """

    file: str
    samples: int | None
    repeats: int
    percent: float
    within: float
    upwards: bool = False
    recorded: bool = False


VOTES = (
    Vote("gsm8k_zeroeval_44models", 40, 1, 96.9, 0.3),
    Vote("crux_zeroeval_51models_000-199", 5, 20, 75.7, 1.0, upwards=True),
    Vote("crux_zeroeval_51models_000-199", 20, 10, 83.3, 1.0, upwards=True),
    Vote("math_dylan_gpt35_4agents", None, 1, 39.5, 0.5, recorded=True),
    Vote("math_dylan_gpt35_4agents", None, 1, 39.5, 0.5, upwards=True),
)


def main() -> int:
    """Run all three parts; return 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of recorded answers")
    parser.add_argument("--limit", type=int, help="first questions of each file only")
    given = parser.parse_args()
    if not (given.data / f"{VOTES[0].file}.jsonl.gz").exists():
        console.print(
            f"No recorded answers in {given.data}: give --data FOLDER. Nothing is measured."
        )
        return 0
    console.print("One process; another load on the machine makes all times longer.")
    speed = defaultdict[str, list[tuple[int, float]]](list)
    columns = ("recorded answers", "samples", "accuracy %", "by flags %", "reference", "ok")
    accuracy = Table(*columns, box=None)
    fine = [_vote(given.data, vote, given.limit, speed, accuracy) for vote in VOTES]
    rates = Table("kind", "replies", "replies per second", box=None)
    for kind, runs in sorted(speed.items()):
        replies, seconds = sum(n for n, _ in runs), sum(s for _, s in runs)
        rates.add_row(kind, f"{replies:,}", f"{replies / max(seconds, 1e-9):,.0f}")
    console.print(rates)
    fine.append(_pairs(given.data, given.limit))
    console.print(accuracy)
    return 0 if all(fine) else 1


def _questions(folder: Path, name: str, limit: int | None) -> Iterator[Question]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if limit is None or number < limit:
                yield json.loads(line)


def _vote(
    folder: Path,
    vote: Vote,
    limit: int | None,
    speed: dict[str, list[tuple[int, float]]],
    table: Table,
) -> bool:
    """Vote on every question; note the time for each kind."""
    rows = list(_questions(folder, vote.file, limit))
    grade = extractor(guess(row["answer"] for row in rows)).equivalent
    drawn = random.Random(5)
    found = [
        _is_flagged(row)
        if vote.recorded
        else _is_right(row, _drawn(row, vote.samples, drawn), grade, speed)
        for _ in range(vote.repeats)
        for row in rows
    ]
    percent, by_flags = (100 * statistics.mean(column) for column in zip(*found, strict=True))
    above = float(percent) - vote.percent
    off = -above if vote.upwards else abs(above)
    ok = off <= vote.within
    samples = "all" if vote.samples is None else str(vote.samples)
    table.add_row(
        f"{vote.file}, as extracted" if vote.recorded else vote.file,
        samples,
        f"{percent:.1f}",
        f"{by_flags:.1f}",
        f"{vote.percent}",
        "yes" if ok else "NO",
    )
    return ok


def _drawn(row: Question, samples: int | None, drawn: random.Random) -> list[dict[str, Any]]:
    every = row["samples"]
    return every if samples is None else drawn.sample(every, min(samples, len(every)))


def _is_right(
    row: Question,
    drawn: Sequence[dict[str, Any]],
    grade: Callable[[str, str], bool],
    speed: dict[str, list[tuple[int, float]]],
) -> tuple[bool, bool]:
    """Return whether the vote's answer equals the reference, and whether its flag says so."""
    began = time.process_time()
    reading = read_all([sample["text"] for sample in drawn], question=row["question"])
    speed[reading.kind].append((len(drawn), time.process_time() - began))
    ballot = majority(reading.answers, extractor=reading.extractor)
    gold = row["answer"].rpartition("####")[2].strip()
    flag = ballot["winner"] is not None and drawn[ballot["winner"]].get("correct") is True
    return ballot["answer"] is not None and grade(gold, ballot["answer"]), flag


def _is_flagged(row: Question) -> tuple[bool, bool]:
    """Return, twice, what the flag says of the majority of the answers that the source read."""
    answers = [sample["answer"] for sample in row["samples"]]
    winner = majority(answers, extractor=EXTRACTORS["text"])["winner"]
    flag = winner is not None and row["samples"][winner]["correct"] is True
    return flag, flag


def _pairs(folder: Path, limit: int | None) -> bool:
    """Compare every pair of answers of each question of math_dylan."""
    kind = EXTRACTORS["math"]
    in_algebra = 0.0
    compare = algebra.same

    def timed(one: str, other: str) -> bool | None:
        nonlocal in_algebra
        began = time.perf_counter()
        verdict = compare(one, other)
        in_algebra += time.perf_counter() - began
        return verdict

    algebra.same = timed
    began, used = time.perf_counter(), time.process_time()
    count = 0
    for row in _questions(folder, "math_dylan_gpt35_4agents", limit):
        found = [kind.extract(sample["text"]) for sample in row["samples"]]
        answers = [answer for answer in [*found, row["answer"]] if answer is not None]
        for one, other in combinations(answers, 2):
            kind.equivalent(one, other)
            count += 1
    algebra.same = compare
    wall, ours = time.perf_counter() - began, time.process_time() - used
    console.print(
        f"math_dylan: {count:,} pairs in {wall:.1f} s ({ours:.1f} s of our CPU time, "
        f"{ours / wall:.0%}; {in_algebra:.1f} s in the algebra system); target {SECONDS:.0f} s\n"
    )
    return wall <= SECONDS


if __name__ == "__main__":
    sys.exit(main())
