"""chair: writes the answer out of all, or picks one; the winner of the vote is its last resort."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from langchain_core.messages import BaseMessage

from manyminds.members import Member
from manyminds.nodes.channels import usable
from manyminds.nodes.fallback import first_answer, why
from manyminds.nodes.node import Node, NodeFunction, State, Update, custom
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt, numbered
from manyminds.reading.verdicts import read_choice
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate

T = TypeVar("T")


@dataclass(frozen=True)
class LastWord:
    """Who has the last word in a method, and how.

    Attributes:
        method: name of the method.
        role: what it is called there: chair, judge.
        chain: who has it, and who takes over when that member fails.
        prompt: how it is asked.
        draws: how often each member was asked in the rounds so far, from the state.
        stream: let its tokens through: only where no other role follows.
        overrules: its word takes the place of the vote, whose ballot is dropped then.
        context: the builder's settings.
    """

    method: str
    role: str
    chain: Sequence[Member]
    prompt: Prompt
    draws: Callable[[State, Member], int]
    stream: bool
    overrules: bool
    context: Context

    async def asked(
        self,
        state: State,
        ctx: RunContext,
        values: Mapping[str, str],
        *,
        refuse: Callable[[str], str | None] = lambda _text: None,
        stream: bool = False,
    ) -> tuple[Candidate | None, list[Candidate]]:
        """Ask whoever of the chain answers first; return that, and all who were asked."""

        def messages(member: Member) -> list[BaseMessage]:
            return self.prompt.render(addressed(state["messages"], member), **values)

        return await first_answer(
            self.chain,
            messages,
            ctx,
            role=self.role,
            layer=state["layer"] + 1,
            draw=lambda member: self.draws(state, member),
            refuse=refuse,
            stream=stream,
        )


def writer(how: LastWord, values: Callable[[State, RunContext], Mapping[str, str]]) -> Node:
    """Return the node of a member that writes the answer out of the candidates.

    Should the whole chain fail, the winner that `final` holds already is the answer, word for
    word, and the run is marked as degraded.

    Args:
        how: who writes, and how.
        values: the variables of the prompt.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, how.method, how.context)
        written, asked = await how.asked(state, ctx, values(state, ctx), stream=how.stream)
        return _decided(how, asked, written, None if written is None else written["member"])

    return Node(run, how.role)


def picker(how: LastWord, passed_on: Callable[[Candidate], Candidate]) -> Node:
    """Return the node of a member that picks one of the candidates, verbatim.

    They are shown in a seeded random order. A reply that names no number goes to the next in the
    chain; in the end the winner that `final` holds already is the answer.

    Args:
        how: who picks, and how.
        passed_on: from a candidate to the same as an answer.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, how.method, how.context)
        listed = shuffle_for(usable(state), ctx, how.role)
        answers = numbered(candidate["text"] for candidate in listed)

        def refuse(reply: str) -> str | None:
            return None if read_choice(reply, len(listed)) is not None else "it chose no answer"

        reply, asked = await how.asked(state, ctx, {"answers": answers}, refuse=refuse)
        if reply is None:
            return _decided(how, asked, None, None)
        chosen = read_choice(reply["text"], len(listed))
        assert chosen is not None
        return _decided(how, asked, passed_on(listed[chosen]), reply["member"])

    return Node(run, how.role)


def custom_role(function: NodeFunction, name: str) -> Node:
    """Return a host's own function as the node of a role with the last word.

    An `answer` that it returns takes the place of what was decided before it.
    """
    node = custom(function, name)

    async def run(state: State) -> Update:
        update = await node.ainvoke(state)
        return {"final": None, "ballot": None, **update} if "answer" in update else update

    return Node(run, name)


def shuffle_for(items: Sequence[T], run: RunContext, who: str) -> list[T]:
    """Return what `who` is shown in an order of its own: seeded, the same every time."""
    order = list(items)
    random.Random(f"{run.seed}:{run.question_id}:{who}").shuffle(order)
    return order


def _decided(
    how: LastWord, asked: Sequence[Candidate], final: Candidate | None, by: str | None
) -> Update:
    update: Update = {"spent": spent_on(asked)}
    if final is None:
        note = f"no {how.role} answered ({why(asked)}): the answer is the winner's, verbatim"
        return {**update, "notes": [note]}
    notes = [f"{by} took over as {how.role} after another failed"] if asked[1:] else []
    if how.overrules:
        update["ballot"] = None
    return {**update, "final": final, "notes": notes}
