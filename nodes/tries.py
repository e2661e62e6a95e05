"""Tries of one answer: the last good one, and how a run ends with it."""

from typing import Any

from manyminds.nodes.node import State
from manyminds.state import Candidate


def latest(state: State) -> Candidate:
    """Return the last good answer."""
    good: list[Candidate] = [c for c in state["candidates"] if c["status"] == "ok"]
    return good[-1]


def earlier(state: State, failed: Candidate, what: str) -> dict[str, Any]:
    """Return the update that ends a run with its last good answer, because something failed."""
    error = failed["error"]
    kind = "no answer" if error is None else error["kind"]
    kept = latest(state)
    note = f"{what} failed ({kind}): the answer is that of try {kept['layer']}"
    return {"final": kept, "notes": [note]}
