"""Messages as endpoints, chains and graphs take them."""

import re
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.members import Member

_HALVES = re.compile("[\ud800-\udfff]")


def sendable(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages without our own names and without halves of surrogate pairs.

    Some endpoints refuse a name on a reply, and no request can carry half of a pair.
    """
    return list(map(_sendable, messages))


def argument_of(member: Member, prompt: list[BaseMessage], question: str) -> object:
    """Return the input of a chain or graph: messages, a state, or the question's text."""
    kind, variable = member.input_kind
    if kind == "custom":
        assert member.input is not None
        return member.input(prompt)
    if kind in ("state", "method"):
        return {"messages": prompt}
    if kind == "messages":
        return prompt
    return question if variable is None else {variable: question}


def alternating(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages with those of one turn joined: strict chat templates refuse two in a row."""
    joined: list[BaseMessage] = []
    for message in messages:
        if joined and _of_one_turn(joined[-1], message):
            joined[-1] = _joined(joined[-1], message)
        else:
            joined.append(message)
    return messages if len(joined) == len(messages) else joined


def _sendable(message: BaseMessage) -> BaseMessage:
    update: dict[str, object] = {}
    if message.name and "manyminds" in message.response_metadata:
        update["name"] = None
    content = message.content
    if isinstance(content, str) and not content.isascii() and _HALVES.search(content):
        update["content"] = _HALVES.sub("", content)
    return message.model_copy(update=update) if update else message


def _of_one_turn(first: BaseMessage, second: BaseMessage) -> bool:
    if first.type != second.type or first.name != second.name:
        return False
    if isinstance(first, AIMessage) and isinstance(second, AIMessage):
        return not (first.tool_calls or second.tool_calls)
    return isinstance(first, HumanMessage)


def _joined(first: BaseMessage, second: BaseMessage) -> BaseMessage:
    if isinstance(first.content, str) and isinstance(second.content, str):
        return first.model_copy(update={"content": f"{first.content}\n\n{second.content}"})
    return first.model_copy(update={"content": [*_parts(first), *_parts(second)]})


def _parts(message: BaseMessage) -> list[Any]:
    content = message.content
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return cast("list[Any]", content)
