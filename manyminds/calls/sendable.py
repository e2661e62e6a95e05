"""Messages as endpoints, chains and graphs take them."""

import re
from operator import is_

from langchain_core.messages import BaseMessage

from manyminds.members import Member

_HALVES = re.compile("[\ud800-\udfff]")


def sendable(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages without our own names and without halves of surrogate pairs.

    Some endpoints refuse a name on a reply, and no request can carry half of a pair.
    """
    changed = [_sendable(message) for message in messages]
    return messages if all(map(is_, changed, messages)) else changed


def argument_of(member: Member, prompt: list[BaseMessage], question: str) -> object:
    """Return what a chain or graph is called with: messages, a state, or the question's text."""
    kind, variable = member.input_kind
    if kind == "custom":
        assert member.input is not None
        return member.input(prompt)
    if kind in ("state", "method"):
        return {"messages": prompt}
    if kind == "messages":
        return prompt
    return question if variable is None else {variable: question}


def _sendable(message: BaseMessage) -> BaseMessage:
    update: dict[str, object] = {}
    if message.name and "manyminds" in message.response_metadata:
        update["name"] = None
    content = message.content
    if isinstance(content, str) and not content.isascii() and _HALVES.search(content):
        update["content"] = _HALVES.sub("", content)
    return message.model_copy(update=update) if update else message
