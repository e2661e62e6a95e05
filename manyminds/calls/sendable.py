"""Messages as endpoints take them."""

import re
from operator import is_

from langchain_core.messages import BaseMessage

_HALVES = re.compile("[\ud800-\udfff]")


def sendable(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages without our own names and without halves of surrogate pairs.

    Some endpoints refuse a name on a reply, and no request can carry half of a pair.
    """
    changed = [_sendable(message) for message in messages]
    return messages if all(map(is_, changed, messages)) else changed


def _sendable(message: BaseMessage) -> BaseMessage:
    update: dict[str, object] = {}
    if message.name and "manyminds" in message.response_metadata:
        update["name"] = None
    content = message.content
    if isinstance(content, str) and not content.isascii() and _HALVES.search(content):
        update["content"] = _HALVES.sub("", content)
    return message.model_copy(update=update) if update else message
