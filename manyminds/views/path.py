"""Nodes and edges that a run has taken, derived from the times of its nodes.

From one superstep to the next a run goes along edges; where a node left no trace, the way through
it is the shortest one past nodes that left none either.
"""

from collections.abc import Iterable, Mapping, Sequence

from manyminds.views.data import RunData, ShownCall
from manyminds.views.layout import Edge

START, END = "__start__", "__end__"


def taken(run: RunData) -> tuple[dict[str, int], set[Edge]]:
    """Return how many calls each node has made, and the edges that the run came along.

    Calls whose node is unknown (they were made within a nested run) are left out.
    """
    calls: dict[str, int] = {}
    for call in run.calls:
        node = node_of(call, run)
        if node is not None:
            calls[node] = calls.get(node, 0) + 1
    after: dict[str, list[str]] = {node: [] for node in run.nodes}
    for a, b, _ in run.edges:
        after[a].append(b)
    visited = {START, END, *(node for node, _, _ in run.visits)}
    stages = [{START}, *_stages(run, after, visited)]
    if run.finished:
        stages.append({END})
    edges: set[Edge] = set()
    for here, there in zip(stages, stages[1:], strict=False):
        for node in here:
            edges |= _way(node, there, after, visited)
        turned = _turned(after)
        for node in there:
            edges |= {(a, b) for b, a in _way(node, here, turned, visited)}
    return calls, edges


def node_of(call: ShownCall, run: RunData) -> str | None:
    """Return the node that has made a call: the one named after its role, else its member.

    A node that has a name of its own is known by its time, if no other was at work.
    """
    if call.inside:
        return None
    named = (call.role, call.member, f"{call.role}-{call.layer}", "steps")
    found = next((name for name in named if name in run.nodes), None)
    if found is not None:
        return found
    middle = call.begin + call.seconds / 2
    working = {node for node, begin, end in run.visits if begin <= middle <= end}
    return working.pop() if len(working) == 1 else None


def _stages(
    run: RunData, after: Mapping[str, Sequence[str]], visited: set[str]
) -> Iterable[set[str]]:
    """Yield the nodes of each superstep: those that ran side by side, before all of the next.

    Quick ones may have run one after the other anyway; then no way leads between them.
    """
    stage: set[str] = set()
    over = 0.0
    for node, begin, end in sorted(run.visits, key=lambda visit: visit[1]):
        if begin >= over and any(_way(one, {node}, after, visited) for one in stage):
            yield stage
            stage, over = set(), 0.0
        stage.add(node)
        over = max(over, end)
    if stage:
        yield stage


def _way(
    start: str,
    goals: set[str],
    after: Mapping[str, Sequence[str]],
    visited: set[str],
) -> set[Edge]:
    """Return the edges of the shortest way to one of the goals past nodes that left no trace."""
    came: dict[str, str] = {}
    wave = [start]
    while wave:
        following: list[str] = []
        for node in wave:
            for near in after.get(node, ()):
                if near in goals:
                    edges, at = {(node, near)}, node
                    while at != start:
                        edges.add((came[at], at))
                        at = came[at]
                    return edges
                if near not in came and near not in visited:
                    came[near] = node
                    following.append(near)
        wave = following
    return set()


def _turned(after: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {}
    for a, following in after.items():
        for b in following:
            turned.setdefault(b, []).append(a)
    return turned
