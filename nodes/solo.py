"""solo: one member answers alone, in the way that a prompt says."""

from collections.abc import Callable, Mapping

from manyminds.calls.ask import ask
from manyminds.members import Member
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate

UNREADABLE = "no final answer could be read in the reply: the whole of it is the answer"


def solo(
    member: Member,
    *,
    method: str,
    prompt: Prompt,
    values: Mapping[str, str],
    read: Callable[[str], str | None] | None = None,
    context: Context,
) -> Node:
    """Return the node of a method that is one call; it has the member's name.

    Args:
        member: who is asked.
        method: name of the method.
        prompt: how to ask.
        values: of the prompt's variables.
        read: from the reply to the answer, None where there is none: then the whole reply is the
            answer, and the run is marked as degraded. Such a reply is not streamed, for it holds
            more than the answer. Without it the reply is the answer.
        context: the builder's settings.

    Raises:
        QuorumError: while running, if the member gave no answer.
    """

    async def run(state: State) -> Update:
        messages = prompt.render(addressed(state["messages"], member), **values)
        ctx = RunContext.of(state, method, context)
        ctx.emit("planned", calls=1)
        reply = await ask(member, messages, ctx, role="solver", layer=1, stream=read is None)
        require([reply], 1)
        update: Update = {"layer": 1, "candidates": [reply], "spent": spent_on([reply])}
        if read is None:
            return {**update, "final": reply}
        answer = read(reply["text"])
        if answer is None:
            return {**update, "final": reply, "notes": [UNREADABLE]}
        return {**update, "final": excerpt(reply, answer)}

    return Node(run, member.name)


def excerpt(reply: Candidate, answer: str) -> Candidate:
    """Return what was read out of a reply as a candidate; its message is a new one."""
    part: Candidate = {**reply, "text": answer, "message_id": None}
    part.pop("content", None)
    return part
