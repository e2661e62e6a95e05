"""tool_calls: a method answers, and then a writer who may call tools writes the reply."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from manyminds.members import Member
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run, ok, why
from manyminds.prompts import Prompt


def consult_and_write(
    panel: Member, writer: Member, act: Prompt, tools: Sequence[Any], binding: Mapping[str, Any]
) -> tuple[Run, Run]:
    """Return two steps: the method answers, and a writer with tools writes the reply.

    Args:
        panel: The method as a member.
        writer: Chat model that may call the tools.
        act: Prompt of the writer, with the variable `answer`.
        tools: Tools as the writer's `bind_tools` takes them.
        binding: Further arguments of its `bind_tools`.
    """

    async def consult(state: State, ask: Ask) -> Update:
        if isinstance(state["messages"][-1], ToolMessage):
            return {}
        reply = await ask(panel, without_tools(state["messages"]))
        return {"final": reply} if ok(reply) else {"notes": [f"no panel ({why(reply)})"]}

    async def write(state: State, ask: Ask) -> Update:
        answer = state["final"]
        question = act.fill(answer=[answer]) if answer else None
        params = tools_as_params(writer, tools, binding)
        reply = await ask(writer, question, params=params, stream=True)
        if ok(reply) or answer is None:
            return {"final": ask.require(reply)}
        return {"notes": [f"the writer failed ({why(reply)}): the panel's answer stands"]}

    return consult, write


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
