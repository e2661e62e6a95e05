"""xLAM's unified trajectory, version 2: what ActionStudio's converters read.

They train every turn of the assistant and skip empty ones, so conversations with such turns are
left out. They also drop a thought next to tool calls; it is written anyway.
"""

from collections.abc import Iterator
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, all_trained, chat_of
from manyminds.export.messages import Message, NotHeldError
from manyminds.trajectory import Trajectory


class XlamFunction(TypedDict):
    """Name and arguments of a call; the arguments are an object."""

    name: str
    arguments: dict[str, Any]


class XlamCall(TypedDict):
    """A tool call."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    type: Literal["function"]
    id: NotRequired[str]
    function: XlamFunction


class XlamMessage(TypedDict):
    """A message of the conversation; the system message is `task_instruction`."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["user", "assistant", "tool"]
    content: str
    tool_calls: NotRequired[list[XlamCall]]
    name: NotRequired[str]
    tool_call_id: NotRequired[str]


class XlamRow(TypedDict):
    """A trajectory."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    unique_trajectory_id: str
    task_instruction: str
    tools: list[dict[str, Any]]
    conversation: list[XlamMessage]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory."""
    messages = chat_of(trajectory)
    all_trained(messages)
    rest = messages[1:] if trajectory.system is not None else messages
    yield {
        "unique_trajectory_id": trajectory.id,
        "task_instruction": trajectory.system or "",
        "tools": trajectory.tools,
        "conversation": [_message(message) for message in rest],
    }


def _message(message: Message) -> dict[str, Any]:
    text = message["content"] or ""
    if message["role"] == "system":
        raise NotHeldError("a system message in the middle")
    speaks = message["role"] == "assistant" and "tool_calls" not in message
    if speaks and text.strip().lower() in ("", "none", "null"):
        raise NotHeldError("an empty turn of the assistant")
    row: dict[str, Any] = {"role": message["role"], "content": text}
    for key in ("tool_calls", "name", "tool_call_id"):
        if key in message:
            row[key] = message.get(key)
    return row


EXPORTER = Exporter(
    "xlam", "xLAM / ActionStudio", XlamRow, rows, take="episodes", layout="array",
    paper="arXiv 2402.15506",
)  # fmt: skip
