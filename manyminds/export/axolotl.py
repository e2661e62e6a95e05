"""Axolotl's `chat_template`: messages with a `training` flag for every turn of the assistant.

Set `message_field_training: training`. Axolotl parses tools and arguments that are JSON strings.
"""

from collections.abc import Iterator
from typing import Any, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, chat_of, plain, tools_of
from manyminds.export.trl import ToolCall
from manyminds.trajectory import Trajectory


class AxolotlMessage(TypedDict):
    """A message; `training` says whether its tokens count in the loss."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: str
    content: str
    training: bool
    name: NotRequired[str]
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


class AxolotlRow(TypedDict):
    """A conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    messages: list[AxolotlMessage]
    tools: NotRequired[str]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a conversation."""
    messages: list[dict[str, Any]] = [
        {**plain(message), "training": bool(message.get("train"))}
        for message in chat_of(trajectory)
    ]
    yield {"messages": messages, **tools_of(trajectory)}


EXPORTER = Exporter("axolotl", "Axolotl chat_template: messages with training", AxolotlRow, rows)
