"""critic: says in writing what is wrong with the last answer, or what a failed try teaches."""

from collections.abc import Awaitable, Callable, Mapping

from manyminds.calls.ask import ask
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.nodes.solver import earlier
from manyminds.prompts import Prompt
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context

Taken = Callable[[State, RunContext, str], Awaitable[Update]]


def critic(
    member: Member,
    *,
    name: str,
    method: str,
    prompt: Prompt,
    shown: Callable[[State], Mapping[str, str]],
    taken: Taken,
    tries: int,
    context: Context,
) -> Node:
    """Return the node that writes a text about the last answer.

    Where it fails there is nothing to go on with, so that answer stands, marked.

    Args:
        member: who writes.
        name: of the node, and of the role.
        method: name of the method.
        prompt: how to ask.
        shown: from the state to the values of the prompt's variables.
        taken: from the state, the run and the text to the update.
        tries: answers at most; keeps the numbers of the draws apart from theirs.
        context: the builder's settings.
    """

    async def run(state: State) -> Update:
        layer, ctx = state["layer"], RunContext.of(state, method, context)
        reply = await ask(
            member,
            prompt.render(addressed(state["messages"], member), **shown(state)),
            ctx,
            role=name,
            index=layer - 1,
            draw=tries + layer - 1,
            layer=layer,
        )
        spent = {"spent": spent_on([reply])}
        if reply["status"] != "ok":
            return {**spent, **earlier(state, reply, f"the {name} of try {layer}")}
        return {**spent, **await taken(state, ctx, reply["text"])}

    return Node(run, name)
