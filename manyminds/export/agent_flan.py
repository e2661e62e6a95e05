"""Agent-FLAN: a ReAct turn becomes chat turns, so that reasoning is learned apart from the format.

Every tool call is asked for in three turns: the thought, the tool's name, its arguments. A tenth of
the trajectories, drawn by their id, stays in ReAct's form. The paper's conversion, its prompts and
its ratios per capability were never published: the questions and the draw are our own design. Rows
against hallucinated tools are not made here; they need questions that no run has asked.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, chat_of, json_text
from manyminds.export.messages import Message, NotHeldError
from manyminds.export.react import observed, turns_of, with_calls
from manyminds.trajectory import Trajectory

WHICH = "Which tool do you call?"
ARGUMENTS = "With which arguments? Give a JSON object."
_STRICT = 10  # one in so many stays in ReAct's form


class FlanTurn(TypedDict):
    """A turn and whether it is trained."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["user", "assistant"]
    content: str
    loss: bool


class FlanRow(TypedDict):
    """A conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    id: str
    conversation: list[FlanTurn]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory."""
    turns = turns_of(trajectory)
    if int(hashlib.sha256(trajectory.id.encode(errors="surrogatepass")).hexdigest(), 16) % _STRICT:
        conversation = [_turn("user", turns[0]["text"]), *_chat(trajectory)]
    else:
        conversation = [
            _turn("assistant" if one["side"] == "agent" else "user", one["text"], one["train"])
            for one in turns
        ]
    yield {"id": trajectory.id, "conversation": conversation}


def _chat(trajectory: Trajectory) -> Iterator[dict[str, Any]]:
    """Yield the turns after the first one of the user."""
    messages = chat_of(with_calls(trajectory))
    start = next(n for n, one in enumerate(messages) if one["role"] == "assistant")
    heard = ""
    for message in messages[start:]:
        if message["role"] != "assistant":
            heard = "\n".join(part for part in (heard, observed(message)) if part)
            continue
        if heard:
            yield _turn("user", heard)
            heard = ""
        yield from _said(message)


def _said(message: Message) -> Iterator[dict[str, Any]]:
    train, text = bool(message.get("train")), message["content"] or ""
    calls = message.get("tool_calls", [])
    if len(calls) > 1:
        raise NotHeldError("several tool calls in one turn")
    if not calls:
        yield _turn("assistant", text, train)
        return
    function = calls[0]["function"]
    if text:
        yield _turn("assistant", text, train)
        yield _turn("user", WHICH)
    yield _turn("assistant", function["name"], train)
    yield _turn("user", ARGUMENTS)
    yield _turn("assistant", json_text(function["arguments"]), train)


def _turn(role: str, content: str, loss: bool = False) -> dict[str, Any]:
    return {"role": role, "content": content, "loss": loss}


EXPORTER = Exporter(
    "agent-flan", "Agent-FLAN: tool calls as chat turns", FlanRow, rows,
    take="episodes", paper="arXiv 2403.12881",
)  # fmt: skip
