"""OpenAI's fine-tuning: chat messages with a `weight` of 0 or 1 for every turn of the assistant."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row, chat_of, plain
from manyminds.export.messages import Message, NotHeldError
from manyminds.export.trl import ToolCall
from manyminds.trajectory import Trajectory


class OpenaiMessage(TypedDict):
    """A message; `content` is null only next to tool calls."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None
    name: NotRequired[str]
    weight: NotRequired[Annotated[int, Field(ge=0, le=1)]]
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


class OpenaiRow(TypedDict):
    """A conversation."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    messages: list[OpenaiMessage]
    tools: NotRequired[list[dict[str, Any]]]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a conversation, which ends with a turn of the assistant."""
    messages: list[dict[str, Any]] = []
    chat = chat_of(trajectory)
    _check(chat)
    for message in chat:
        row = plain(message)
        if message["role"] == "assistant":
            row["weight"] = int(message.get("train", True))
            row["content"] = message["content"] if "tool_calls" in message else row["content"]
        messages.append(row)
    yield {"messages": messages, **({"tools": trajectory.tools} if trajectory.tools else {})}


def _check(chat: Sequence[Message]) -> None:
    """Refuse what the API refuses: a tool call that another message follows than its result."""
    for place, message in enumerate(chat[:-1]):
        calls = [call.get("id") for call in message.get("tool_calls", [])]
        results = [one.get("tool_call_id") for one in chat[place + 1 : place + 1 + len(calls)]]
        if sorted(map(str, calls)) != sorted(map(str, results)):
            raise NotHeldError("a tool call without its result")


EXPORTER = Exporter(
    "openai", "OpenAI fine-tuning: messages with weights", OpenaiRow, rows, take="answer"
)
