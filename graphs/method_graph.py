"""MethodGraph: a StateGraph that knows which method it is and compiles with sensible limits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeAlias

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import Unpack

from manyminds.errors import InputError
from manyminds.members import Member
from manyminds.nodes.begin import begin
from manyminds.nodes.channels import MethodInput, MethodOutput
from manyminds.nodes.finish import finish
from manyminds.nodes.node import Node, NodeFunction, custom
from manyminds.nodes.persona import prepare
from manyminds.prices import HINT
from manyminds.prompts import Prompt
from manyminds.protocols import About, Picture
from manyminds.records.about import library, members_of, picture_of, plain, settings_of
from manyminds.settings import DEFAULT_CONCURRENCY, Budget, Context, Options

__all__ = ["Compiled", "MethodGraph", "Options", "builder", "check_quorum"]

Compiled: TypeAlias = CompiledStateGraph[Any, Context, Any, Any]
P = ParamSpec("P")
_DRAWN = 8
_SETTINGS = frozenset(Options.__annotations__)


class MethodGraph(StateGraph[Any, Context, Any, Any]):
    """The graph of one method, not compiled: give it a checkpointer, insert nodes, then compile.

    Attributes:
        method: name of the method.
        members: everyone who can be asked, by name.
        draws: how often one member is asked at most in a run; keeps nested runs' draws apart.
        builder: module:function that built it; `options`: what that was given, as plain data.
        prompts: name@version#hash of each prompt that the method uses.
    """

    def __init__(
        self,
        state: type[Any],
        *,
        method: str,
        members: Iterable[Member],
        draws: int,
        supersteps: int,
        output: type[Any] = MethodOutput,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(
            state, context_schema=Context, input_schema=MethodInput, output_schema=output
        )
        self.method = method
        self.members = {member.name: member for member in members}
        self.draws = draws
        self.settings = _settings(method, options)
        self.builder = ""
        self.options: dict[str, Any] = {}
        self.prompts: list[str] = []
        self._picture: tuple[int, Picture] | None = None
        self._supersteps = supersteps
        self._inserted = 0
        prepare(self.members.values())
        self._check_prices(self.settings.budget)

    def open(self, first: str, **channels: Any) -> None:
        """Add `begin`, which resets these channels, before the node `first`."""
        node = begin(
            channels,
            context=self.settings,
            check=self._check_prices,
            about=self._about,
        )
        self.add_node("begin", node)
        self.add_edge(START, "begin")
        self.add_edge("begin", first)

    def _about(self, settings: Context) -> About:
        """Return what a recorder is told; the picture is drawn once for as many nodes."""
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

    def _check_prices(self, budget: Budget | None) -> None:
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

    def close(
        self,
        *,
        prompts: Sequence[Prompt] = (),
        roles: dict[str, Sequence[Member]] | None = None,
        keys: Sequence[str] = (),
        composed: bool = False,
    ) -> None:
        """Add `finish`, which draws up the report, before the end."""
        played = {role: [member.name for member in chain] for role, chain in (roles or {}).items()}
        ignores_params = [member.name for member in self.members.values() if not member.is_chat]
        self.prompts = [prompt.ref for prompt in prompts]
        node = finish(
            self.method,
            prompts=self.prompts,
            roles=played,
            ignored=ignores_params,
            prices={m.name: m.priced_by for m in _payees(self) if m.priced_by is not None},
            keys=keys,
            composed=composed,
        )
        self.add_node("finish", node)
        self.add_edge("finish", END)
        for role, names in played.items():
            if names and role in self.nodes:
                self.label(role, names)

    def label(self, node: str, names: Sequence[str]) -> None:
        """Say in drawings, and in traces, whom a node asks that does not have a member's name."""
        more = [f"and {len(names) - _DRAWN} more"] if len(names) > _DRAWN else []
        self.nodes[node].metadata = {"members": ", ".join([*names[:_DRAWN], *more])}

    def insert(self, name: str, node: NodeFunction | Node, *, after: str) -> "MethodGraph":
        """Put a host's node between the node `after` and whatever followed it.

        Args:
            name: of the new node.
            node: a function, sync or async, from the state to a partial update.
            after: the node that it follows; what used to come next comes after the new node.

        Raises:
            InputError: there is no such node, the name is taken, or other nodes run beside `after`
                and would not wait for the new one.
        """
        if after not in self.nodes:
            known = ", ".join(self.nodes)
            raise InputError(f"there is no node `{after}` to insert after; there are: {known}")
        if name in self.nodes:
            raise InputError(f"there is a node `{name}` already: choose another name")
        joins = {edge[1] for edge in self.edges if edge[0] == after}
        if after in self.members and any(e[1] in joins and e[0] != after for e in self.edges):
            where = ", ".join(sorted(joins))
            raise InputError(
                f"`{after}` answers beside others, which would not wait for a node after it: "
                f"insert after `{where}`, where all are in"
            )
        self.add_node(name, node if isinstance(node, Node) else custom(node, name))
        for edge in [edge for edge in self.edges if edge[0] == after]:
            self.edges.remove(edge)
            self.add_edge(name, edge[1])
        if after in self.branches:
            self.branches[name] = self.branches.pop(after)
        self.add_edge(after, name)
        self._inserted += 1
        return self

    def compile(self, *args: Any, **kwargs: Any) -> Compiled:
        """Compile as LangGraph does, with a recursion limit of our own and full concurrency."""
        kwargs.setdefault("name", self.method)
        compiled = super().compile(*args, **kwargs)
        limit = self._supersteps * (1 + self._inserted) + 10
        return compiled.with_config(recursion_limit=limit, max_concurrency=DEFAULT_CONCURRENCY)


def builder(build: Callable[P, MethodGraph]) -> Callable[P, MethodGraph]:
    """Make a builder note in its graphs what it was given, for the record of a run."""
    names = signature(build)

    @wraps(build)
    def building(*args: P.args, **options: P.kwargs) -> MethodGraph:
        graph = build(*args, **options)
        given = names.bind(*args, **options).arguments
        given |= given.pop("options", {})
        graph.builder = f"{build.__module__}:{build.__qualname__}"
        graph.options = {
            name: plain(value) for name, value in given.items() if name not in _SETTINGS
        }
        return graph

    return building


def check_quorum(quorum: float, asked: int) -> None:
    """Refuse a quorum that `asked` answers could never reach, or that means nothing.

    Raises:
        InputError: it is neither a count from 1 to `asked` nor a share below 1.
    """
    if 0 < quorum < 1 or (quorum == int(quorum) and 1 <= quorum <= asked):
        return
    raise InputError(f"quorum={quorum:g}: give a count from 1 to {asked}, or a share below 1")


def _settings(method: str, options: Options) -> Context:
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise InputError(
            f"{method} has no option {', '.join(map(repr, sorted(unknown)))}: beside its own "
            f"arguments it takes {', '.join(Options.__annotations__)}"
        )
    return Context(**options)


def _payees(graph: MethodGraph) -> Iterator[Member]:
    """Return everyone who is paid: for a method that is a member, its own members."""
    for member in graph.members.values():
        inner = getattr(member.model, "builder", None)
        if isinstance(inner, MethodGraph):
            yield from _payees(inner)
        else:
            yield member
