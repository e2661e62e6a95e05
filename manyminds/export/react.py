"""Turns as ReAct writes them: a thought, an action, and what was observed."""

import re
from typing import Literal

from typing_extensions import TypedDict

from manyminds.export.exporter import NOTHING_TO_TRAIN, REPEATED, json_text, tool_lines
from manyminds.export.messages import (
    Message,
    NotHeldError,
    ToolCall,
    messages_of,
    parse_arguments,
)
from manyminds.trajectory import APIAction, MessageAction, Step, TextObservation, Trajectory

_ACTION = re.compile(r"^\s*Action\s*:", re.MULTILINE)
_THOUGHT = re.compile(r"^\s*Thought\s*:")
_NAME = re.compile(r"[^\W\d][\w.-]*(?: [\w.-]+){0,3}")  # a tool may have several words
_OBSERVED = "Observation:"


class Turn(TypedDict):
    """One side's turn of a conversation that alternates; `train` is set for the agent's."""

    side: Literal["user", "agent"]
    text: str
    train: bool


def turns_of(trajectory: Trajectory, *, headed: bool = True) -> list[Turn]:
    """Return a trajectory as text that alternates between user and agent, the user first.

    If `headed`, system message and tools come before the first text of the user. Tool calls are
    written as ReAct's actions; what the user and the environment say in a row is one turn.
    Everything after the agent's last turn is left out.

    Raises:
        NotHeldError: The agent speaks first or twice in a row, or there is nothing to train.
    """
    turns: list[Turn] = []
    head = head_of(trajectory) if headed else ""
    messages = messages_of(trajectory)
    for message in messages[1:] if trajectory.system is not None else messages:
        text = written(message) if message["role"] == "assistant" else observed(message)
        _add(turns, message, text)
    while turns and turns[-1]["side"] == "user":
        turns.pop()
    if not any(turn["train"] for turn in turns):
        raise NotHeldError(NOTHING_TO_TRAIN)
    if turns[0]["side"] == "agent":
        raise NotHeldError("the assistant speaks first")
    turns[0]["text"] = "\n\n".join(part for part in (head, turns[0]["text"]) if part)
    return turns


def question_of(trajectory: Trajectory) -> str:
    """Return the first text of the user.

    Raises:
        NotHeldError: There is none.
    """
    for message in messages_of(trajectory):
        if message["role"] == "user" and message["content"]:
            return message["content"]
    raise NotHeldError("no question of the user")


def written(message: Message) -> str:
    """Return a turn of the assistant as text, tool calls as ReAct's actions."""
    thought, calls = message["content"] or "", message.get("tool_calls", [])
    if not calls:
        return thought
    lines = [thought if _THOUGHT.match(thought) else f"Thought: {thought}"] if thought else []
    return "\n".join([*lines, *(f"Action: {action_of(call)}" for call in calls)])


def finished(text: str, answer: str | None) -> str:
    """Return a final turn as a thought and `finish[answer]`; one that has an action stays."""
    if _ACTION.search(text):
        return text
    thought = text if _THOUGHT.match(text) else f"Thought: {text}"
    return f"{thought}\nAction: finish[{answer if answer is not None else text}]"


def action_of(call: ToolCall) -> str:
    """Return a tool call as `name[input]`: the only text argument, else all of them as JSON."""
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    values = list(arguments.values())
    lone = len(values) == 1 and isinstance(values[0], str)
    return f"{name}[{values[0] if lone else json_text(arguments)}]"


def observed(message: Message) -> str:
    """Return what a user or a tool says; a tool's result is marked as an observation."""
    text = message["content"] or ""
    marked = message["role"] != "tool" or text.startswith(_OBSERVED)
    return text if marked else f"{_OBSERVED} {text}"


def with_calls(trajectory: Trajectory) -> Trajectory:
    """Return a trajectory with the actions that are written out in texts as tool calls.

    `Action: name[input]` at the end of a text is a call; `finish[answer]` is the answer. What was
    observed after a call is its result.
    """
    content: list[Step] = []
    for step in trajectory.content:
        if isinstance(step, MessageAction):
            step = _called(step)
        elif isinstance(step, TextObservation) and content and isinstance(content[-1], APIAction):
            text = step.content.removeprefix(_OBSERVED).lstrip()
            step = step.model_copy(update={"content": text})
        content.append(step)
    return trajectory.model_copy(update={"content": content})


def _called(action: MessageAction) -> Step:
    head, mark, tail = f"\n{action.content}".rpartition("\nAction:")
    name, bracket, given = tail.strip().partition("[")
    if not mark or not bracket or not given.endswith("]") or not _NAME.fullmatch(name):
        return action
    thought, given = head.strip().removeprefix("Thought:").strip() or None, given[:-1]
    kept = action.model_dump(exclude={"class_", "content", "description"})
    if name == "finish":
        return MessageAction(content=given, description=thought, **kept)
    try:
        arguments = parse_arguments(given) if given.startswith("{") else {"input": given}
    except NotHeldError:
        arguments = {"input": given}
    return APIAction(function=name, kwargs=arguments, description=thought, **kept)


def _add(turns: list[Turn], message: Message, text: str) -> None:
    side: Literal["user", "agent"] = "agent" if message["role"] == "assistant" else "user"
    if turns and turns[-1]["side"] == side:
        if side == "agent":
            raise NotHeldError(REPEATED)
        turns[-1]["text"] += f"\n{text}"
        return
    turns.append(Turn(side=side, text=text, train=bool(message.get("train"))))


def head_of(trajectory: Trajectory) -> str:
    """Return the system message and the tools as one text; empty where there are none."""
    listed = f"Tools:\n{tool_lines(trajectory.tools)}" if trajectory.tools else ""
    return "\n\n".join(part for part in (trajectory.system, listed) if part)
