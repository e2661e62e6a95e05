"""Files of made-up questions with recorded answers, as evaluations read them."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows as JSON Lines, compressed where the name ends in .gz."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def sums(path: Path, n: int = 8) -> Path:
    """Write n sums: `good` is right on all, `fair` on the even ones, `mute` says nothing at all."""
    rows = [
        {
            "id": f"s{i}",
            "question": f"What is {i} + {i}?",
            "answer": str(2 * i),
            "model": "many",
            "samples": [
                {"model": "good", "text": f"The answer is {2 * i}."},
                {"model": "fair", "text": f"The answer is {2 * i + i % 2}."},
                {"model": "mute", "text": ""},
            ],
        }
        for i in range(n)
    ]
    return write_rows(path, rows)
