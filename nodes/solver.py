"""solver: answers the question, again and again, each time with what was found wrong before."""

from collections.abc import Callable, Mapping
from typing import Any

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


def solver(
    member: Member,
    *,
    method: str,
    prompt: Prompt,
    shown: Callable[[State], Mapping[str, str]],
    tries: int,
    settles: bool,
    context: Context,
) -> Node:
    """Return the solver's node; it counts its tries in `layer`.

    A try that fails ends the run with the last good answer, marked; there must be a first one.

    Args:
        member: who solves.
        method: name of the method.
        prompt: how later tries are asked; the bare conversation is asked where it has nothing to
            show.
        shown: from the state to the values of the prompt's variables.
        tries: at most.
        settles: the last try is the answer whatever it holds, and so may be streamed.
        context: the builder's settings.

    Raises:
        QuorumError: while running, if the first try gave no answer.
    """

    async def run(state: State) -> Update:
        layer, values = state["layer"] + 1, shown(state)
        messages = addressed(state["messages"], member)
        if any(values.values()):
            messages = prompt.render(messages, **values)
        last = settles and layer == tries
        reply = await ask(
            member,
            messages,
            RunContext.of(state, method, context),
            role="solver",
            index=layer - 1,
            draw=layer - 1,
            layer=layer,
            stream=last,
        )
        update: Update = {"layer": layer, "candidates": [reply], "spent": spent_on([reply])}
        if reply["status"] == "ok":
            return {**update, "final": reply if last else None}
        if layer == 1:
            require([reply], 1)
        return {**update, **earlier(state, reply, f"try {layer}")}

    return Node(run, "solver")


def latest(state: State) -> Candidate:
    """Return the last good answer."""
    good: list[Candidate] = [c for c in state["candidates"] if c["status"] == "ok"]
    return good[-1]


def earlier(state: State, failed: Candidate, what: str) -> dict[str, Any]:
    """Return the update that ends a run with its last good answer, because something failed."""
    error = failed["error"]
    kind = "no answer" if error is None else error["kind"]
    kept = latest(state)
    note = f"{what} failed ({kind}): the answer is that of try {kept['layer']}"
    return {"final": kept, "notes": [note]}
