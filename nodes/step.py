"""step: an author's function as a node, with an `ask` that is bound to the run."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeAlias, TypeVar

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import ask as ask_member
from manyminds.limits.deadline import Deadline
from manyminds.limits.quorum import require
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.role_call import (
    VERDICT_PARAMS,
    RoleReply,
    Unreadable,
    ask_role,
    cut_echo,
)
from manyminds.prompts import FilledPrompt, Prompt, load
from manyminds.reading.schemas import Schema
from manyminds.runs.context import RunContext
from manyminds.runs.usage import add_spent, spent_on
from manyminds.settings import Context
from manyminds.state import Candidate, ok

Question: TypeAlias = Prompt | FilledPrompt | Sequence[BaseMessage] | None
"""Question to a member: a prompt, messages, or None for the conversation as it is."""


T = TypeVar("T")


class Graph(Protocol):
    """The part of the graph that a step reads."""

    @property
    def method(self) -> str:
        """Name of the method."""
        ...

    @property
    def settings(self) -> Context:
        """The builder's settings."""
        ...


class Ask:
    """Asks members for one node. Bound to its run, state, role, layer, deadline and ledger.

    Attributes:
        run: The run that the node serves.
        state: The state as the node received it.
        role: Name under which the report adds up the calls.
        layer: Layer, round or try, from 1.
        index: Index of the next call that names none.
        deadline: Ends a call that is late; None where the node waits without a limit.
        replies: Every reply so far. The node's update takes their cost from here.
    """

    def __init__(
        self,
        run: RunContext,
        state: State,
        role: str,
        *,
        layer: int,
        index: int = 0,
        deadline: Deadline | None = None,
    ) -> None:
        self.run, self.state, self.role = run, state, role
        self.layer, self.index, self.deadline = layer, index, deadline
        self.replies: list[Candidate] = []

    async def __call__(
        self,
        member: Member,
        question: Question = None,
        *,
        index: int | None = None,
        draw: int | None = None,
        layer: int | None = None,
        params: Mapping[str, Any] | None = None,
        stream: bool = False,
    ) -> Candidate:
        """Ask a member once and return its reply, good or failed; see `ok`.

        Args:
            member: Member to ask.
            question: Prompt, filled prompt or messages. Default: the conversation.
            index: Order of asking within the layer, or within the run if the state keeps all its
                candidates. With role and layer it identifies the call. Default: the next number
                after the candidates of the state and the earlier calls of this step.
            draw: Number of the sample, from 0, where a member is sampled. Default: one a layer.
            layer: Layer of the call. Default: the step's.
            params: Sampling defaults of the role.
            stream: Whether a streaming caller sees the tokens. Only for the role that writes the
                answer.
        """
        layer = self.layer if layer is None else layer
        if index is None:
            index, self.index = self.index, self.index + 1
        messages = self.messages(member, question)
        reply = await ask_member(
            member,
            messages,
            self.run,
            role=self.role,
            index=index,
            draw=max(0, layer - 1) if draw is None else draw,
            layer=layer,
            params=params,
            stream=stream,
            deadline=self.deadline,
        )
        self.replies.append(cut_echo(reply, messages))
        return reply

    async def verdict(
        self,
        chain: Sequence[Member],
        question: Question,
        *,
        parse: Callable[[str], T | None],
        parse_calls: Callable[[Sequence[Mapping[str, Any]]], T | None] | None = None,
        schema: Schema | None = None,
        index: int = 0,
        layer: int | None = None,
        draw: int = 0,
        reserve: int = 1,
        params: Mapping[str, Any] = VERDICT_PARAMS,
    ) -> RoleReply[T]:
        """Ask the members of a chain, at temperature 0, until a verdict can be read.

        A member whose reply cannot be read is asked once more; see `role_call.ask_role`.

        Args:
            chain: Member of the role, then those that take over.
            question: As for a single call. It says in words what form the reply has.
            parse: Reads a reply. None, or `Unreadable` with a reason, if it cannot be read.
            parse_calls: Reads the tool calls of a reply that has some, instead of its text.
            schema: JSON schema of the reply, for members that take one.
            index: Order of asking within the layer, of the first call.
            layer: Layer of the calls. Default: the step's.
            draw: Number of the sample, from 0, where the role is sampled.
            reserve: Calls that the budget must have left after this one.
            params: Sampling defaults of the role.
        """
        layer = self.layer if layer is None else layer
        reply = await ask_role(
            chain,
            lambda member: self.messages(member, question),
            self.run,
            role=self.role,
            layer=layer,
            parse=parse,
            parse_calls=parse_calls,
            schema=schema,
            draw=lambda _member: draw,
            index=index,
            params=params,
            reserve=reserve,
            deadline=self.deadline,
        )
        self.replies += reply.asked
        return reply

    async def writer(
        self,
        chain: Sequence[Member],
        question: Question = None,
        *,
        index: int = 0,
        layer: int | None = None,
        draw: int = 0,
        params: Mapping[str, Any] | None = None,
        stream: bool = False,
        refuse: Callable[[str], str | None] = lambda _text: None,
    ) -> RoleReply[str]:
        """Ask the members of a chain in order until one writes a text.

        Args:
            chain: Member of the role, then those that take over.
            question: As for a single call.
            index: Order of asking within the layer, of the first call.
            layer: Layer of the calls. Default: the step's.
            draw: Number of the sample, from 0, where the role is sampled.
            params: Sampling defaults of the role.
            stream: Whether a streaming caller sees the tokens.
            refuse: Function from a reply's text to the reason why it cannot be used, or None.
        """

        def parse(text: str) -> str:
            reason = refuse(text)
            if reason is not None:
                raise Unreadable(reason)
            return text

        reply = await ask_role(
            chain,
            lambda member: self.messages(member, question),
            self.run,
            role=self.role,
            layer=self.layer if layer is None else layer,
            parse=parse,
            attempts=1,
            draw=lambda _member: draw,
            index=index,
            params=params or {},
            stream=stream,
            reserve=0,
        )
        self.replies += reply.asked
        return reply

    def playing(
        self, role: str, *, layer: int | None = None, deadline: Deadline | None = None
    ) -> "Ask":
        """Return an `Ask` for another role of the same node, with the same ledger.

        Args:
            role: Name under which the report adds up its calls.
            layer: Layer of the calls. Default: the step's.
            deadline: Ends a call that is late.
        """
        layer = self.layer if layer is None else layer
        other = Ask(self.run, self.state, role, layer=layer, deadline=deadline)
        other.replies = self.replies
        return other

    def messages(self, member: Member, question: Question = None) -> list[BaseMessage]:
        """Return the messages for a member, its role in the system message."""
        if question is not None and not isinstance(question, Prompt | FilledPrompt):
            return addressed(question, member)
        conversation = addressed(self.state["messages"], member)
        return conversation if question is None else question.render(conversation)

    def require(self, *replies: Candidate) -> Candidate:
        """Return the first good reply.

        Raises:
            QuorumError: All failed; the message says why.
            BudgetError: The budget left no room for the calls.
        """
        require(replies, 1)
        return next(filter(ok, replies))


Run: TypeAlias = Callable[[Any, Ask], Awaitable[Update | None]]
"""An author's step: an async function from the state and an `Ask` to a partial update."""


def step(graph: Graph, name: str, run: Run, *, role: str = "", opens: bool = False) -> Node:
    """Return an author's function as a node.

    The ledger, the run's settings and the layer are taken care of here: the function asks members
    and returns the keys that it updates.

    Args:
        graph: Graph of the method.
        name: Name of the node.
        run: Function from the state and an `Ask` to a partial update.
        role: Name under which the report adds up the calls. Default: the node's name.
        opens: Whether the step begins a new layer, round or try, so that `layer` counts it.
    """

    async def node(state: State) -> Update:
        layer = state["layer"] + opens
        seen = {**state, "layer": layer} if opens else state
        context = RunContext.of(state, graph.method, graph.settings)
        index = max((one["index"] for one in state.get("candidates") or []), default=-1) + 1
        ask = Ask(context, seen, role or name, layer=layer, index=index)
        update = {**({"layer": layer} if opens else {}), **(await run(seen, ask) or {})}
        if ask.replies:
            update["spent"] = add_spent(update.get("spent"), spent_on(ask.replies))
        return update

    return Node(node, name)


def addressed(messages: Sequence[Any], member: Member) -> list[BaseMessage]:
    """Return the conversation as this member is to see it: with its role, if it has one."""
    if member.role is None:
        return list(messages)
    return _role().render(messages, role=member.role)


def prepare(members: Iterable[Member]) -> None:
    """Read the prompt while a graph is built: an event loop may forbid reading files."""
    if any(member.role is not None for member in members):
        _role()


@cache
def _role() -> Prompt:
    return load("member/role@1")
