"""Features that an endpoint refuses, remembered for its member, and requests without them.

Some models take no temperature, name the limit of tokens differently, know no system role, or want
user and assistant to alternate. The endpoint says so with status 400; the request is then sent
again without the feature.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

_REFUSES = re.compile(
    r"unsupported|not support|unrecognized|unknown|unexpected|not permitted|not allowed|extra"
    r"|does not exist|cannot be|invalid|deprecated|only the default|not enabled|not available"
    r"|incompatible|may only|can only|must (?:not be|be (?:1|unset|omitted|null|none|the default))",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"\bsystem\b[^.]{0,60}\b(?:role|message|prompt|instruction)"
    r"|\b(?:role|instruction)s?\b[^.]{0,40}\bsystem\b|developer instruction|['\"`]system['\"`]",
    re.IGNORECASE,
)
_ALTERNATE = re.compile(r"\balternat", re.IGNORECASE)
_LIMITS = ("max_tokens", "max_completion_tokens")


class Refusals:
    """What one member's endpoint refuses."""

    def __init__(self) -> None:
        self.params: set[str] = set()
        self.limit: str | None = None
        self.no_system = self.alternates = False

    def learn(
        self, message: str, messages: Sequence[BaseMessage], params: Mapping[str, Any]
    ) -> bool:
        """Note what an error message refuses; return whether the request can do without it."""
        if _ALTERNATE.search(message) and not self.alternates:
            self.alternates = self.no_system = True
            return True
        refuses = _REFUSES.search(message) is not None
        has_system = any(isinstance(one, SystemMessage) for one in messages)
        if has_system and not self.no_system and refuses and _SYSTEM.search(message):
            self.no_system = True
            return True
        named = [name for name in params if re.search(rf"\b{re.escape(name)}\b", message)]
        if not refuses or not named:
            return False
        limits = [name for name in _LIMITS if re.search(rf"\b{name}\b", message)]
        if len(limits) == 2 and self.limit is None and limits[0] in params:
            self.limit = limits[1]
        elif len(limits) == 2 and self.limit is None and limits[1] in params:
            self.limit = limits[0]
        else:
            self.params.add(min(named, key=message.index))
        return True

    def apply(
        self, messages: list[BaseMessage], params: Mapping[str, Any]
    ) -> tuple[list[BaseMessage], Mapping[str, Any], list[str]]:
        """Return messages and parameters without what is refused, and notes of what changed."""
        notes: list[str] = []
        if self.params or self.limit is not None:
            kept = {name: value for name, value in params.items() if name not in self.params}
            gone = [name for name in params if name in self.params]
            notes += [f"`{name}` was left out: the endpoint refuses it" for name in gone]
            for name in _LIMITS:
                if self.limit is not None and name != self.limit and name in kept:
                    kept[self.limit] = kept.pop(name)
            params = kept
        if self.no_system and any(isinstance(one, SystemMessage) for one in messages):
            messages = _without_system(messages)
            notes.append("the system message went into the user's: the endpoint refuses its role")
        if self.alternates:
            messages = _alternating(messages)
        return messages, params, notes


_refusals: dict[str, Refusals] = {}


def refusals_of(member: str) -> Refusals:
    """Return what is known of a member's endpoint, by the member's identity."""
    return _refusals.setdefault(member, Refusals())


def _without_system(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    text = "\n\n".join(one.text for one in messages if isinstance(one, SystemMessage))
    rest = [one for one in messages if not isinstance(one, SystemMessage)]
    for at, one in enumerate(rest):
        if isinstance(one, HumanMessage):
            rest[at] = _joined(HumanMessage(text), one)
            return rest
    return [HumanMessage(text), *rest]


def _alternating(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    result: list[BaseMessage] = []
    for one in messages:
        if result and type(result[-1]) is type(one) and type(one) in (HumanMessage, AIMessage):
            result[-1] = _joined(result[-1], one)
        else:
            result.append(one)
    return result


def _joined(first: BaseMessage, second: BaseMessage) -> BaseMessage:
    if isinstance(first.content, str) and isinstance(second.content, str):
        content: Any = f"{first.content}\n\n{second.content}"
    else:
        blocks = [
            [{"type": "text", "text": one.content}] if isinstance(one.content, str) else one.content
            for one in (first, second)
        ]
        content = [*blocks[0], *blocks[1]]
    return second.model_copy(update={"content": content})
