"""step: an author's function as a node, with an `ask` that is bound to the run."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from langchain_core.messages import BaseMessage

from manyminds.calls.ask import ask as ask_member
from manyminds.limits.deadline import Deadline
from manyminds.members import Member
from manyminds.nodes.layer import require
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.reply_schema import Schema
from manyminds.nodes.role_call import (
    VERDICT_PARAMS,
    RoleReply,
    Unreadable,
    ask_role,
    ask_writer,
    cut_echo,
)
from manyminds.nodes.roles import addressed
from manyminds.prompts import FilledPrompt, Prompt
from manyminds.runs.context import RunContext
from manyminds.runs.usage import add_spent, spent_on
from manyminds.settings import Context
from manyminds.state import Candidate

Question: TypeAlias = Prompt | FilledPrompt | Sequence[BaseMessage] | None
"""What a member is asked: a prompt, messages, or None for the conversation as it is."""


T = TypeVar("T")


class Graph(Protocol):
    """What a step knows of its graph."""

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
        index: Order of asking within the layer, of the first call.
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
            index: Order of asking within the layer. Together with role and layer it identifies the
                call, so two calls of one member need two indices. Default: the step's own.
            draw: Number of the sample, from 0, where a member is sampled. Default: one a layer.
            layer: Layer of the call. Default: the step's.
            params: Sampling defaults of the role.
            stream: Whether a streaming caller sees the tokens. Only for the role that writes the
                answer.
        """
        layer = self.layer if layer is None else layer
        messages = self.messages(member, question)
        reply = await ask_member(
            member,
            messages,
            self.run,
            role=self.role,
            index=self.index if index is None else index,
            draw=max(0, layer - 1) if draw is None else draw,
            layer=layer,
            params=params,
            stream=stream,
            deadline=self.deadline,
        )
        self.replies.append(cut_echo(reply, messages))
        return reply

    async def first(
        self,
        chain: Sequence[Member],
        question: Question = None,
        *,
        index: int = 0,
        layer: int | None = None,
        params: Mapping[str, Any] | None = None,
        stream: bool = False,
        refuse: Callable[[str], str | None] = lambda _text: None,
    ) -> Candidate | None:
        """Ask the members of a fallback chain in order and return the first good reply, or None.

        Args:
            chain: Member of the role, then those that take over.
            question: As for a single call.
            index: Order of asking within the layer, of the chain's first member.
            layer: Layer of the calls. Default: the step's.
            params: Sampling defaults of the role.
            stream: Whether a streaming caller sees the tokens.
            refuse: Function from a reply's text to the reason why it cannot be used, or None.
        """
        layer = self.layer if layer is None else layer

        def parse(text: str) -> str:
            reason = refuse(text)
            if reason is not None:
                raise Unreadable(reason)
            return text

        found = await ask_role(
            chain,
            lambda member: self.messages(member, question),
            self.run,
            role=self.role,
            layer=layer,
            parse=parse,
            attempts=1,
            draw=lambda _member: max(0, layer - 1),
            index=index,
            params=params or {},
            stream=stream,
            reserve=0,
        )
        self.replies += found.asked
        return found.reply

    async def verdict(
        self,
        chain: Sequence[Member],
        question: Question,
        *,
        parse: Callable[[str], T | None],
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
        layer: int | None = None,
        draw: int = 0,
        params: Mapping[str, Any] | None = None,
        stream: bool = False,
    ) -> RoleReply[str]:
        """Ask the members of a chain in order until one writes a text.

        Args:
            chain: Member of the role, then those that take over.
            question: As for a single call.
            layer: Layer of the calls. Default: the step's.
            draw: Number of the sample, from 0, where the role is sampled.
            params: Sampling defaults of the role.
            stream: Whether a streaming caller sees the tokens.
        """
        layer = self.layer if layer is None else layer
        reply = await ask_writer(
            chain,
            lambda member: self.messages(member, question),
            self.run,
            role=self.role,
            layer=layer,
            draw=lambda _member: draw,
            params=params,
            stream=stream,
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

    def require(self, reply: Candidate) -> Candidate:
        """Return a good reply.

        Raises:
            QuorumError: The reply failed; the message says why.
            BudgetError: The budget left no room for the call.
        """
        require([reply], 1)
        return reply


Run: TypeAlias = Callable[[Any, Ask], Awaitable[Update | None]]
"""What an author writes: an async function from the state and an `Ask` to a partial update."""


def ok(reply: Candidate) -> bool:
    """Return whether a reply is good: neither failed nor flagged."""
    return reply["status"] == "ok"


def why(reply: Candidate) -> str:
    """Return the kind of a reply's failure, for a note in the report."""
    error = reply["error"]
    return "no answer" if error is None else error["kind"]


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
        ask = Ask(context, seen, role or name, layer=layer, index=layer - 1 if opens else 0)
        update = {**({"layer": layer} if opens else {}), **(await run(seen, ask) or {})}
        if ask.replies:
            update["spent"] = add_spent(update.get("spent"), spent_on(ask.replies))
        return update

    return Node(node, name)
