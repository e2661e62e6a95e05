"""Figures of one seed, as JSON with four digits: every machine and Python prints the same.

`make digits VENV=.venv-3.13 PYTHON=python3.13` runs this with --check on another Python: it exits 1
where a digit differs from `digits.json`. `test_same_digits.py` does the same on this one.
"""

import json
import platform
import sys
from math import nan
from pathlib import Path

from manyminds import create_agent_forest, create_debate
from manyminds.evals.by_difficulty import by_difficulty
from manyminds.evals.data import Row
from manyminds.evals.evaluate import evaluate
from manyminds.evals.resample import Resampling
from manyminds.evals.samples import bundled_samples
from manyminds.evals.statistics.borrowing import borrowing
from manyminds.evals.statistics.coverage import fit_power_law
from manyminds.evals.statistics.paired import all_pairs, difference, permutation
from manyminds.evals.statistics.scaling import fit_vote_law
from manyminds.models.bundled import bundled
from manyminds.models.simulated.model import questions

ONE = [((7 * n) % 11) / 10 for n in range(60)]
OTHER = [((5 * n + 3) % 13) / 12 for n in range(60)]
TEXTS = ["one two three four", "two three four five six", "six seven eight nine one"]


def statistics() -> list[float]:
    """Return figures whose bootstraps and permutations are drawn by a seed."""
    results = {
        name: {f"q{n}": float((n * k) % 7 > 2) for n in range(60)}
        for name, k in (("a", 3), ("b", 5), ("c", 8))
    }
    found = [*difference(ONE, OTHER, 4)[1], permutation(ONE, OTHER, 4)]
    pairs = all_pairs(results, seed=4)
    found += [value for pair in pairs for value in (*pair.interval, pair.adjusted)]
    liked = borrowing(
        ["two three four five"] * 3,
        [TEXTS, TEXTS[::-1], TEXTS],
        [[1, 2, 3], [9, 2, 4], [2, 7, 1]],
        seed=4,
    )
    return [*found, liked.correlation, *liked.interval]


def recorded() -> list[float]:
    """Return figures of votes in random orders, over recorded answers."""
    drawn = bundled_samples(bundled("gsm8k-44"))[:80]
    run = Resampling(drawn, orders=3, seed=4)
    sizes = [run.size(n) for n in (1, 5, 20)]
    found = [value for one in sizes for value in (one.accuracy, *one.interval)]
    found += [run.rule("beta:0.95").samples, run.vote("agreement").accuracy, run.chosen().accuracy]
    counts, coverage = [1, 5, 20], [one.coverage or nan for one in sizes]
    law, votes = fit_power_law(counts, coverage), fit_vote_law([1, 3, 5, 9], [0.6, 0.7, 0.74, 0.8])
    gains = [one.gain for one in by_difficulty(drawn, "difficulty", orders=3, seed=4)]
    return [*found, law.scale, law.slope, votes.p_easy, votes.easy, *gains]


def simulated() -> list[float]:
    """Return figures of whole runs."""
    rows = [
        Row(id=row["id"], question=row["question"], answer=row["answer"])
        for row in questions(12, steps=6, seed=4)
    ]
    found = list[float]()
    for graph in (
        create_agent_forest(["simulated:small", "simulated:medium"], samples=5),
        create_debate(["simulated:small"] * 3, rounds=2),
    ):
        result = evaluate(
            graph.compile(),
            rows,
            grade=lambda row, text: text.rstrip("[simulated] .\n").endswith(str(row["answer"])),
            seed=4,
        )
        found += [result.accuracy, *result.interval, float(result.calls)]
    return found


WRITTEN = Path(__file__).with_suffix(".json")


def figures() -> dict[str, list[float]]:
    """Return all figures, with four digits."""
    found = {one.__name__: one() for one in (statistics, recorded, simulated)}
    return {name: [round(float(v), 4) for v in values] for name, values in found.items()}


if __name__ == "__main__":
    measured = figures()
    print(json.dumps(measured))
    if "--check" in sys.argv:
        same = measured == json.loads(WRITTEN.read_text())
        print(f"Python {platform.python_version()}: {'the same' if same else 'OTHER'} digits")
        sys.exit(0 if same else 1)
