"""Parses a member's output, of any of its forms, into one shape."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    convert_to_messages,
)
from pydantic import BaseModel

from manyminds.errors import AnswerError
from manyminds.models.endings import ending_of
from manyminds.models.envelopes import provider_error
from manyminds.models.http_responses import broken_call
from manyminds.models.token_counts import usage_of
from manyminds.reading import reasoning
from manyminds.state import ONLY_A_TOOL_CALL, TokenUsage

_MOST = 200_000
"""Characters of a reply's beginning, and of its end, that are read where no limit is given."""
_TRUNCATED = "an answer was cut by its token limit"
# No database keeps NUL, and no request carries half of a surrogate pair.
_ROLES = {"model": "assistant", "aimessage": "assistant", "aimessagechunk": "assistant"}
_UNKEPT = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Reply:
    """One answer: the text for prompts and votes, the rest for the final message."""

    text: str
    message_id: str | None = None
    content: list[Any] | None = None
    tool_calls: list[Any] | None = None
    reasoning: str | None = None
    report: Mapping[str, Any] | None = None
    ballot: Mapping[str, Any] | None = None
    simulated: bool = False
    cut: bool = False
    truncated: bool = False
    odd_ending: str | None = None
    written: TokenUsage | None = None
    """Usage of the call that wrote the answer of a method."""


def parse(output: object, *, max_chars: int | None = None) -> Reply:
    """Parse a member's output: message, text, state with messages, or object (as JSON).

    Args:
        output: value that the member returned.
        max_chars: characters of text that are kept; the rest is cut off, with a mark.

    Raises:
        AnswerError: the answer is empty, was refused, or has a form that holds no answer.
    """
    most = max(_MOST, max_chars or 0)
    reply = _parse(output, most)
    reply.text = _storable(reply.text)
    _check_not_empty(reply)
    if reply.reasoning is not None:
        reply.reasoning = _storable(without_middle(reply.reasoning, most // 2))
    if reply.tool_calls is not None and _size(reply.tool_calls) > most:
        raise AnswerError(
            f"the tool calls of a reply are longer than {most:,} characters", kind="malformed"
        )
    if max_chars is not None and len(reply.text) > max_chars:
        reply.text = f"{reply.text[:max_chars]}\n[cut after {max_chars:,} characters]"
        reply.content, reply.cut = None, True
    return reply


def _storable(text: str) -> str:
    return text if text.isascii() and "\x00" not in text else _UNKEPT.sub("", text)


def without_middle(text: str, most: int) -> str:
    """Return a text without its middle where it is longer than twice as many characters.

    What searches a reply takes time that grows with it, during which nothing else runs. Reasoning
    begins a reply and the answer ends it.
    """
    return text if len(text) <= 2 * most else f"{text[:most]}\n[...]\n{text[-most:]}"


def _size(calls: list[Any]) -> int:
    return sum(len(str(value)) for call in calls for value in call.values())


def _parse(output: object, most: int) -> Reply:
    if isinstance(output, (AIMessage, BaseMessage)):  # of the first it is found sooner
        return _parse_message(output, most)
    if isinstance(output, str):
        return Reply(text=without_middle(output, most))
    if isinstance(output, BaseModel):
        return Reply(text=output.model_dump_json())
    if isinstance(output, Mapping):
        return _parse_state(cast("Mapping[str, Any]", output), most)
    raise AnswerError(
        f"the member returned a value of type {type(output).__name__}; give "
        "Member(..., output=function) that turns it into a string or a message",
        kind="malformed",
    )


def _tool_calls(message: AIMessage) -> list[Any] | None:
    """Return the tool calls of a reply.

    Raises:
        AnswerError: One of them cannot be read.
    """
    if message.invalid_tool_calls:
        raise broken_call(message.invalid_tool_calls[0]["args"])
    return [dict(call) for call in message.tool_calls] or None


def _parse_state(state: Mapping[str, Any], most: int) -> Reply:
    last = _last_message(state.get("messages"))
    if last is not None:
        is_question = isinstance(last, HumanMessage) and last.name is None
        if is_question or isinstance(last, SystemMessage):  # nobody has answered it
            return Reply(text="")
        reply = _parse_message(last, most)
        report = state.get("report")
        if isinstance(report, Mapping) and "method" in report:
            reply.written = usage_of(last)
            reply.report = cast("Mapping[str, Any]", report)
            reply.ballot = state.get("ballot")
        if isinstance(state.get("structured_response"), BaseModel):
            reply.text = state["structured_response"].model_dump_json()
        return reply
    alone = _as_message(state) if "role" in state else None
    if isinstance(alone, AIMessage):  # a message, and no state
        return _parse_message(alone, most)
    if not any(map(_holds_anything, state.values())):
        return Reply(text="")
    return Reply(text=json.dumps(state, ensure_ascii=False, default=str))


def _last_message(messages: object) -> BaseMessage | None:
    """Return the last message of a state, also one that is plain data; None: there is none."""
    if not isinstance(messages, list | tuple) or not messages:
        return None
    last = cast("Sequence[object]", messages)[-1]
    if isinstance(last, Mapping):
        return _as_message(cast("Mapping[str, Any]", last))
    if isinstance(last, tuple) and last[:1] in (("ai",), ("assistant",)):
        return AIMessage(str(cast("tuple[object, ...]", last)[-1]))
    return last if isinstance(last, BaseMessage) else None


def _as_message(given: Mapping[str, Any]) -> BaseMessage | None:
    """Return a message that is plain data, as OpenAI, Gemini or LangGraph's server writes it.

    One without a role is an assistant's.
    """
    role = given.get("role") or given.get("type") or "assistant"
    if "content" not in given or not isinstance(role, str):
        return None
    more = {key: value for key, value in given.items() if key not in ("role", "type")}
    with suppress(Exception):  # of whatever other form it is
        return convert_to_messages([{**more, "role": _ROLES.get(role.lower(), role)}])[0]
    return None


def _holds_anything(value: object) -> bool:
    """Return whether a value is more than blank or empty; 0 and False are values."""
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and (not isinstance(value, Sized) or len(value) > 0)


def _parse_message(message: BaseMessage, most: int) -> Reply:
    content = message.content
    reply = Reply(without_middle(content if isinstance(content, str) else message.text, most))
    reply.message_id = message.id
    if isinstance(message, AIMessage):
        if message.tool_calls or message.invalid_tool_calls:
            reply.tool_calls = _tool_calls(message)
        about = message.response_metadata
        reply.simulated = bool(about.get("simulated"))
        ending, word = ending_of(about)
        if ending == "refused":
            raise AnswerError("the provider's content filter stopped the answer", kind="refused")
        if "provider_error" in message.additional_kwargs:
            raise provider_error(message.additional_kwargs["provider_error"])
        if ending == "failed":
            raise AnswerError(
                f"the provider ended the answer with `{word}`", kind="server_error", retriable=True
            )
        reply.truncated = ending == "truncated"
        reply.odd_ending = word if ending == "unknown" else None
    more = message.additional_kwargs
    if more:
        _parse_additions(reply, more)
    if not isinstance(content, str):
        reply.content = list(content)
    elif "<" in reply.text or "\uff5c" in reply.text:
        # Servers that do not know a model's reasoning send it as the first part of the answer,
        # some without the opening tag, which is in their chat template.
        thought, text = reasoning.split(reply.text)
        if not (text and reply.text.startswith(text)):  # a tag amid a text is a word of it
            reply.text = text
            reply.reasoning = reply.reasoning or thought or None
        reply.text = reasoning.without_end_tokens(reply.text)
    return reply


def _parse_additions(reply: Reply, more: Mapping[str, Any]) -> None:
    """Read what a client adds to a message: a refusal, and the reasoning."""
    if more.get("refusal") and not reply.text.strip():
        raise AnswerError(f"the model refused: {more['refusal']}", kind="refused")
    for key in ("reasoning_content", "reasoning"):
        if isinstance(more.get(key), str) and more[key]:
            reply.reasoning = more[key]


def _check_not_empty(reply: Reply) -> None:
    if reply.text.strip():
        return
    if reply.truncated:
        raise AnswerError("the token limit was reached before any answer", kind="truncated")
    if not reply.tool_calls:
        raise AnswerError("the answer is empty", kind="empty", retriable=True)


def remarks_on(reply: Reply, *, is_limited: bool, needs_text: bool) -> Iterator[str]:
    """Yield the report's notes on a reply that is cut, empty or ends in another way.

    Args:
        reply: The reply.
        is_limited: Whether the caller asked for an answer of so many tokens at most.
        needs_text: Whether a reply without text can only be a tool call that nobody offered.
    """
    if reply.truncated and not is_limited:
        yield _TRUNCATED
    if reply.odd_ending is not None:
        yield f"the endpoint ended an answer with `{reply.odd_ending}`, which is not known"
    if needs_text and not reply.text.strip():
        yield ONLY_A_TOOL_CALL
