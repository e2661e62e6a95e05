"""LLaMA-Factory's `sharegpt`: a row for every turn to train, which is the last one of its row.

Set `mask_history: true`, so that only the last turn counts in the loss. LLaMA-Factory skips rows
that do not alternate, and drops the text of a message with tool calls: the thought is in the
value of `function_call` here, before the calls between `<tool_call>` marks, as it reads them. It
also fails where a column that `dataset_info.json` names is in no row, so each has `system` and
`tools`, which may be empty.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import REPEATED, Exporter, Row, chat_of, json_text, tools_of
from manyminds.export.messages import Message, NotHeldError
from manyminds.trajectory import Trajectory

Side = Literal["human", "gpt", "function_call", "observation"]
LlamafactoryTurn = TypedDict("LlamafactoryTurn", {"from": Side, "value": str})
_AGENT = ("gpt", "function_call")


class LlamafactoryRow(TypedDict):
    """A conversation that alternates and ends with the turn to train."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    conversations: list[LlamafactoryTurn]
    system: str
    tools: str


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield a row for every turn to train."""
    messages = chat_of(trajectory)
    about = {"system": trajectory.system or "", "tools": "", **tools_of(trajectory)}
    turns, ends = _turns(messages if trajectory.system is None else messages[1:])
    for end in ends:
        yield {"conversations": turns[:end], **about}


def _turns(messages: Sequence[Message]) -> tuple[list[dict[str, str]], list[int]]:
    """Return alternating turns, and after how many of them a turn to train ends."""
    turns: list[dict[str, str]] = []
    ends: list[int] = []
    for message in messages:
        turn = _turn(message)
        agent = turn["from"] in _AGENT
        if not turns and agent:
            raise NotHeldError("the assistant speaks first")
        if turns and agent == (turns[-1]["from"] in _AGENT):
            if agent:
                raise NotHeldError(REPEATED)
            joined = [turns[-1]["value"], turn["value"]]
            turns[-1] = {**turns[-1], "value": "\n".join(joined)}
            continue
        turns.append(turn)
        if message.get("train"):
            ends.append(len(turns))
    return turns, ends


def _turn(message: Message) -> dict[str, str]:
    text = message["content"] or ""
    if reasoning := message.get("reasoning_content"):
        text = f"<think>\n{reasoning}\n</think>\n\n{text}"
    if calls := message.get("tool_calls"):
        called = json_text([call["function"] for call in calls])
        if any(mark in text + called for mark in ("<tool_call>", "</tool_call>")):
            raise NotHeldError("a text with the marks of tool calls in it")
        value = f"{text}\n" if text else ""
        return {"from": "function_call", "value": f"{value}<tool_call>{called}</tool_call>"}
    sides = {"assistant": "gpt", "tool": "observation"}
    return {"from": sides.get(message["role"], "human"), "value": text}


EXPORTER = Exporter(
    "llamafactory", "LLaMA-Factory sharegpt: from and value", LlamafactoryRow, rows, layout="array"
)
