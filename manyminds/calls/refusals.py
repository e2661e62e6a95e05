"""Features that an endpoint refuses, remembered for its member, and requests without them.

Some models take no temperature, name the limit of tokens differently, know no system role, or want
user and assistant to alternate. The endpoint says so with status 400; the request is then sent
again without the feature.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

# What a message says of a feature that is refused, rather than of a value out of range.
_REFUSES = re.compile(
    r"unsupported|n[o']?t[ -]support|n't support|unrecognized|unknown|unexpected|not permitted"
    r"|not allowed|extra|does not exist|cannot|invalid|deprecated|only|not enabled|disabled"
    r"|unavailable|not available|not implemented|forbidden|reject|ignored|read-only|fixed"
    r"|incompatible|must be (?:1|unset|omitted|null|none|one of|the default)|must not|requires"
    r"|failed to parse|not accept|has no\b|\u4e0d\u652f\u6301",
    re.IGNORECASE,
)
_OUT_OF_RANGE = re.compile(
    r"between|range|greater than|less than|at (?:least|most)|exceeds?\b|maximum|minimum|too large"
    r"|must be (?:an? )?(?:integer|number|string|positive|>|<|in [\[(])",
    re.IGNORECASE,
)
_NO_SUCH_MODEL = re.compile(r"\bmodel\b[^.]{0,60}(?:does not exist|not found)", re.IGNORECASE)
# Names that are words of the language as well: they count where they are quoted, or begin the text.
_WORDS = {"n", "seed", "stop", "store", "tools", "user", "functions", "metadata"}
_ALSO_CALLED = {
    "response_format": r"json[_ ]schema|json mode|structured outputs?|guided|grammar"
    r"|response formats?",
    "tools": r"tool[_ ](?:choice|call\w*|use)|support tools|function[_ ]call\w*",
    "n": r"number of (?:completions|choices|generations|samples)|(?:completions|choices) must be 1",
}
_SYSTEM = re.compile(
    r"\bsystem\b[^.]{0,60}\b(?:role|message|prompt|instruction)"
    r"|\b(?:role|instruction)s?\b[^.]{0,40}\bsystem\b|developer instruction|['\"`]system['\"`]"
    r"|\broles?\b[^.]{0,60}\buser\b[^.]{0,20}\bassistant\b"
    r"|\buser\b[^.]{0,20}\bassistant\b.{0,40}\broles?\b"
    r"|(?:unexpected|unknown|invalid)(?: message)? role"
    r"|messages?\W{0,2}0\W{1,3}role must be|first message must be from"
    r"|\bsystem_(?:instruction|prompt|message)|\binstruction role|template[^.]{0,40}\bsystem\b",
    re.IGNORECASE,
)
_ALTERNATE = re.compile(
    r"\balternat|consecutive|(?:same|share a) role|in a row|take turns"
    r"|(?:start|begin) with (?:a |the )?['\"`]?user|first message must (?:be|have)[^.]{0,20}\buser"
    r"|must be from (?:the )?user|followed by (?:an? )?assistant|duplicate (?:user|assistant|role)"
    r"|follow each other|cannot follow|expected assistant after user"
    r"|\buser, assistant, user\b|\badjacent messages"
    r"|\bposition \d+ must be of role",
    re.IGNORECASE,
)
_REFUSED = ("invalid_request", "context_too_long")  # too high a limit leaves a prompt no room
_OF_TEMPLATE = re.compile(r"template|jinja|\brole|alternat|n[o']?t support", re.IGNORECASE)
LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Refusals:
    """Features that one member's endpoint refuses.

    Attributes:
        params: Parameters that it takes under no name.
        limit: Its name for the limit of tokens; None: our name.
        no_system: It takes no system message.
        alternates: User and assistant have to take turns.
        no_stream_options: It takes no options of streams, so streams report no usage.
        too_high: Limit of tokens that is more than it can write; None: none was.
    """

    params: frozenset[str] = frozenset()
    limit: str | None = None
    no_system: bool = False
    alternates: bool = False
    no_stream_options: bool = False
    too_high: int | None = None

    def without_limit(
        self, message: str, params: Mapping[str, Any], limit: int | None
    ) -> "Refusals | None":
        """Return the refusals known after an error that names a caller's limit as too high.

        Args:
            message: Message of the endpoint.
            params: The parameters as they were sent.
            limit: The caller's limit; None where there is none.
        """
        if limit is None or limit not in (params.get(name) for name in LIMITS):
            return None
        named = re.search(rf"\b(?:{limit}|{limit:,})\b", message) is not None
        return replace(self, too_high=limit) if named else None

    def after(
        self, message: str, messages: Sequence[BaseMessage], params: Mapping[str, Any]
    ) -> "Refusals | None":
        """Return the refusals known after an error; None where the request cannot do without.

        Args:
            message: Message of the endpoint.
            messages: The prompt as it was sent.
            params: The parameters as they were sent.
        """
        refuses = _REFUSES.search(message) is not None
        has_system = any(isinstance(one, SystemMessage) for one in messages)
        if _ALTERNATE.search(message) and not self.alternates:
            return replace(self, alternates=True, no_system=True)
        about_roles = (refuses or "role" in message.lower()) and _SYSTEM.search(message)
        if has_system and about_roles and not self.no_system:
            return replace(self, no_system=True)
        if "stream_options" in message and not self.no_stream_options:
            return replace(self, no_stream_options=True)
        named = _named(message, params, refuses)
        other = _other_limit(message, params, named)
        if other is not None and self.limit is None:
            return replace(self, limit=other)
        return replace(self, params=self.params | {named}) if named else None

    def apply(
        self, messages: list[BaseMessage], params: Mapping[str, Any]
    ) -> tuple[list[BaseMessage], Mapping[str, Any], list[str]]:
        """Return messages and parameters without refused features, and notes on the changes."""
        notes: list[str] = []
        if self.too_high is not None:  # what it can write is less than that anyway
            limits = {name: params[name] for name in LIMITS if name in params}
            high = [name for name in limits if limits[name] >= self.too_high]
            params = {name: value for name, value in params.items() if name not in high}
        if self.params or self.limit is not None:
            kept = {name: value for name, value in params.items() if name not in self.params}
            for name in LIMITS:
                if self.limit is not None and name != self.limit and name in kept:
                    value = kept.pop(name)
                    if self.limit not in self.params:  # else it takes a limit under neither name
                        kept[self.limit] = value
            renamed = LIMITS if self.limit in kept else ()
            gone = [name for name in params if name not in (*kept, *renamed)]
            notes += [f"`{name}` was left out: the endpoint refuses it" for name in gone]
            params = kept
        if self.no_system and any(isinstance(one, SystemMessage) for one in messages):
            messages = _without_system(messages)
            notes.append("the system message went into the user's: the endpoint refuses its role")
        if self.alternates:
            messages = _alternating(messages)
        return messages, params, notes


def _named(message: str, params: Mapping[str, Any], refuses: bool) -> str | None:
    """Return the parameter that a message refuses: the one that it names first."""
    if _NO_SUCH_MODEL.search(message) or (_OUT_OF_RANGE.search(message) and not refuses):
        return None
    at = {name: found for name in params if (found := _place(name, message, refuses)) is not None}
    return min(at, key=at.__getitem__, default=None)


def _other_limit(message: str, params: Mapping[str, Any], named: str | None) -> str | None:
    """Return the endpoint's own name for the limit of tokens, where it refuses the one sent."""
    sent = next((name for name in LIMITS if name in params), None)
    other = LIMITS[sent == LIMITS[0]]
    is_told = re.search(rf"\b(?:use|instead|rather|mean)\b.*\b{other}\b", message, re.IGNORECASE)
    is_both = named is not None and all(re.search(rf"\b{name}\b", message) for name in LIMITS)
    return other if sent is not None and (named == sent or is_told or is_both) else None


def _place(name: str, message: str, refuses: bool) -> int | None:
    """Return where a message names a parameter, with its underscores or as other words."""
    pattern = rf"\b{re.escape(name).replace('_', '[_ ]?')}\b"
    if name in _WORDS:
        quoted = rf"['\"`\[(]{name}\b|^{name}\b|\.{name}\b|: {name}\b|\b{name} ?[=>]"
        pattern = quoted if not refuses else rf"{quoted}|\b{name}(?= (?:is|are|must|not)\b)"
    found = re.search(pattern, message, re.IGNORECASE)
    if found is None and refuses and name in _ALSO_CALLED:
        found = re.search(_ALSO_CALLED[name], message, re.IGNORECASE)
    return None if found is None else found.start()


NOTHING_REFUSED = Refusals()
_refusals: dict[str, Refusals] = {}


def told(kind: str, message: str) -> str:
    """Return the message of a failure that may refuse a feature; else nothing.

    llama.cpp answers 500 where a chat template refuses a role.
    """
    is_one = kind in _REFUSED or (kind == "server_error" and _OF_TEMPLATE.search(message))
    return message if is_one else ""


def refusals_of(member: str) -> Refusals:
    """Return the known refusals of a member's endpoint, by the member's identity."""
    return _refusals.get(member, NOTHING_REFUSED)


def remember(member: str, refusals: Refusals) -> None:
    """Remember a refusal of a member's endpoint, for the life of the process."""
    _refusals[member] = refusals


def forget_all() -> None:
    """Forget all refusals, as a new process would."""
    _refusals.clear()


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
