"""tool_calls: a method answers, and then writers that may call tools write the reply."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from manyminds.errors import InputError, RunError
from manyminds.members import Askable, Member
from manyminds.nodes.channels import MethodState
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.prompts import Prompt
from manyminds.state import Candidate, ok, why
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import fieldwise, majority

TEXT = "text"
"""Ballot entry of a reply without a tool call, in the vote on the tool."""
_WRITE = ("aggregator", "writer", "chair")  # roles that write the answer


class ToolState(MethodState, total=False):
    """Channels of a method with tools; `ballot` is the vote where several writers replied."""

    ballot: Ballot | None


def writers_of(
    method: str,
    members: Iterable[Member],
    roles: Mapping[str, Sequence[str]],
    *,
    votes: bool,
    given: Askable | Sequence[Askable] | None,
) -> list[Askable]:
    """Return the writers of the reply: those given, else members of the method.

    In a method with a role that writes the answer, this is the member that plays it; in one that
    votes, every chat model. Elsewhere it is the first chat model.

    Args:
        method: Name of the method.
        members: Members of the method.
        roles: Names of the members that play each role, the first one before its substitutes.
        votes: Whether the method votes on its members' answers.
        given: Writer, or several.

    Raises:
        InputError: No writer is given, and the method has no chat model.
    """
    if given is not None:
        return list(given) if isinstance(given, list | tuple) else [cast("Askable", given)]
    chat = [member for member in members if member.is_chat]
    if not chat:
        raise InputError(f"{method} has no chat model to call tools: give a writer")
    played = {name for role in _WRITE for name in roles.get(role, ())[:1]}
    writing = [member for member in chat if member.name in played]
    if votes and not writing:
        return [*chat]
    return [(writing or chat)[0]]


def consult_and_write(
    panel: Member,
    writers: Sequence[Member],
    act: Prompt,
    tools: Sequence[Any],
    binding: Mapping[str, Any],
    *,
    named: bool,
) -> tuple[Run, Run]:
    """Return two steps: the method answers, and writers with tools write the reply.

    One writer streams its reply. Several reply at once, and a vote chooses: see `elect`. A turn
    that ends with a tool's result skips the method and, unless the writers were named, the vote:
    the first writer goes on. Where all writers fail, the method's answer stands, unless the client
    asked for another form.

    Args:
        panel: The method as a member.
        writers: Chat models that may call the tools.
        act: Prompt of the writer, with the variable `answer`.
        tools: Tools as the writer's `bind_tools` takes them.
        binding: Further arguments of its `bind_tools`.
        named: Whether the caller named the writers.
    """

    async def consult(state: State, ask: Ask) -> Update:
        if isinstance(state["messages"][-1], ToolMessage):
            return {}
        reply = await ask(panel, without_tools(state["messages"]))
        return {"final": reply} if ok(reply) else {"notes": [f"no panel ({why(reply)})"]}

    async def write(state: State, ask: Ask) -> Update:
        answer = state["final"]
        question = act.fill(answer=[answer]) if answer else None
        goes_on = isinstance(state["messages"][-1], ToolMessage) and not named
        asked = writers[:1] if goes_on else writers

        async def reply(index: int, writer: Member) -> Candidate:
            params = tools_as_params(writer, tools, binding)
            alone = len(asked) == 1
            return await ask(writer, question, index=index, params=params, stream=alone)

        replies = await asyncio.gather(*(reply(k, one) for k, one in enumerate(asked)))
        good = _fitting([one for one in replies if ok(one)], binding)
        if len(good) > 1:
            chosen, ballot = elect(good)
            return {"final": chosen, "ballot": ballot}
        if good or answer is None or _has_form(binding):
            return {"final": good[0] if good else ask.require(replies[0])}
        return {"notes": [f"the writer failed ({why(replies[0])}): the panel's answer stands"]}

    return consult, write


def _has_form(binding: Mapping[str, Any]) -> bool:
    """Return whether a reply in words would not be what the client can read."""
    return "response_format" in binding or binding.get("tool_choice", "auto") != "auto"


def _fitting(replies: list[Candidate], binding: Mapping[str, Any]) -> list[Candidate]:
    """Return the replies that have the form that the client asked for.

    An endpoint may leave out what it does not know, such as an output schema.

    Raises:
        RunError: There are replies, and none of them has it.
    """
    fitting = [one for one in replies if _fits(one, binding)]
    if replies and not fitting:
        what = "JSON" if binding.get("tool_choice", "auto") == "auto" else "a call of a tool"
        raise RunError(f"the client asked for {what}, and {replies[0]['member']} wrote words")
    return fitting


def _fits(reply: Candidate, binding: Mapping[str, Any]) -> bool:
    if reply.get("tool_calls") or not _has_form(binding):
        return True
    if binding.get("tool_choice", "auto") != "auto":
        return False
    try:
        json.loads(reply["text"])
    except ValueError:
        return False
    return True


def elect(replies: Sequence[Candidate]) -> tuple[Candidate, Ballot]:
    """Choose a reply by two votes: on the tools that it calls, and then on their arguments.

    A reply without a call votes for answering in words. Among such replies objects, as an output
    schema asks for, are voted on field by field; of other texts the first one is taken. Equal
    numbers of votes go to the reply that was asked for first.

    Args:
        replies: Good replies, at least one.

    Returns:
        The reply, and the ballot of the vote on the tools.
    """
    called = [", ".join(call["name"] for call in one.get("tool_calls", [])) for one in replies]
    ballot = majority([names or TEXT for names in called])
    same = [replies[index] for index in ballot["groups"][0]["indices"]]
    if not any(called[index] for index in ballot["groups"][0]["indices"]):
        objects = [_object(one["text"]) for one in same]
        agreed = fieldwise(objects)["answer"] if all(objects) else None
        return (same[0] if agreed is None else _saying(same[0], agreed)), ballot
    arguments = [
        json.dumps([call["args"] for call in one.get("tool_calls", [])], sort_keys=True)
        for one in same
    ]
    return same[majority(arguments)["winner"] or 0], ballot


def _object(text: str) -> Mapping[str, object] | None:
    try:
        found: object = json.loads(text)
    except ValueError:
        return None
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else None


def _saying(reply: Candidate, text: str) -> Candidate:
    """Return a reply with another text; its message is a new one."""
    said: Candidate = {**reply, "text": text, "message_id": None}
    said.pop("content", None)
    return said


def tools_as_params(
    member: Member, tools: Sequence[Any], binding: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return tools as the parameters of a call, in the form of the member's provider.

    Args:
        member: Chat model that is to call them.
        tools: Tools, functions, types or schemas.
        binding: Further arguments of the model's `bind_tools`, such as `tool_choice`.

    Raises:
        InputError: The member's model takes no tools.
    """
    if not tools:
        return binding
    try:
        bound = cast("Any", member.runnable(stream=True)).bind_tools(tools, **binding)
    except NotImplementedError:
        raise InputError(f"{member.name} takes no tools: give a writer that does") from None
    return cast("Mapping[str, Any]", bound.kwargs)


def without_tools(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation with its tool calls and results as plain text.

    Members that have no tools are refused a conversation with tool calls by some providers.
    Pictures in a tool's result stay.
    """
    return [_plain(message) for message in messages]


def _plain(message: BaseMessage) -> BaseMessage:
    if isinstance(message, ToolMessage):
        said = f"[Result of the tool {message.name or 'call'}]\n{message.text}"
        pictures = [
            part
            for part in (message.content if isinstance(message.content, list) else [])
            if isinstance(part, dict) and part.get("type") not in ("text", None)
        ]
        return HumanMessage([{"type": "text", "text": said}, *pictures] if pictures else said)
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = [
            f"[Call of the tool {call['name']} with {call['args']}]" for call in message.tool_calls
        ]
        return AIMessage("\n".join([*([message.text] if message.text else []), *calls]))
    return message
