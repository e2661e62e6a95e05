"""tool_calls: a member's tools as parameters of a call, and a conversation without tool calls."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from manyminds.members import Member


def tools_as_params(
    member: Member, tools: Sequence[Any], binding: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return tools as the parameters of a call, in the form of the member's provider.

    Args:
        member: Chat model that is to call them.
        tools: Tools, functions, types or schemas.
        binding: Further arguments of the model's `bind_tools`, such as `tool_choice`.
    """
    if not tools:
        return binding
    bound = cast("Any", member.runnable(stream=True)).bind_tools(tools, **binding)
    return cast("Mapping[str, Any]", bound.kwargs)


def without_tools(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation with its tool calls and results as plain text.

    Members that have no tools are refused a conversation with tool calls by some providers.
    """
    return [_plain(message) for message in messages]


def _plain(message: BaseMessage) -> BaseMessage:
    if isinstance(message, ToolMessage):
        return HumanMessage(f"[Result of the tool {message.name or 'call'}]\n{message.text}")
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = [
            f"[Call of the tool {call['name']} with {call['args']}]" for call in message.tool_calls
        ]
        return AIMessage("\n".join([*([message.text] if message.text else []), *calls]))
    return message
