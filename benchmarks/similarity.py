"""Choosing among many programs by BLEU: all pairs at once, and sacrebleu pair by pair.

The programs are distinct recorded HumanEval samples where there are such (MANYMINDS_DATA, or
../shared/data next to the project), else made ones. sacrebleu scores a random sample of the pairs
twice, so that its caches are warm; the second pass is scaled to all pairs. Prints each figure
next to its target; exits 1 where one falls short.
"""

import argparse
import gzip
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sacrebleu import sentence_bleu

from manyminds.votes.similarity import consensus_scores, matrix

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[2] / "shared" / "data"))
HUMANEVAL = DATA / "humaneval_codegen16b_s00-49.jsonl.gz"
FASTER = 200
DEVIATION = 1e-9


def programs(count: int, draw: random.Random) -> tuple[str, list[str]]:
    """Distinct programs, and where they are from."""
    if HUMANEVAL.exists():
        with gzip.open(HUMANEVAL, "rt", encoding="utf-8") as lines:
            known = dict.fromkeys(text for line in lines for text in json.loads(line)["samples"])
        if len(known) >= count:
            return "recorded HumanEval programs", draw.sample(list(known), count)
    made: dict[str, None] = {}
    while len(made) < count:
        made[program(draw)] = None
    return "made programs", list(made)


def program(draw: random.Random) -> str:
    """A function body of two to fourteen simple statements."""
    name = [f"{word}{i}" for word in ("value", "total", "item", "left", "count") for i in range(9)]
    forms = (
        "    {} = {} + {}",
        "    if {} > {}[{}]:",
        "        return {}({}, {})",
        "    for {} in range(len({}), {}):",
        "        {}.append({} % {})",
    )
    lines = draw.choices(forms, k=draw.randint(2, 14))
    return "\n".join([*(line.format(*draw.choices(name, k=3)) for line in lines), "    return 0"])


def choose(texts: Sequence[str]) -> tuple[int, float]:
    """The consensus, and the seconds it took."""
    began = time.perf_counter()
    scores = consensus_scores(texts)
    best = int(scores.argmax())
    return best, time.perf_counter() - began


def pair_by_pair(
    texts: Sequence[str], pairs: Sequence[tuple[int, int]]
) -> tuple[list[float], float]:
    """The scores of sacrebleu, and the seconds of its second pass."""
    scores: list[float] = []
    began = 0.0
    for _ in range(2):
        began = time.perf_counter()
        scores = [sentence_bleu(texts[i], [texts[j]], lowercase=True).score for i, j in pairs]
    return scores, time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000, help="how many to choose among")
    parser.add_argument("--pairs", type=int, default=3000, help="how many sacrebleu scores")
    parser.add_argument("--repeats", type=int, default=5, help="the median of so many is taken")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    draw = random.Random(asked.seed)
    source, texts = programs(asked.programs, draw)
    n = len(texts)
    pairs = [(i, j) for i, j in (draw.sample(range(n), 2) for _ in range(asked.pairs))]

    _, first = choose(texts)
    best, ours = 0, []
    for _ in range(asked.repeats):
        best, seconds = choose(texts)
        ours.append(seconds)
    fast = statistics.median(ours)
    expected, seconds = pair_by_pair(texts, pairs)
    slow = seconds / len(pairs) * n * (n - 1)
    rows = matrix(texts)
    deviation = max(abs(float(rows[at]) - score) for at, score in zip(pairs, expected, strict=True))

    table = Table("what", "figure", "target", title=f"BLEU consensus of {n} {source}")
    table.add_row("chosen", f"program {best}", "")
    table.add_row("first time", f"{first:.3f} s", "")
    table.add_row(f"median of {asked.repeats} more", f"{fast:.3f} s", "")
    table.add_row(f"sacrebleu, scaled from {len(pairs)} pairs", f"{slow:.1f} s", "")
    missed = 0
    for what, figure, shown, met, target in (
        ("faster by", slow / fast, "{:.0f} x", slow / fast >= FASTER, f">= {FASTER} x"),
        ("largest deviation", deviation, "{:.1e}", deviation <= DEVIATION, f"<= {DEVIATION:.0e}"),
    ):
        missed += not met
        table.add_row(what, shown.format(figure), target if met else f"{target}  missed")
    Console().print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
