"""Parses what a member returned, in whatever form, into one shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel

from manyminds.errors import AnswerError
from manyminds.state import TokenUsage

_REFUSALS = {"content_filter", "content_filtered", "safety", "refusal"}
_THINKING = "<think>"


@dataclass(slots=True)
class Reply:
    """One answer: the text for prompts and votes, the rest for the final message."""

    text: str
    message_id: str | None = None
    usage: TokenUsage | None = None
    content: list[Any] | None = None
    tool_calls: list[Any] | None = None
    reasoning: str | None = None
    report: Mapping[str, Any] | None = None
    simulated: bool = False
    cut: bool = False


def parse(output: object, *, max_chars: int | None = None) -> Reply:
    """Parse a member's output: message, text, state with messages, or object (as JSON).

    Args:
        output: what the member returned.
        max_chars: characters of text that are kept; the rest is cut off, with a mark.

    Raises:
        AnswerError: the answer is empty, was refused, or has a form that holds no answer.
    """
    reply = _parse(output)
    if max_chars is not None and len(reply.text) > max_chars:
        reply.text = f"{reply.text[:max_chars]}\n[cut after {max_chars:,} characters]"
        reply.content, reply.cut = None, True
    return reply


def _parse(output: object) -> Reply:
    if isinstance(output, BaseMessage):
        return _parse_message(output)
    if isinstance(output, str):
        return _not_empty(Reply(text=output))
    if isinstance(output, BaseModel):
        return Reply(text=output.model_dump_json())
    if isinstance(output, Mapping):
        return _parse_state(cast("Mapping[str, Any]", output))
    raise AnswerError(
        f"the member returned a {type(output).__name__}; give Member(..., output=function) "
        "that turns it into a string or a message",
        kind="malformed",
    )


def _parse_state(state: Mapping[str, Any]) -> Reply:
    messages = state.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], BaseMessage):
        reply = _parse_message(messages[-1])
        report = state.get("report")
        if isinstance(report, Mapping) and "method" in report:
            reply.report = cast("Mapping[str, Any]", report)
        if isinstance(state.get("structured_response"), BaseModel):
            reply.text = state["structured_response"].model_dump_json()
        return reply
    return Reply(text=json.dumps(state, ensure_ascii=False, default=str))


def _parse_message(message: BaseMessage) -> Reply:
    content = message.content
    reply = Reply(text=content if isinstance(content, str) else message.text)
    reply.message_id = message.id
    if isinstance(message, AIMessage):
        if message.usage_metadata is not None:
            reply.usage = TokenUsage(
                input_tokens=message.usage_metadata["input_tokens"],
                output_tokens=message.usage_metadata["output_tokens"],
            )
        if message.tool_calls:
            reply.tool_calls = [dict(call) for call in message.tool_calls]
        about = message.response_metadata
        reply.simulated = bool(about.get("simulated"))
        if about.get("finish_reason") in _REFUSALS or about.get("stop_reason") in _REFUSALS:
            raise AnswerError("the provider's content filter stopped the answer", kind="refused")
    more = message.additional_kwargs
    if more.get("refusal") and not reply.text.strip():
        raise AnswerError(f"the model refused: {more['refusal']}", kind="refused")
    reasoning = more.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        reply.reasoning = reasoning
    elif reply.text.lstrip().startswith(_THINKING) and isinstance(content, str):
        # Servers that do not know a model's reasoning send it as the first part of the answer.
        thought, _, answer = reply.text.lstrip().removeprefix(_THINKING).partition("</think>")
        reply.reasoning, reply.text = thought.strip(), answer.strip()
    if not isinstance(content, str):
        reply.content = list(content)
    return _not_empty(reply)


def _not_empty(reply: Reply) -> Reply:
    if not reply.text.strip() and not reply.tool_calls:
        raise AnswerError("the answer is empty", kind="empty", retriable=True)
    return reply
