"""MT-Bench: two turns, each rated from 1 to 10 (arXiv 2306.05685).

The file is `question.jsonl`: rows with `question_id`, `category`, `turns` and, for mathematics,
reasoning and code, `reference`.
"""

from collections.abc import Mapping
from typing import Any

from manyminds.evals.judged.task import Item, JudgedTask

_ASPECT = {"overall": "helpful, relevant, accurate, deep and detailed enough for what was asked"}


def _read(row: Mapping[str, Any], number: str) -> Item:
    turns = tuple(str(turn) for turn in row["turns"])
    given = [str(one) or None for one in row.get("reference") or []]
    reference = (*given, *[None] * len(turns))[: len(turns)]
    return Item(str(row.get("question_id", number)), turns, reference, group=row["category"])


TASK = JudgedTask("mt-bench", "MT-Bench, arXiv 2306.05685", "rate", _read, _ASPECT, (1, 10))
