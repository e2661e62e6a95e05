"""verl's multi-turn SFT: a parquet file with `messages`.

verl trains every turn of the assistant and has no flag, so conversations with a turn that must not
be trained are left out. A parquet column has one type, which tools with different arguments do not
share: tools and calls are written into the texts, in the form of the Hermes models.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, all_trained, chat_of, json_text
from manyminds.export.messages import Message
from manyminds.trajectory import Trajectory


class VerlMessage(TypedDict):
    """A message of text."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class VerlRow(TypedDict):
    """A conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    messages: list[VerlMessage]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a conversation."""
    messages = chat_of(trajectory)
    all_trained(messages)
    rest = messages[1:] if trajectory.system is not None else messages
    system = _system(trajectory)
    head = [{"role": "system", "content": system}] if system else []
    yield {"messages": [*head, *({"role": m["role"], "content": _text(m)} for m in rest)]}


def _system(trajectory: Trajectory) -> str:
    if not trajectory.tools:
        return trajectory.system or ""
    listed = "\n".join(json_text(tool) for tool in trajectory.tools)
    tools = f"<tools>\n{listed}\n</tools>"
    return f"{trajectory.system}\n\n{tools}" if trajectory.system else tools


def _text(message: Message) -> str:
    calls = message.get("tool_calls", [])
    marked = [f"<tool_call>\n{json_text(call['function'])}\n</tool_call>" for call in calls]
    return "\n".join(part for part in (message["content"] or "", *marked) if part)


EXPORTER = Exporter("verl", "verl SFT: messages in parquet", VerlRow, rows, layout="parquet")
