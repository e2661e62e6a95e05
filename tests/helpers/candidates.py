"""Hand-made candidates and steps, for tests of nodes without a graph."""

from collections.abc import Mapping
from typing import Any

from helpers.graphs import a_run

from manyminds import Candidate, Member
from manyminds.calls.ask import blank
from manyminds.nodes.step import Ask
from manyminds.state import Failure
from manyminds.testing import ScriptedChatModel


def candidate(
    text: str | None,
    *,
    index: int = 0,
    layer: int = 1,
    answer: str | None = None,
    confidence: float | None = None,
    member: str = "",
) -> Candidate:
    """Return a good candidate with this text, or one that failed where the text is None."""
    who = Member(ScriptedChatModel(), name=member or f"m{index}")
    one = blank(who, a_run(), role="x", index=index, draw=0, layer=layer)
    if text is None:
        one["status"] = "failed"
        one["error"] = Failure(
            kind="server_error", message="why", retriable=False, maybe_billed=False
        )
        return one
    one["status"], one["text"], one["answer"] = "ok", text, answer
    if confidence is not None:
        one["confidence"] = confidence
    return one


def round_of(*texts: str | None, layer: int = 1) -> list[Candidate]:
    """Return the candidates of one layer, by place."""
    return [candidate(text, index=index, layer=layer) for index, text in enumerate(texts)]


def asking(state: Mapping[str, Any], role: str, *, layer: int = 1, **settings: Any) -> Ask:
    """Return what a step gets besides its state."""
    return Ask(a_run(**settings), state, role, layer=layer)
