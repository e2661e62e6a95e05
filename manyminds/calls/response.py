"""Parses what a member returned, in whatever form, into one shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage
from pydantic import BaseModel

from manyminds.errors import AnswerError
from manyminds.models.chat_completions import provider_error
from manyminds.models.token_counts import usage_of
from manyminds.state import TokenUsage

# Why an answer ended, in the words of every provider, in lower case.
_REFUSALS = {
    *("content_filter", "content_filtered", "safety", "refusal", "recitation", "blocklist"),
    *("prohibited_content", "spii", "image_safety", "guardrail_intervened", "sensitive"),
}
_TRUNCATED = {
    *("length", "max_tokens", "max_output_tokens", "model_length", "token_limit", "incomplete"),
    *("max_length", "model_context_window_exceeded", "context_length_exceeded", "limit"),
}
_FAILED = {"error", "malformed_function_call", "insufficient_system_resource", "aborted", "abort"}
_FINISH = ("finish_reason", "stop_reason", "done_reason", "finishreason", "stopreason")
_THINKING, _END = "<think>", "</think>"


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
    truncated: bool = False


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
    if isinstance(messages, list) and not messages and len(state) == 1:
        return _not_empty(Reply(text=""))
    return Reply(text=json.dumps(state, ensure_ascii=False, default=str))


def _parse_message(message: BaseMessage) -> Reply:
    content = message.content
    reply = Reply(text=content if isinstance(content, str) else message.text)
    reply.message_id = message.id
    if isinstance(message, AIMessage):
        reply.usage = usage_of(message)
        if message.tool_calls:
            reply.tool_calls = [dict(call) for call in message.tool_calls]
        about = message.response_metadata
        reply.simulated = bool(about.get("simulated"))
        reasons = _finish_reasons(about)
        if reasons & _REFUSALS:
            raise AnswerError("the provider's content filter stopped the answer", kind="refused")
        if "provider_error" in message.additional_kwargs:
            raise provider_error(message.additional_kwargs["provider_error"])
        if reasons & _FAILED:
            message_text = "the provider says that the answer failed"
            raise AnswerError(message_text, kind="server_error", retriable=True)
        reply.truncated = bool(reasons & _TRUNCATED)
    more = message.additional_kwargs
    if more.get("refusal") and not reply.text.strip():
        raise AnswerError(f"the model refused: {more['refusal']}", kind="refused")
    reasoning = more.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        reply.reasoning = reasoning
    if isinstance(content, str):
        # Servers that do not know a model's reasoning send it as the first part of the answer,
        # some without the opening tag, which stands in their chat template.
        text = reply.text.lstrip()
        if _END in text:
            thought, _, answer = text.rpartition(_END)
            reply.reasoning = reply.reasoning or thought.removeprefix(_THINKING).strip()
            reply.text = answer.strip()
        elif text.startswith(_THINKING):
            reply.reasoning = reply.reasoning or text.removeprefix(_THINKING).strip()
            reply.text = ""
    if not isinstance(content, str):
        reply.content = list(content)
    return _not_empty(reply)


def _finish_reasons(about: Mapping[str, Any]) -> set[str]:
    """Return why the answer ended, in lower case, from wherever a provider says so."""
    given = [about.get(key) for key in (*_FINISH, "finishReason", "stopReason")]
    details = about.get("incomplete_details")
    if isinstance(details, Mapping):
        given.append(cast("Mapping[str, Any]", details).get("reason"))
    return {str(one).rsplit(".", 1)[-1].strip().lower() for one in given if one}


def _not_empty(reply: Reply) -> Reply:
    if not reply.text.strip() and reply.truncated:
        raise AnswerError("the token limit was reached before any answer", kind="truncated")
    if not reply.text.strip() and not reply.tool_calls:
        raise AnswerError("the answer is empty", kind="empty", retriable=True)
    return reply
