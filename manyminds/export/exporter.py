"""What an exporter is, and what several of them need."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter

from manyminds.export.from_records import Take
from manyminds.export.messages import Message, NotHeldError, messages_of
from manyminds.json_lines import finite
from manyminds.trajectory import Trajectory

Row: TypeAlias = Mapping[str, Any]
GOOD = 1.0
"""A trajectory with at least this reward has succeeded."""
REPEATED = "two turns of the assistant in a row"
NOTHING_TO_TRAIN = "no turn to train"
UNTRAINED = "a turn of the assistant that must not be trained, which the form cannot say"
NO_GRADE = "no grade: neither a reward nor a vote"
NO_REWARD = "no reward"


@dataclass(frozen=True)
class Exporter:
    """A form that trajectories are written in.

    Attributes:
        name: As `--format` takes it.
        about: What reads it, in a line.
        row: TypedDict of a row; the JSON schema is made from it.
        rows: Makes the rows of one trajectory or, where `grouped`, of all with the same task.
            Raises `NotHeldError` where the form cannot hold what it is given.
        take: Which conversations of a run it is made from, unless another choice is given.
        grouped: Whether it compares trajectories of the same task.
        layout: One JSON object a line, one JSON list, or a parquet file.
        paper: arXiv number, or where the form is described.
    """

    name: str
    about: str
    row: Any
    rows: Callable[[Any], Iterator[Row]]
    take: Take = "answer"
    grouped: bool = False
    layout: Literal["lines", "array", "parquet"] = "lines"
    paper: str = ""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of a row."""
        return TypeAdapter[Any](self.row).json_schema()


def chat_of(trajectory: Trajectory) -> list[Message]:
    """Return the messages up to the last turn of the assistant.

    Raises:
        NotHeldError: There is no turn to train, or the form cannot hold the trajectory.
    """
    messages = messages_of(trajectory)
    while messages and not _speaks(messages[-1]):
        messages.pop()
    if not any(message.get("train") for message in messages):
        raise NotHeldError(NOTHING_TO_TRAIN)
    return messages


def _speaks(message: Message) -> bool:
    """Return whether a message is a turn of the assistant with something in it."""
    return message["role"] == "assistant" and bool(message["content"] or message.get("tool_calls"))


def all_trained(messages: Sequence[Message]) -> None:
    """Refuse a conversation with a turn of the assistant that must not be trained.

    Raises:
        NotHeldError: There is one.
    """
    if not all(message.get("train") for message in messages if message["role"] == "assistant"):
        raise NotHeldError(UNTRAINED)


def plain(message: Message) -> dict[str, Any]:
    """Return a message as trainers read it: arguments as JSON strings, no flag, no null.

    Arguments of different tools would otherwise be unified into one struct that is full of nulls.
    """
    row: dict[str, Any] = {**message, "content": message["content"] or ""}
    row.pop("train", None)
    if calls := message.get("tool_calls"):
        row["tool_calls"] = [
            {
                **call,
                "function": {
                    "name": call["function"]["name"],
                    "arguments": json_text(call["function"]["arguments"]),
                },
            }
            for call in calls
        ]
    return row


def tools_of(trajectory: Trajectory) -> dict[str, str]:
    """Return the tools as a JSON string under `tools`; nothing where there are none."""
    return {"tools": json_text(trajectory.tools)} if trajectory.tools else {}


def json_text(value: object) -> str:
    """Return a value as JSON in one line; infinity and NaN, which JSON lacks, become null."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(finite(value), ensure_ascii=False)


def tool_lines(tools: Sequence[Mapping[str, Any]]) -> str:
    """Return the tools as text: a line for each with its arguments and what it does."""
    lines: list[str] = []
    for tool in tools:
        function = tool.get("function", tool)
        parameters = function.get("parameters") or {}
        names = ", ".join(parameters.get("properties") or {})
        about = function.get("description") or ""
        lines.append(f"{function.get('name', '')}({names}): {about}".rstrip(": "))
    return "\n".join(lines)


def grade(trajectory: Trajectory) -> tuple[bool, str] | None:
    """Return whether a trajectory is good, by its reward or else the vote; None: unknown."""
    if trajectory.reward is not None:
        return trajectory.reward >= GOOD, "reward"
    if trajectory.won is not None:
        return trajectory.won, "vote"
    return None
