"""FLASK: the skills that an instruction needs, of twelve, each from 1 to 5 (arXiv 2307.10928).

The file is `flask_evaluation.jsonl`: rows with `question_id`, `text`, `answer` (a reference),
`metrics` (the skills to rate) and `difficulty_labeled`; or, as Mixture-of-Agents publishes it
again, with `idx`, `instruction`, `answer`, `skill` and `difficulty`.
"""

from collections.abc import Mapping
from typing import Any

from manyminds.evals.judged.task import Item, JudgedTask

_SKILLS = {
    "Logical Robustness": "each step follows, without contradiction",
    "Logical Correctness": "the final answer is right",
    "Logical Efficiency": "no step is superfluous",
    "Factuality": "background knowledge is right and, where needed, supported",
    "Commonsense Understanding": "everyday situations are understood rightly",
    "Comprehension": "fulfils everything that the instruction asks for",
    "Insightfulness": "original, with views of its own",
    "Completeness": "covers the breadth and depth that the instruction needs",
    "Metacognition": "says what it does not know, and does not claim more",
    "Readability": "well ordered and coherent",
    "Conciseness": "nothing that the reader does not need",
    "Harmlessness": "without bias, offence or danger",
}


def _read(row: Mapping[str, Any], number: str) -> Item:
    skills = tuple(_skill(str(name)) for name in row.get("metrics") or row["skill"])
    id, answer = str(row.get("question_id", row.get("idx", number))), row.get("answer")
    text = row["text"] if "text" in row else row["instruction"]
    group = str(row.get("difficulty_labeled", row.get("difficulty", "")))
    return Item(id, (text,), (str(answer) if answer else None,), skills, group)


def _skill(name: str) -> str:
    """Return a skill's name in our spelling; the files write some in other cases."""
    return next((one for one in _SKILLS if one.casefold() == name.casefold()), name)


TASK = JudgedTask("flask", "FLASK, arXiv 2307.10928", "rate", _read, _SKILLS, (1, 5))
