"""One async function as a graph node that also serves synchronous `invoke`, at full concurrency.

LangGraph refuses an async-only node under `invoke`, and runs synchronous ones in a pool of a few
threads. Here the one async function runs on the caller's loop, or on a loop of our own.
"""

import inspect
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from time import time
from typing import Any, TypeAlias, TypeGuard, cast

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.config import get_config
from langgraph.graph import StateGraph
from langgraph.runtime import get_runtime
from langgraph.types import Send

from manyminds.aio import called
from manyminds.errors import InputError, RunError
from manyminds.interrupts import wait_for
from manyminds.members import Askable, Member, layers_of_members, with_files_read
from manyminds.models.openai import EndpointModel
from manyminds.records.events import decided
from manyminds.runs.observers import note_failure
from manyminds.runs.scope import known_scope, scope_of, spent_by
from manyminds.runs.working import working

_UNWRITTEN = "answers are written no further, so a resumed run would ask again"
State: TypeAlias = Mapping[str, Any]
Update: TypeAlias = dict[str, Any]
NodeFunction: TypeAlias = Callable[[Any], Awaitable[Update]] | Callable[[Any], Update]
RoleArgument: TypeAlias = Askable | Sequence[Askable] | NodeFunction | None


class Node(Runnable[Any, Update]):
    """A node of a method: from the state to a partial update."""

    def __init__(self, function: Callable[[Any], Awaitable[Update]], name: str) -> None:
        self.name = name
        self.function = function

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Update:
        """Run on the background loop and wait; LangGraph calls this from a worker thread."""
        return wait_for(self._run, input, config)

    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Update:
        """Run on the caller's loop."""
        return await self._run(input, config)

    async def _run(self, input: Any, config: RunnableConfig | None) -> Update:
        at = time()
        known = cast("State", input).get("run") if isinstance(input, Mapping) else None
        scope = None if self.name == "begin" else await scope_of(known)
        try:
            with working(() if scope is None else scope.counters):
                update = await self.function(input)
        except BaseException as error:
            if scope is not None:
                scope.broken = True
            if isinstance(error, RunError) and isinstance(input, Mapping):
                _fail(cast("State", input), error)
            raise
        finally:
            await _note_seconds(input)
        if config is not None:  # the calling node reports a node that it calls
            self._tell(input, update, at, config)
        return update

    def _tell(self, state: State, update: Update, at: float, config: RunnableConfig) -> None:
        run: str = update["run"] if "run" in update else state.get("run", "")
        layer: int = update["layer"] if "layer" in update else state.get("layer", 0)
        common = known_scope(run)
        if common is None:
            return
        for event in decided(run, common.method, layer, update):
            get_runtime().stream_writer(event)
            if common.recorder is not None:
                common.recorder.event(event)
        if common.recorder is not None:
            name = str(config.get("metadata", {}).get("langgraph_node", self.name))
            common.recorder.node(run, name, layer, update, at=at)


def _fail(state: State, error: RunError) -> None:
    """Add the ledger to a run's error, and report the error to the recorder."""
    common = known_scope(state.get("run"))
    if error.spent is None:
        error.spent = spent_by(state.get("run")) or state.get("spent")
    if common is not None and common.recorder is not None:
        common.recorder.failed(state["run"], error)


async def _note_seconds(state: Any) -> None:
    """Write how long the run has worked, for the budget of seconds of its next life."""
    run = cast("State", state).get("run") if isinstance(state, Mapping) else None
    scope = known_scope(run)
    if scope is not None and scope.journal is not None:
        await scope.journal.note_seconds()
        if scope.journal.failure is not None:
            note_failure(scope.failed_observers, _UNWRITTEN, scope.journal.failure)


class Route(Runnable[Any, Any]):
    """Where a conditional edge goes: a pure function of the state, called the same way both times.

    A plain function would run in a thread under `ainvoke`, an async one fail under `invoke`.
    """

    def __init__(self, function: Callable[[Any], str | list[str] | list[Send]]) -> None:
        self.name = function.__name__
        self.function = function

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Say where to go next."""
        return self.function(input)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Say where to go next."""
        return self.function(input)


def is_node(role: object) -> TypeGuard[NodeFunction]:
    """Return whether a role argument is a node: any plain callable, rather than a member."""
    if isinstance(role, Node):
        return True
    return callable(role) and not isinstance(role, Runnable | Member | EndpointModel | StateGraph)


def with_roles(
    layers: Sequence[Sequence[Askable]], *roles: RoleArgument
) -> tuple[tuple[Member, ...], ...]:
    """Return the members of each layer, then the chain of each role, named together.

    A role that was not given falls to the first member; a role that is a node has an empty chain.
    Naming all of them in one go keeps names unique, and a model that plays two parts is one member.

    Raises:
        MemberError: Nobody was given, or someone cannot be asked.
    """
    rows: list[Sequence[Askable]] = [*with_files_read(layers)]
    where: list[int | None] = []
    for role in roles:
        if is_node(role):
            where.append(None)
            continue
        chain = role if isinstance(role, list | tuple) else [role]
        rows.append(rows[0][:1] if role is None else cast("Sequence[Askable]", chain))
        where.append(len(rows) - 1)
    named = layers_of_members(rows, what="members")
    chains = [() if at is None else named[at] for at in where]
    return (*named[: len(layers)], *chains)


def as_node(runnable: Runnable[Any, Any]) -> NodeFunction:
    """Make a Runnable from state to update usable as a custom node.

    Role arguments (`judge=`, `aggregator=`, ...) take a Runnable for a member that is asked with
    messages; wrap it with this when it reads the state and returns an update instead.
    """

    async def run(state: Any) -> Update:
        return cast(Update, await runnable.ainvoke(state))

    return run


def custom(function: NodeFunction, name: str, *, sets: Sequence[str] = ()) -> Node:
    """Return a caller's own function as a node, and check the update that it returns.

    A synchronous function runs in a thread, so it may block or `invoke` another graph. Parameters
    called `config`, `runtime`, `store` and `writer` are filled in as LangGraph does.

    Args:
        function: Function from the state to a partial update.
        name: Name of the node.
        sets: Keys of which the update must set one; empty: any.

    Raises:
        InputError: While running, if it returns something else.
    """
    injected = _injected(function)

    async def run(state: Any) -> Update:
        update = await called(function, state, **{word: get() for word, get in injected.items()})
        return _checked(update, name, sets, state)

    return Node(run, name)


def overruling(function: NodeFunction, name: str) -> Node:
    """Return a caller's own function as a node whose `answer` takes the place of a vote's winner.

    Args:
        function: Function from the state to a partial update.
        name: Name of the node.
    """
    node = custom(function, name)

    async def run(state: Any) -> Update:
        update = await node.ainvoke(state)
        return {"final": None, "ballot": None, **update} if "answer" in update else update

    return Node(run, name)


_INJECTED: Mapping[str, Callable[[], object]] = {
    "config": get_config,
    "runtime": get_runtime,
    "store": lambda: get_runtime().store,
    "writer": lambda: get_runtime().stream_writer,
}


def _injected(function: NodeFunction) -> dict[str, Callable[[], object]]:
    """Return the parameters, besides the state, that LangGraph would fill in."""
    try:
        names = list(inspect.signature(function).parameters)[1:]
    except (TypeError, ValueError):
        return {}
    return {name: _INJECTED[name] for name in names if name in _INJECTED}


def _checked(update: object, name: str, sets: Sequence[str], state: Any) -> Update:
    """Return the update of a caller's node.

    Raises:
        InputError: It is no mapping, sets none of the keys that its role must set, or sets one to
            what it cannot be.
    """
    if isinstance(update, BaseMessage) and "answer" in sets:
        update = {"answer": update.text}
    shape = (
        f"{{{sets[0]!r}: {_SHAPES.get(sets[0], '...')}}}"
        if sets
        else "a dict of the keys it updates"
    )
    if not isinstance(update, Mapping):
        kind = type(update).__name__
        raise InputError(f"the node `{name}` returned {kind}: return {shape}")
    found = dict(cast("Mapping[str, Any]", update))
    messages = found.get("messages")
    if "answer" in sets and not found.keys() & {*sets} and messages:
        last = messages[-1] if isinstance(messages, list) else messages
        found = {"answer": last.text if isinstance(last, BaseMessage) else str(last)}
    answer = found.get("answer")
    if "answer" in sets and isinstance(answer, BaseMessage):
        found["answer"] = answer.text
    if sets and not found.keys() & {*sets}:
        had = ", ".join(map(repr, found)) or "nothing"
        raise InputError(f"the node `{name}` set {had}: its role must return {shape}")
    for key, fits in _FITS.items():
        if key in sets and key in found and not fits(found[key]):
            value = repr(found[key])[:60]
            raise InputError(f"the node `{name}` set {key} to {value}: return {shape}")
    known = {one["index"] for one in state.get("candidates") or ()} if "kept" in sets else set()
    unknown = [one for one in found.get("kept", []) if one not in known] if known else []
    if unknown:
        there = ", ".join(map(str, sorted(known)))
        raise InputError(f"the node `{name}` kept {unknown}: the candidates are {there}")
    if "answer" in sets and "answer" in found:  # it takes the place of what was decided before
        found = {"final": None, **found}
    return found


def insert_after(
    graph: StateGraph[Any, Any, Any, Any],
    parallel: Container[str],
    after: str,
    name: str,
    node: NodeFunction | Node,
) -> None:
    """Put a node between another and all that follows it.

    Args:
        graph: The graph.
        parallel: Names of the nodes that may run in parallel.
        after: Name of the node that the new one follows.
        name: Name of the new node.
        node: The new node, or its function.

    Raises:
        InputError: There is no node `after`, the name is taken, or other nodes run in parallel with
            `after` and would not wait for the new one.
    """
    if after not in graph.nodes:
        known = ", ".join(graph.nodes)
        raise InputError(f"there is no node `{after}` to insert after; there are: {known}")
    if name in graph.nodes:
        raise InputError(f"there is a node `{name}` already: choose another name")
    joins = {edge[1] for edge in graph.edges if edge[0] == after}
    if after in parallel and any(e[1] in joins and e[0] != after for e in graph.edges):
        where = ", ".join(sorted(joins))
        raise InputError(
            f"`{after}` runs in parallel with others, which would not wait for a node after "
            f"it: insert after `{where}`, which waits for all of them"
        )
    graph.add_node(name, node if isinstance(node, Node) else custom(node, name))
    for edge in [edge for edge in graph.edges if edge[0] == after]:
        graph.edges.remove(edge)
        graph.add_edge(name, edge[1])
    if after in graph.branches:
        graph.branches[name] = graph.branches.pop(after)
    graph.add_edge(after, name)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_FITS: dict[str, Callable[[Any], bool]] = {
    "answer": lambda answer: isinstance(answer, str) and bool(answer.strip()),
    "final": lambda final: isinstance(final, Mapping) and "text" in final,
    "proposer_roles": lambda roles: isinstance(roles, list) and all(map(_is_text, roles)),
    "plan": lambda plan: isinstance(plan, list) and all(map(_is_text, plan)),
    "kept": lambda kept: isinstance(kept, list) and all(type(one) is int for one in kept),
    "decision": lambda made: isinstance(made, Mapping) and isinstance(made.get("stop"), bool),
}
_SHAPES = {
    "answer": "'text'",
    "kept": "[0, 2]",
    "decision": "{'stop': True, 'reason': '...'}",
    "proposer_roles": "['...', '...']",
    "plan": "['...', '...']",
    "final": "a candidate",
}
