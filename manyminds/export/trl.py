"""TRL's SFTTrainer: a row with `prompt` and `completion` for every turn to train.

TRL has no mask per message, but masks prompts: with one row a turn the mask is exact, whatever the
chat template. Tools and arguments are JSON strings.
"""

from collections.abc import Iterator
from typing import Any, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import REPEATED, Exporter, Row, chat_of, plain, tools_of
from manyminds.export.messages import Message, NotHeldError
from manyminds.trajectory import Trajectory


class Function(TypedDict):
    """Name and arguments of a call; the arguments are a JSON string."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """A tool call as OpenAI writes it."""

    id: str
    type: str
    function: Function


class ChatMessage(TypedDict):
    """A message without null."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: str
    content: str
    name: NotRequired[str]
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]


class TrlRow(TypedDict):
    """A turn to train and what came before it."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    prompt: list[ChatMessage]
    completion: list[ChatMessage]
    tools: NotRequired[str]


def trained_turns(messages: list[Message]) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Yield every turn to train with the messages before it.

    Raises:
        NotHeldError: Nothing comes before it that a model can answer.
    """
    for place, message in enumerate(messages):
        if message.get("train"):
            before = messages[:place]
            if not before or before[-1]["role"] == "system":
                raise NotHeldError("the assistant speaks first")
            if before[-1]["role"] == "assistant":
                raise NotHeldError(REPEATED)
            yield [plain(one) for one in before], plain(message)


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield a row for every turn to train."""
    made = list(trained_turns(chat_of(trajectory)))
    for prompt, completion in made:
        yield {"prompt": prompt, "completion": [completion], **tools_of(trajectory)}


EXPORTER = Exporter("trl", "TRL SFTTrainer: prompt and completion", TrlRow, rows)
