"""MethodGraph: a StateGraph that knows which method it is, and what an author builds it with."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

from langchain_core.prompts import ChatPromptTemplate
from langgraph.graph import END, START, StateGraph
from typing_extensions import Unpack

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.members import Askable, Member
from manyminds.members import members as as_members
from manyminds.nodes.begin import begin
from manyminds.nodes.channels import MethodInput, MethodOutput, MethodState
from manyminds.nodes.finish import finish
from manyminds.nodes.node import Node, NodeFunction, Route, check_insertion, custom
from manyminds.nodes.persona import prepare
from manyminds.nodes.step import Run, step
from manyminds.nodes.tool_calls import ToolState, consult_and_write
from manyminds.prices import HINT
from manyminds.prompts import Prompt, load
from manyminds.protocols import About, Picture
from manyminds.records.about import library, members_of, picture_of, settings_of
from manyminds.settings import DEFAULT_CONCURRENCY, Budget, Context, Options, of_builder

__all__ = ["Compiled", "MethodGraph", "Options", "PromptLike"]

Compiled: TypeAlias = CompiledMethod
PromptLike: TypeAlias = str | Path | ChatPromptTemplate
"""A prompt as builders take it: a name, a file, a text or a template."""
_DRAWN = 8


class MethodGraph(StateGraph[Any, Context, Any, Any]):
    """The graph of one method, not compiled: insert nodes, give it a checkpointer, compile.

    Args:
        method: Name of the method.
        members: Everyone who can be asked.
        state: Channels of the method, if it has more than `MethodState`.
        output: Keys of the result.
        options: see `Options`.

    Attributes:
        method: Name of the method.
        members: Everyone who can be asked, by name.
        settings: The builder's settings.
        draws: Samples of one member in a run, at most. Keeps the samples of nested runs apart.
        recursion_limit: Supersteps of a run, where LangGraph's default is too low.
        builder: module:function that built it.
        options: Arguments of the builder, as plain data.
        chosen: Options that the builder chose for "auto"; a replay with other options keeps them.
        prompts: name@version#hash of each prompt.
        shape: Members and layers in words, such as "3 proposers, 3 layers".
    """

    def __init__(
        self,
        method: str,
        members: Iterable[Member],
        *,
        state: type[Any] = MethodState,
        output: type[Any] = MethodOutput,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            state, context_schema=Context, input_schema=MethodInput, output_schema=output
        )
        self.method = method
        self.members = {member.name: member for member in members}
        self.settings = of_builder(method, options)
        self.draws = 1
        self.recursion_limit: int | None = None
        self.builder = ""
        self.options: dict[str, Any] = {}
        self.chosen: dict[str, Any] = {}
        self.shape = f"{len(self.members) or 'no'} members"
        self.prompts: list[str] = []
        self._roles: dict[str, list[str]] = {}
        self._picture: tuple[int, Picture] | None = None
        prepare(self.members.values())
        self.check_prices(self.settings.budget)

    def __repr__(self) -> str:
        """Return the method and its shape: `<smoa: 3 proposers, 3 layers>`."""
        return f"<{self.method}: {self.shape}>"

    def prompt(
        self, given: PromptLike | None, default: str | None = None, *, variables: Iterable[str] = ()
    ) -> Prompt:
        """Load a prompt, check its variables, and note it for the report.

        Args:
            given: Name, file, text or template.
            default: Name of the prompt that None stands for, with its version.
            variables: Names that the method has values for.

        Raises:
            PromptError: The prompt does not exist, or asks for another variable.
        """
        prompt = load(given, default=default, variables=set(variables))
        self.prompts.append(prompt.ref)
        return prompt

    def step(
        self,
        name: str,
        run: Run,
        *,
        role: str = "",
        opens: bool = False,
        asks: Sequence[Member] = (),
    ) -> str:
        """Add a node and return its name.

        Args:
            name: Name of the node.
            run: Async function from the state and an `Ask` to a partial update.
            role: Name under which the report adds up the calls. Default: the node's name.
            opens: Whether the step begins a new layer, round or try, so that `layer` counts it.
            asks: Members that it asks, for drawings, where the node has not a member's name.
        """
        self.add_node(name, step(self, name, run, role=role, opens=opens))
        if asks:
            self.label(name, [member.name for member in asks])
        return name

    def role(
        self,
        name: str,
        chain: Sequence[Member],
        run: Run | Node,
        *,
        custom_node: NodeFunction | None = None,
        sets: Sequence[str] = (),
    ) -> str:
        """Add the node of a role: the caller's own node if one was given, else ours.

        Args:
            name: Name of the role and of the node.
            chain: Member that plays the role, then those that take over; empty for a custom node.
            run: Our node, or its function.
            custom_node: The caller's own node.
            sets: Keys of which a custom node must set one.
        """
        if custom_node is not None:
            self.add_node(name, custom(custom_node, name, sets=sets))
            return name
        if isinstance(run, Node):
            self.add_node(name, run)
        else:
            self.step(name, run)
        self._roles[name] = [member.name for member in chain]
        self.label(name, self._roles[name])
        return name

    def chain(self, *steps: str, **channels: Any) -> "MethodGraph":
        """Run these steps one after the other, from the question to the answer.

        Args:
            *steps: Names of nodes.
            **channels: Channels of the method with their first values.
        """
        self.open(steps[0], **channels)
        for before, after in pairwise(steps):
            self.add_edge(before, after)
        return self.close(after=steps[-1])

    def unless_done(self, after: str, following: str) -> None:
        """Go from a step to `finish` once `final` is set, else on to the step `following`."""
        self.branch(after, lambda s: "finish" if s["final"] else following, ["finish", following])

    def branch(
        self, after: str, choose: Callable[[Any], str | list[str]], targets: Sequence[str]
    ) -> None:
        """Choose what follows a step by a function of the state.

        Args:
            after: Name of the step.
            choose: Function from the state to the name of the next step, or to several.
            targets: Every name that it may return, for drawings.
        """
        self.add_conditional_edges(after, Route(choose), list(targets))

    def open(self, first: str, **channels: Any) -> None:
        """Add `begin` before the step `first`; it resets every channel.

        Args:
            first: Name of the first step.
            **channels: Channels of the method with their first values.
        """
        node = begin(
            channels,
            context=self.settings,
            check=self.check_prices,
            about=self._about,
            built_with=self.built_with,
        )
        self.add_node("begin", node)
        self.add_edge(START, "begin")
        self.add_edge("begin", first)

    def close(
        self,
        *,
        after: str | None = None,
        keys: Sequence[str] = (),
        composed: bool = False,
        roles: dict[str, Sequence[Member]] | None = None,
    ) -> "MethodGraph":
        """Add `finish`, which writes the report, and return the graph.

        Args:
            after: Name of the last step, where an edge leads from it to `finish`.
            keys: Channels that the report shows, unless the result has them.
            composed: The method composes the answer itself, and so must say if it is simulated.
            roles: Members of the roles that were not added with `role`.
        """
        for role, chain in (roles or {}).items():
            self._roles[role] = [member.name for member in chain]
            if role in self.nodes:
                self.label(role, self._roles[role])
        ignores_params = [member.name for member in self.members.values() if not member.is_chat]
        node = finish(
            self,
            roles=self._roles,
            ignored=ignores_params,
            prices={m.name: m.priced_by for m in _payees(self) if m.priced_by is not None},
            keys=keys,
            in_result=self.output_schema.__annotations__.keys(),
            composed=composed,
        )
        self.add_node("finish", node)
        self.add_edge("finish", END)
        if after is not None:
            self.add_edge(after, "finish")
        return self

    def label(self, node: str, names: Sequence[str]) -> None:
        """Name the members that a node asks, for drawings and traces."""
        more = [f"and {len(names) - _DRAWN} more"] if len(names) > _DRAWN else []
        if names:
            self.nodes[node].metadata = {"members": ", ".join([*names[:_DRAWN], *more])}

    def insert(self, name: str, node: NodeFunction | Node, *, after: str) -> "MethodGraph":
        """Put a node of your own between the node `after` and what follows it.

        Args:
            name: Name of the new node.
            node: Function, sync or async, from the state to a partial update.
            after: Name of the node that it follows.

        Raises:
            InputError: There is no node `after`, the name is taken, or other nodes run in parallel
                with `after` and would not wait for the new one.
        """
        check_insertion(self, self.members, name, after)
        self.add_node(name, node if isinstance(node, Node) else custom(node, name))
        for edge in [edge for edge in self.edges if edge[0] == after]:
            self.edges.remove(edge)
            self.add_edge(name, edge[1])
        if after in self.branches:
            self.branches[name] = self.branches.pop(after)
        self.add_edge(after, name)
        return self

    def with_tools(
        self,
        tools: Sequence[Any],
        binding: Mapping[str, Any],
        writer: Askable | Sequence[Askable] | None = None,
    ) -> "MethodGraph":
        """Return a graph that runs this method and then asks a writer that may call tools.

        A turn that ends with a tool's result asks the writer only.

        Args:
            tools: Tools as the writer's `bind_tools` takes them.
            binding: Further arguments of its `bind_tools`.
            writer: Chat model, or several that vote on the tool and then on its arguments.
                Default: the method's first chat model.

        Raises:
            InputError: The method has no chat model.
        """
        own = [member for member in self.members.values() if member.is_chat][:1]
        one = own if writer is None else [writer]
        given = list(writer) if isinstance(writer, list | tuple) else one
        if not given:
            raise InputError(f"{self.method} has no chat model to call tools: give a writer")
        panel, *writers = as_members([Member(self, name=self.method), *given])
        graph = MethodGraph(self.method, [panel, *writers], state=ToolState)
        act = graph.prompt("chat/act@1", variables={"answer"})
        consult, write = consult_and_write(panel, writers, act, tools, binding)
        graph.open("consult", ballot=None)
        graph.step("consult", consult, role="panel", asks=[panel])
        graph.step("write", write, role="writer", asks=writers)
        graph.add_edge("consult", "write")
        return graph.close(after="write", keys=["ballot"])

    def compile(self, *args: Any, **kwargs: Any) -> Compiled:
        """Compile as LangGraph does, with the method's name and full concurrency."""
        kwargs.setdefault("name", self.method)
        compiled = CompiledMethod(**vars(super().compile(*args, **kwargs)))
        if self.recursion_limit is not None:
            compiled = compiled.with_config(recursion_limit=self.recursion_limit)
        return compiled.with_config(max_concurrency=DEFAULT_CONCURRENCY)

    def built_with(self) -> dict[str, str]:
        """Return a hash of each option of the builder, of the members' names and the prompts."""
        given = {**self.options, "members": list(self.members), "prompts": self.prompts}
        return {name: str(crc32(repr(value).encode())) for name, value in given.items()}

    def _about(self, settings: Context) -> About:
        """Return what a recorder needs to know; the picture is drawn once for as many nodes."""
        if self._picture is None or self._picture[0] != len(self.nodes):
            self._picture = (len(self.nodes), picture_of(self.compile()))
        return About(
            **self._picture[1],
            method=self.method,
            builder=self.builder,
            options=self.options,
            settings=settings_of(settings),
            members=members_of(self.members.values()),
            prompts=self.prompts,
            library=library(),
        )

    def check_prices(self, budget: Budget | None) -> None:
        """Refuse a budget in dollars that could not be counted; a run may bring one of its own."""
        if budget is None or budget.dollars is None:
            return
        unknown = [member.name for member in _payees(self) if member.priced_by is None]
        if unknown:
            raise InputError(
                f"a budget in dollars needs the price of every member, and that of "
                f"{', '.join(unknown)} is unknown: "
                f"give Member(..., price=Price(input=..., output=...)){HINT}"
            )


def _payees(graph: MethodGraph) -> Iterator[Member]:
    """Return everyone who is paid: for a method that is a member, its own members."""
    for member in graph.members.values():
        inner = getattr(member.model, "builder", None)
        if isinstance(inner, MethodGraph):
            yield from _payees(inner)
        else:
            yield member
