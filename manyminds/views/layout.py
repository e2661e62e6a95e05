"""Layout of a graph: layers from left to right, loops as arcs below.

The layered layout of Sugiyama, Tagawa and Toda (1981) in its simplest form: ranks by longest path
over the edges that do not lead back, then a few sweeps that order each rank by its neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
_SWEEPS = 4
SHOWN = 8  # of many nodes that do the same side by side


@dataclass(frozen=True)
class Layout:
    """Places of nodes: `at` has (rank, height); an edge has the places that it runs through.

    Heights are centred on 0. `back` are the edges that lead to an earlier rank, or to themselves.
    """

    at: Mapping[str, tuple[int, float]]
    ways: Mapping[Edge, Sequence[tuple[int, float]]]
    back: Sequence[Edge]
    ranks: int


def laid_out(nodes: Sequence[str], edges: Sequence[Edge], first: str) -> Layout:
    """Lay out a graph, given where it begins."""
    back = _leading_back(nodes, edges, first)
    forward = [edge for edge in edges if edge not in back]
    rank = _ranks(nodes, forward)
    rows: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for node in nodes:
        rows[rank[node]].append(node)
    chains = {edge: _chain(edge, rank, rows) for edge in forward}
    links = [pair for chain in chains.values() for pair in zip(chain, chain[1:], strict=False)]
    _order(rows, links)
    at = {
        node: (level, place - (len(row) - 1) / 2)
        for level, row in enumerate(rows)
        for place, node in enumerate(row)
    }
    ways = {edge: [at[node] for node in chain] for edge, chain in chains.items()}
    return Layout(at={n: at[n] for n in nodes}, ways=ways, back=list(back), ranks=len(rows))


def gathered(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, str]:
    """Return the node that each is drawn as; the last of many parallel nodes share one."""
    before = {node: frozenset(a for a, b in edges if b == node) for node in nodes}
    after = {node: frozenset(b for a, b in edges if a == node) for node in nodes}
    alike: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
    for node in nodes:
        alike.setdefault((before[node], after[node]), []).append(node)
    drawn = {node: node for node in nodes}
    for group in alike.values():
        if len(group) > SHOWN + 1:
            drawn |= {node: f"and {len(group) - SHOWN} more" for node in group[SHOWN:]}
    return drawn


def _leading_back(nodes: Sequence[str], edges: Sequence[Edge], first: str) -> set[Edge]:
    """Find the edges that close a cycle, going deep from the first node."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in edges:
        after[a].append(b)
    back: set[Edge] = set()
    done: set[str] = set()
    for root in [first, *nodes]:
        if root in done or root not in after:
            continue
        path, going = [root], [iter(after[root])]
        while path:
            following = next(going[-1], None)
            if following is None:
                done.add(path.pop())
                going.pop()
            elif following in path:
                back.add((path[-1], following))
            elif following not in done:
                path.append(following)
                going.append(iter(after[following]))
    return back


def _ranks(nodes: Sequence[str], forward: Sequence[Edge]) -> dict[str, int]:
    rank = dict.fromkeys(nodes, 0)
    for _ in nodes:  # the longest path has fewer edges than there are nodes
        grown = {b: rank[a] + 1 for a, b in sorted(forward, key=lambda e: rank[e[0]])}
        for a, b in forward:
            grown[b] = max(grown[b], rank[a] + 1)
        if all(rank[node] == level for node, level in grown.items()):
            break
        rank |= grown
    return rank


def _chain(edge: Edge, rank: Mapping[str, int], rows: list[list[str]]) -> list[str]:
    """Put a placeholder on every rank that an edge crosses, so that the edge avoids the nodes."""
    a, b = edge
    between = [f"{a}\0{b}\0{level}" for level in range(rank[a] + 1, rank[b])]
    for level, name in enumerate(between, rank[a] + 1):
        rows[level].append(name)
    return [a, *between, b]


def _order(rows: list[list[str]], links: Sequence[tuple[str, str]]) -> None:
    """Order each rank by the mean place of its neighbours, there and back."""
    near: dict[str, list[str]] = {}
    for a, b in links:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    for sweep in range(_SWEEPS):
        levels = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for level in levels:
            beside = rows[level - 1 if sweep % 2 == 0 else level + 1]
            height = {node: at - (len(beside) - 1) / 2 for at, node in enumerate(beside)}
            own = {node: at - (len(rows[level]) - 1) / 2 for at, node in enumerate(rows[level])}

            def mean(
                node: str, height: Mapping[str, float] = height, own: Mapping[str, float] = own
            ) -> float:
                places = [height[n] for n in near.get(node, []) if n in height]
                return sum(places) / len(places) if places else own[node]

            rows[level].sort(key=mean)
