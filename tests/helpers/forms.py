"""Replies in every form at once that a role may ask for."""

from typing import Any

from helpers.registry import QUESTION

from manyminds.fence import counts
from manyminds.graphs.fusion import KEYS

ROLES = ["You add.", "You check.", "You doubt.", "You sum up."]


def role_form(
    asked: str, *, stop: bool = False, score: int = 2, query: str = QUESTION
) -> dict[str, Any]:
    """Return a JSON object that answers whatever a role is asked.

    Args:
        asked: All messages of the request, as text.
        stop: Whether a judge or moderator stops the layers.
        score: Rating of a single answer.
        query: Task or query that is written.
    """
    if '"choice"' in asked:  # next to an order or a score it would contradict itself
        return {"choice": 1, "reason": "it is so"}
    return {
        "answers": [{"number": n, "reason": "so", "score": 11 - n} for n in counts(asked)],
        "reason": "it is so",
        "stop": stop,
        "choice": 1,
        "roles": ROLES,
        "questions": ["Which range?", "Which number?"],
        "score": score,
        "query": query,
        "solved": True,
        **dict.fromkeys(KEYS, ["so"]),
    }
