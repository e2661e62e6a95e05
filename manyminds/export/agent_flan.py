"""Agent-FLAN: a ReAct turn becomes chat turns, so that reasoning is learned apart from the format.

Every tool call is asked for in three turns: the thought, the tool's name, its arguments. A tenth of
the trajectories, drawn by their id, stays in ReAct's form. Two further tenths get a row more
against hallucinated tools: the same question without any tool, which is declined, and with tools
and all results given, which is answered without a call. System message and tools are the turn
`system`. Keys, roles and `loss` are those of the published rows; the paper's conversion, its
prompts, its ratios per capability and its negative rows were never published: all wordings and
draws are our own design.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, chat_of, json_text
from manyminds.export.messages import Message, NotHeldError
from manyminds.export.react import head_of, observed, question_of, turns_of, with_calls
from manyminds.trajectory import Trajectory

WHICH = "Which tool do you call?"
ARGUMENTS = "With which arguments? Give a JSON object."
NO_TOOLS = "There are no tools here."
DECLINED = "I have no tool for this here, so I cannot look it up."
KNOWN = "These results are known already:"
_NO_TOOLS = "no-tools"
_DRAWN = 10  # one in so many stays in ReAct's form, or has a row more


class FlanTurn(TypedDict):
    """A turn and whether it is trained."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["system", "user", "assistant"]
    content: str
    loss: bool


class FlanRow(TypedDict):
    """A conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    conversation: list[FlanTurn]
    id: str


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the row of a trajectory and, for some, one against hallucinated tools."""
    turns, head = turns_of(trajectory, headed=False), head_of(trajectory)
    told = [_turn("system", head)] if head else []
    digest = hashlib.sha256(trajectory.id.encode(errors="surrogatepass")).hexdigest()
    drawn = int(digest, 16) % _DRAWN
    if drawn:
        conversation = [_turn("user", turns[0]["text"]), *_chat(trajectory)]
    else:
        conversation = [
            _turn("assistant" if one["side"] == "agent" else "user", one["text"], one["train"])
            for one in turns
        ]
    yield {"conversation": [*told, *conversation], "id": trajectory.id}
    for name, asked, reply in _negative(trajectory, turns[0]["text"], drawn):
        said = [_turn("user", asked), _turn("assistant", reply, loss=True)]
        said = said if name == _NO_TOOLS else [*told, *said]
        yield {"conversation": said, "id": f"{trajectory.id}/{name}"}


def _negative(trajectory: Trajectory, asked: str, drawn: int) -> Iterator[tuple[str, str, str]]:
    """Yield name, question and reply of a row that must not call a tool."""
    messages = chat_of(with_calls(trajectory))
    if not any(one.get("tool_calls") for one in messages):
        return
    if drawn == 1:
        yield _NO_TOOLS, f"{NO_TOOLS}\n\n{question_of(trajectory)}", DECLINED
    last = messages[-1]
    if drawn == 2 and last.get("train") and not last.get("tool_calls") and last["content"]:
        seen = [observed(one) for one in messages if one["role"] == "tool"]
        yield "known", "\n".join([asked, "", KNOWN, *seen]), last["content"]


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
