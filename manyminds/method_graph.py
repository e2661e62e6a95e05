"""MethodGraph: a StateGraph that knows its method, with the parts that an author builds it from."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from typing_extensions import Unpack

from manyminds.compiled_method import CompiledMethod
from manyminds.members import Askable, Member
from manyminds.members import members as as_members
from manyminds.nodes.begin import begin
from manyminds.nodes.channels import MethodInput, MethodOutput, MethodState
from manyminds.nodes.finish import finish
from manyminds.nodes.node import (
    Node,
    NodeFunction,
    RoleArgument,
    Route,
    custom,
    insert_after,
    is_node,
)
from manyminds.nodes.step import Run, prepare, step
from manyminds.nodes.tool_calls import ToolState, consult_and_write, writers_of
from manyminds.presets import check_prices, payees
from manyminds.prompts import Prompt, load
from manyminds.protocols import About, Picture
from manyminds.records.about import about_of, picture_of
from manyminds.settings import DEFAULT_CONCURRENCY, Context, Options, of_builder

__all__ = ["MethodGraph", "Options", "PromptLike"]

PromptLike: TypeAlias = str | Path | ChatPromptTemplate
"""A prompt as builders take it: a name, a file, a text or a template."""
_DRAWN = 8


class MethodGraph(StateGraph[Any, Context, Any, Any]):
    """The graph of one method, not compiled: insert nodes, give it a checkpointer, compile.

    Args:
        method: Name of the method.
        members: All members that can be asked.
        state: Channels of the method, if it has more than `MethodState`.
        output: Keys of the result.
        options: see `Options`.

    Attributes:
        method: Name of the method.
        members: All members that can be asked, by name.
        settings: The builder's settings.
        recursion_limit: Supersteps of a run, where LangGraph's default is too low.
        builder: module:function that built it.
        options: Arguments of the builder, as plain data.
        chosen: Options that the builder chose for "auto"; a replay with other options keeps them.
        rebuild: Builds it with other options; set by `method`.
        shape: Members and layers in words, such as "3 proposers, 3 layers, at most 10 calls".
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
        self.recursion_limit: int | None = None
        self.builder = ""
        self.options: dict[str, Any] = {}
        self.chosen: dict[str, Any] = {}
        self.rebuild: Callable[[Mapping[str, Any]], MethodGraph] | None = None
        self.shape = f"{len(self.members) or 'no'} members"
        self.reported: Sequence[str] = ()  # channels that say how a run went, such as its ballot
        self._prompts: list[tuple[str, str | None]] = []
        self._roles: dict[str, list[str]] = {}
        self._asked: dict[str, Counter[str]] = {}
        self._shown: dict[str, dict[str, None]] = {}
        self._picture: tuple[int, Picture] | None = None
        prepare(self.members.values())
        check_prices(self.settings.budget, self.members.values())

    def __repr__(self) -> str:
        """Return the method and its shape: `<smoa: 3 proposers, 3 layers, at most 10 calls>`."""
        return f"<{self.method}: {self.shape}>"

    @property
    def draws(self) -> int:
        """Samples of one member in one role in a run, at most; at least 1.

        It follows from the members that the steps ask. Runs of this method inside another number
        their samples that far apart, so that no two of them share one.
        """
        return max((count for asked in self._asked.values() for count in asked.values()), default=1)

    @property
    def prompts(self) -> list[str]:
        """name@version#hash of each prompt in use: none of a role that a custom node plays."""
        return [ref for ref, role in self._prompts if role is None or role in self._roles]

    def prompt(
        self,
        given: PromptLike | None,
        default: str | None = None,
        *,
        variables: Iterable[str] = (),
        role: str | None = None,
        may_ignore: bool = False,
    ) -> Prompt:
        """Load a prompt, check its variables, and note it for the report.

        Args:
            given: Name, file, text or template.
            default: Name of the prompt that None stands for, with its version.
            variables: Names that the method has values for.
            role: Name of the role that alone uses it, as given to `role`.
            may_ignore: Whether a prompt may use none of the variables.

        Raises:
            PromptError: The prompt does not exist, asks for another variable, or uses none.
        """
        prompt = load(given, default=default, variables=set(variables), may_ignore=may_ignore)
        self._prompts.append((prompt.ref, role))
        return prompt

    def step(
        self,
        name: str,
        run: Run,
        *,
        role: str = "",
        opens: bool = False,
        asks: Sequence[Member] = (),
        times: int = 1,
    ) -> str:
        """Add a node and return its name.

        Args:
            name: Name of the node.
            run: Async function from the state and an `Ask` to a partial update.
            role: Name under which the report adds up the calls. Default: the node's name.
            opens: Whether the step begins a new layer, round or try, so that `layer` counts it.
            asks: Members that it asks, each as often as it asks it for a sample.
            times: Number of layers, rounds or tries in which the step runs, at most.
        """
        self.add_node(name, step(self, name, run, role=role, opens=opens))
        self.asks(name, asks, role=role, times=times)
        return name

    def asks(self, node: str, members: Sequence[Member], *, role: str = "", times: int = 1) -> None:
        """Say which members a node asks, for drawings and for `draws`.

        Args:
            node: Name of the node.
            members: Members that it asks, each as often as it asks it for a sample.
            role: Name under which the report adds up the calls. Default: the node's name.
            times: Number of layers, rounds or tries in which the node runs, at most.
        """
        names = [member.name for member in members]
        asked = self._asked.setdefault(role or node, Counter())
        for name in names:
            asked[name] += times
        if names != [node]:
            self._shown.setdefault(node, {}).update(dict.fromkeys(names))
            self.label(node, list(self._shown[node]))

    def role(
        self,
        name: str,
        chain: Sequence[Member],
        run: Run,
        *,
        given: RoleArgument = None,
        sets: Sequence[str] = (),
        opens: bool = False,
        times: int = 1,
    ) -> str:
        """Add the node of a role: the caller's own node if the argument is one, else our step.

        Args:
            name: Name of the role and of the node.
            chain: Member that plays the role, then those that take over; empty for a custom node.
            run: Our step.
            given: Role argument of the builder. A custom node takes the place of our step.
            sets: Keys of which a custom node must set one.
            opens: As for `step`.
            times: As for `step`.
        """
        if is_node(given):
            self.add_node(name, custom(given, name, sets=sets))
            return name
        self._roles[name] = [member.name for member in chain]
        return self.step(name, run, opens=opens, asks=chain, times=times)

    def chain(
        self, *steps: str, keys: Sequence[str] = (), composed: bool = False, **channels: Any
    ) -> "MethodGraph":
        """Run these steps one after the other, from the question to the answer.

        Args:
            *steps: Names of nodes.
            keys: As for `close`.
            composed: As for `close`.
            **channels: Channels of the method with their first values.
        """
        self.open(steps[0], **channels)
        for before, after in pairwise(steps):
            self.add_edge(before, after)
        return self.close(after=steps[-1], keys=keys, composed=composed)

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
            check=lambda budget: check_prices(budget, self.members.values()),
            about=self._about,
            built_with=self.built_with,
        )
        self.add_node("begin", node)
        self.add_edge(START, "begin")
        self.add_edge("begin", first)

    def close(
        self, *, after: str | None = None, keys: Sequence[str] = (), composed: bool = False
    ) -> "MethodGraph":
        """Add `finish`, which writes the report, and return the graph.

        Args:
            after: Name of the last step, where an edge leads from it to `finish`.
            keys: Channels that the report shows: what the method says of itself.
            composed: The method composes the answer itself, and so must say if it is simulated.
        """
        everyone, self.reported = self.members.values(), keys
        node = finish(
            self,
            roles=self._roles,
            ignored=[member.name for member in everyone if not member.is_chat],
            prices={m.name: m.priced_by for m in payees(everyone) if m.priced_by is not None},
            keys=keys,
            composed=composed,
        )
        self.add_node("finish", node)
        self.add_edge("finish", END)
        if after is not None:
            self.add_edge(after, "finish")
        return self

    def label(self, node: str, names: Sequence[str]) -> None:
        """Name the members that a node asks, for drawings and traces."""
        if names:
            more = [f"and {len(names) - _DRAWN} more"] if len(names) > _DRAWN else []
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
        insert_after(self, self.members, after, name, node)
        return self

    def with_tools(
        self,
        tools: Sequence[Any],
        binding: Mapping[str, Any],
        writer: Askable | Sequence[Askable] | None = None,
    ) -> "MethodGraph":
        """Return a graph that runs this method and then asks a writer; see `consult_and_write`.

        Args:
            tools: Tools as the writer's `bind_tools` takes them.
            binding: Further arguments of its `bind_tools`.
            writer: Chat model, or several that vote on it. Default: see `writers_of`.

        Raises:
            InputError: The method has no chat model.
        """
        votes, known = "ballot" in self.output_schema.__annotations__, self.members.values()
        given = writers_of(self.method, known, self._roles, votes=votes, given=writer)
        panel, *writers = as_members([Member(self, name=self.method), *given])
        graph = MethodGraph(self.method, [panel, *writers], state=ToolState)
        act = graph.prompt("chat/act@1", variables={"answer"})
        named = writer is not None
        consult, write = consult_and_write(panel, writers, act, tools, binding, named=named)
        first = graph.step("consult", consult, role="panel", asks=[panel])
        last = graph.step("write", write, role="writer", asks=writers)
        return graph.chain(first, last, keys=["ballot"], ballot=None)

    def compile(self, *args: Any, **kwargs: Any) -> CompiledMethod:
        """Compile as LangGraph does, with the method's name and full concurrency."""
        compiled = CompiledMethod(**vars(super().compile(*args, **{"name": self.method, **kwargs})))
        config = RunnableConfig(max_concurrency=DEFAULT_CONCURRENCY)
        if self.recursion_limit is not None:
            config["recursion_limit"] = self.recursion_limit
        return compiled.with_config(config)

    def built_with(self) -> dict[str, str]:
        """Return a hash of each option of the builder, of the members' names and the prompts."""
        given = {**self.options, "members": list(self.members), "prompts": self.prompts}
        return {name: str(crc32(repr(value).encode())) for name, value in given.items()}

    def _about(self, settings: Context) -> About:
        """Return the description for a recorder; the picture is drawn again if a node was added."""
        if self._picture is None or self._picture[0] != len(self.nodes):
            self._picture = (len(self.nodes), picture_of(self.compile()))
        return about_of(self, settings, self._picture[1])
