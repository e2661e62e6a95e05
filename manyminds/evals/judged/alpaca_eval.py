"""AlpacaEval 2: the length-controlled win rate against reference answers (arXiv 2404.04475).

The file is `alpaca_eval_gpt4_baseline.json`, or the `model_outputs.json` of a model to compare
with: rows with `instruction` and that model's `output`. (`alpaca_eval.json` has the reference of
the first AlpacaEval, text-davinci-003.)
"""

from collections.abc import Mapping
from typing import Any

from manyminds.evals.judged.task import Item, JudgedTask


def _read(row: Mapping[str, Any], number: str) -> Item:
    return Item(number, (row["instruction"],), (row["output"],), group=str(row.get("dataset", "")))


TASK = JudgedTask("alpaca-eval", "AlpacaEval 2, arXiv 2404.04475", "pair", _read)
