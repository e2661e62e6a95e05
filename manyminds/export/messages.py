"""Trajectories as chat messages and back: the form that most trainers read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NotRequired, TypeAlias, cast

from typing_extensions import TypedDict

from manyminds.errors import DataError
from manyminds.trajectory import (
    Action,
    APIAction,
    CodeAction,
    ImageObservation,
    MessageAction,
    Observation,
    Step,
    TextObservation,
    Trajectory,
)

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


class Function(TypedDict):
    """Name and arguments of a tool call."""

    name: str
    arguments: dict[str, Any]


class ToolCall(TypedDict):
    """A tool call as OpenAI writes it, but with parsed arguments."""

    id: NotRequired[str]
    type: Literal["function"]
    function: Function


class Message(TypedDict):
    """A chat message. `train` is set for every assistant turn and nowhere else."""

    role: Role
    content: str | None
    name: NotRequired[str]
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    train: NotRequired[bool]


class NotHeldError(DataError):
    """A form cannot hold a trajectory; `reason` is what the counts of dropped rows name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def messages_of(trajectory: Trajectory) -> list[Message]:
    """Return a trajectory as chat messages.

    A turn is trained when all its actions are. Code becomes a call of the tool
    `execute_<language>`. What the environment says is a tool message after a tool call and a user
    message after text. A tool call without an id gets one.

    Raises:
        NotHeldError: There is an image.
    """
    messages: list[Message] = []
    if trajectory.system is not None:
        messages.append(Message(role="system", content=trajectory.system))
    unanswered: list[str] = []
    for turn in trajectory.turns():
        if isinstance(turn, list):
            message = _assistant(turn, len(messages))
            unanswered = [call["id"] for call in message.get("tool_calls", []) if "id" in call]
        else:
            message = _given(turn, unanswered)
        messages.append(message)
    return messages


def steps_of(messages: Sequence[Message]) -> tuple[str | None, list[Step]]:
    """Return the system message and the steps of a conversation; the reverse of `messages_of`."""
    system, rest = None, list(messages)
    if rest and rest[0]["role"] == "system":
        system, rest = rest[0]["content"] or "", rest[1:]
    return system, [step for message in rest for step in _steps(message)]


def arguments_text(call: ToolCall) -> str:
    """Return the arguments of a call as a JSON string."""
    return json.dumps(call["function"]["arguments"], ensure_ascii=False)


def parse_arguments(given: object) -> dict[str, Any]:
    """Read the arguments of a tool call: an object, or a JSON string of one.

    Raises:
        NotHeldError: They are something else.
    """
    if isinstance(given, str):
        try:
            given = cast("object", json.loads(given)) if given.strip() else {}
        except (ValueError, RecursionError):
            given = None
    if not isinstance(given, Mapping):
        raise NotHeldError("arguments of a tool call that are no JSON object")
    return dict(cast("Mapping[str, Any]", given))


def _assistant(turn: Sequence[Action], place: int) -> Message:
    """Return the actions of one turn as one message."""
    texts: list[str] = []
    calls: list[ToolCall] = []
    for action in turn:
        if action.description is not None:
            texts.append(action.description)
        if isinstance(action, MessageAction):
            texts.append(action.content)
        else:
            calls.append(_call(action, f"call_{place}_{len(calls)}"))
    content = "\n".join(texts) if texts else None
    message = Message(role="assistant", content=content, train=all(one.train for one in turn))
    reasoning = [one.reasoning_content for one in turn if one.reasoning_content is not None]
    if reasoning:
        message["reasoning_content"] = "\n".join(reasoning)
    if calls:
        message["tool_calls"] = calls
    return message


def _call(action: APIAction | CodeAction, spare: str) -> ToolCall:
    if isinstance(action, CodeAction):
        function = Function(name=f"execute_{action.language}", arguments={"code": action.content})
    else:
        function = Function(name=action.function, arguments=action.kwargs)
    return ToolCall(id=action.tool_call_id or spare, type="function", function=function)


def _given(seen: Observation, unanswered: list[str]) -> Message:
    """Return an observation as a message; `unanswered` loses the call that it answers."""
    text = text_of(seen)
    source = seen.source if isinstance(seen, TextObservation) else "environment"
    if isinstance(seen, TextObservation) and source == "environment" and seen.name == "system":
        return Message(role="system", content=text)
    answered = seen.tool_call_id or (unanswered[0] if unanswered else None)
    if source == "environment" and answered in unanswered:
        unanswered.remove(answered)
        message = Message(role="tool", content=text, tool_call_id=answered)
    else:  # the result of no call: chat templates know no other place for it
        message = Message(role="user", content=text)
    if isinstance(seen, TextObservation) and seen.name is not None:
        message["name"] = seen.name
    return message


def text_of(seen: Observation) -> str:
    """Return what an observation says.

    Raises:
        NotHeldError: It is an image.
    """
    if isinstance(seen, TextObservation):
        return seen.content
    if isinstance(seen, ImageObservation) or seen.image_observation is not None:
        raise NotHeldError("an image, which a form of text cannot hold")
    page = seen.axtree if seen.axtree is not None else seen.html or ""
    return page if seen.url is None else f"{seen.url}\n{page}"


def _steps(message: Message) -> Iterator[Step]:
    role, content = message["role"], message["content"]
    if role != "assistant":
        yield TextObservation(
            content=content or "",
            source="user" if role == "user" else "environment",
            name="system" if role == "system" else message.get("name"),
            tool_call_id=message.get("tool_call_id"),
        )
        return
    train, reasoning = message.get("train", True), message.get("reasoning_content")
    calls = message.get("tool_calls", [])
    if not calls:
        yield MessageAction(content=content or "", reasoning_content=reasoning, train=train)
    for place, call in enumerate(calls):
        yield APIAction(
            function=call["function"]["name"],
            kwargs=call["function"]["arguments"],
            description=None if place else content,
            reasoning_content=None if place else reasoning,
            tool_call_id=call.get("id"),
            train=train,
            continues=place > 0,
        )
