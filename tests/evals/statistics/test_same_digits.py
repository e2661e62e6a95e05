"""Equal seeds give equal digits on every machine, Python and order of hashing."""

import os
import subprocess
import sys

import pytest

CODE = """
from manyminds.evals.statistics.borrowing import borrowing
from manyminds.evals.statistics.paired import all_pairs, difference, permutation
one = [((7 * n) % 11) / 10 for n in range(60)]
other = [((5 * n + 3) % 13) / 12 for n in range(60)]
results = {name: {f"q{n}": float((n * k) % 7 > 2) for n in range(60)}
           for name, k in (("a", 3), ("b", 5), ("c", 8))}
texts = ["one two three four", "two three four five six", "six seven eight nine one"]
found = [*difference(one, other, 4)[1], permutation(one, other, 4)]
found += [value for pair in all_pairs(results, seed=4) for value in (*pair.interval, pair.adjusted)]
liked = borrowing(["two three four five"] * 3, [texts, texts[::-1], texts],
                  [[1, 2, 3], [9, 2, 4], [2, 7, 1]], seed=4)
print([round(float(value), 4) for value in (*found, liked.correlation, *liked.interval)])
"""
DIGITS = (
    "[-0.1067, 0.1097, 0.9789, -0.1333, 0.1333, 1.0, -0.1833, 0.2, 1.0, -0.1833, 0.2167, 1.0, "
    "-0.1667, -1.0, 1.0]"
)


@pytest.mark.parametrize("hashing", ["0", "1234"])
def test_four_digits_are_always_the_same(hashing: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONHASHSEED": hashing},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == DIGITS
