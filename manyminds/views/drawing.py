"""SVG of a method's graph with the path of a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from manyminds.views.data import RunData
from manyminds.views.layout import Edge, Layout, gathered, laid_out
from manyminds.views.path import END, START, taken
from manyminds.views.style import counted, short
from manyminds.views.svg import label, picture

HIGH, _GAP, _LEVEL, _LETTER = 34, 46, 30, 7.7  # of a box, between rows, between ranks; pixels
_NAMES = {START: "start", END: "end"}
_ARC, _EDGE = 26, 12

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A node as it is drawn, its centre and its size in pixels; `calls` is None for plain ones."""

    name: str
    x: float
    y: float
    width: float
    calls: int | None
    visited: bool


@dataclass(frozen=True)
class Line:
    """An edge as it is drawn: a smooth line through `points`."""

    points: Sequence[Point]
    taken: bool
    conditional: bool
    back: bool


@dataclass(frozen=True)
class Drawing:
    """A graph in pixels."""

    width: float
    height: float
    boxes: Sequence[Box]
    lines: Sequence[Line]
    alt: str


def drawing(run: RunData, *, whole: bool = False) -> Drawing | None:
    """Lay out the graph of a run in pixels; None where the record has no graph.

    Args:
        run: Run whose graph is drawn.
        whole: Draw every way as taken, for a graph that has not run.
    """
    if not run.nodes:
        return None
    stands = gathered(run.nodes, [(a, b) for a, b, _ in run.edges])
    calls, taken_edges = taken(run)
    path = {(stands[a], stands[b]) for a, b in taken_edges}
    if whole:
        path = {(stands[a], stands[b]) for a, b, _ in run.edges}
    dashed = {(stands[a], stands[b]): conditional for a, b, conditional in run.edges}
    nodes = list(dict.fromkeys(stands[node] for node in run.nodes))
    layout = laid_out(nodes, list(dashed), START)
    sums = {node: sum(n for one, n in calls.items() if stands[one] == node) for node in nodes}
    visited = {node for edge in path for node in edge}
    boxes = _boxes(layout, sums, visited, run.word)
    last = max(boxes.values(), key=lambda box: box.x + box.width / 2)
    return Drawing(
        width=last.x + last.width / 2 + _EDGE,
        height=_low(layout) + _EDGE + _ARC * len(layout.back),
        boxes=list(boxes.values()),
        lines=sorted(_lines(layout, boxes, dashed, path), key=lambda line: line.taken),
        alt=_alt(run, calls),
    )


def _boxes(layout: Layout, sums: Mapping[str, int], visited: set[str], word: str) -> dict[str, Box]:
    """Return the box of each node; the node that opens a layer has the method's word for it."""
    names = {**_NAMES, "layer": word}
    widths = [0.0] * layout.ranks
    for node, (rank, _) in layout.at.items():
        widths[rank] = max(widths[rank], _width(node, sums[node]))
    return {
        node: Box(
            name=names.get(node, node),
            x=_EDGE + sum(widths[:rank]) + rank * _LEVEL + widths[rank] / 2,
            y=_top(layout) + height * _GAP,
            width=_width(node, sums[node]),
            calls=sums[node] or None,
            visited=node in visited,
        )
        for node, (rank, height) in layout.at.items()
    }


def _lines(
    layout: Layout, boxes: Mapping[str, Box], dashed: Mapping[Edge, bool], path: set[Edge]
) -> Iterator[Line]:
    middles = {rank: boxes[node].x for node, (rank, _) in layout.at.items()}
    top = _top(layout)
    for edge, way in layout.ways.items():
        a, b = boxes[edge[0]], boxes[edge[1]]
        between = [(middles[rank], top + height * _GAP) for rank, height in way[1:-1]]
        points = [(a.x + a.width / 2, a.y), *between, (b.x - b.width / 2, b.y)]
        yield Line(points, edge in path, dashed[edge], back=False)
    shorter = sorted(layout.back, key=lambda e: layout.at[e[0]][0] - layout.at[e[1]][0])
    for place, edge in enumerate(shorter, 1):
        a, b = boxes[edge[0]], boxes[edge[1]]
        # A line leaves to the right of the middle and arrives to the left: none meets its own end.
        x, u, below = a.x + 6 + 2 * place, b.x - 6 - 2 * place, _low(layout) + _ARC * (place - 0.4)
        points = [(x, a.y + HIGH / 2), (x, below), (u, below), (u, b.y + HIGH / 2)]
        yield Line(points, edge in path, dashed[edge], back=True)


def _top(layout: Layout) -> float:
    return _EDGE + HIGH / 2 - min(_heights(layout)) * _GAP


def _low(layout: Layout) -> float:
    return _top(layout) + max(_heights(layout)) * _GAP + HIGH / 2


def _heights(layout: Layout) -> list[float]:
    ways = [height for way in layout.ways.values() for _, height in way]
    return [*ways, *(height for _, height in layout.at.values())]


def svg(run: RunData, drawn: Drawing | None = None) -> str:
    """Return the graph of a run as an SVG element, or nothing if the record has no graph."""
    drawn = drawn or drawing(run)
    if drawn is None:
        return ""
    parts = [_line(line, run.id) for line in drawn.lines] + [_box(box) for box in drawn.boxes]
    arrows = "".join(
        f'<marker id="{kind}-{label(run.id)}" viewBox="0 0 10 10" refX="9" refY="5" '
        f'markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path class="mm-head mm-{kind}" d="M0 0 10 5 0 10z"/></marker>'
        for kind in ("taken", "other")
    )
    body = f"<defs>{arrows}</defs>{''.join(parts)}"
    return picture(
        "mm-graph", body, alt=drawn.alt, width=drawn.width, height=drawn.height, scaled=True
    )


def _width(node: str, calls: int) -> float:
    name = short(_NAMES.get(node, node), 22)
    return max(40.0, len(name) * _LETTER + 18, len(counted(calls, "call")) * 6 + 18 if calls else 0)


def _line(line: Line, run: str) -> str:
    kind = "taken" if line.taken else "other"
    dashed = " mm-conditional" if line.conditional else ""
    start, *rest = line.points
    path = f"M{start[0]:.1f} {start[1]:.1f}"
    if line.back:
        (a, low), (b, _), (x, y) = rest
        side = 10 if b < a else -10
        path += (
            f"V{low - 10:.1f}Q{a:.1f} {low:.1f} {a - side:.1f} {low:.1f}"
            f"H{b + side:.1f}Q{b:.1f} {low:.1f} {x:.1f} {low - 10:.1f}V{y:.1f}"
        )
    else:
        (px, py) = start
        for x, y in rest:
            middle = (px + x) / 2
            path += f"C{middle:.1f} {py:.1f} {middle:.1f} {y:.1f} {x:.1f} {y:.1f}"
            px, py = x, y
    return (
        f'<path class="mm-edge mm-{kind}{dashed}" d="{path}" '
        f'marker-end="url(#{kind}-{label(run)})"/>'
    )


def _box(box: Box) -> str:
    kind = "asks" if box.calls else "taken" if box.visited else "other"
    name = label(box.name, 22)
    text = f'<text x="{box.x:.1f}" y="{box.y + (0 if box.calls else 4.5):.1f}">{name}</text>'
    if box.calls:
        below = f'<text class="mm-small" x="{box.x:.1f}" y="{box.y + 12:.1f}">'
        text = text.replace(f'y="{box.y:.1f}"', f'y="{box.y - 1:.1f}"') + (
            f"{below}{counted(box.calls, 'call')}</text>"
        )
    return (
        f'<g class="mm-node mm-{kind}"><title>{label(box.name)}</title>'
        f'<rect x="{box.x - box.width / 2:.1f}" y="{box.y - HIGH / 2:.1f}" '
        f'width="{box.width:.1f}" height="{HIGH}" rx="8"/>{text}</g>'
    )


def _alt(run: RunData, calls: dict[str, int]) -> str:
    if not run.visits and not calls:
        names = {**_NAMES, "layer": run.word}
        nodes = ", ".join(names.get(node, node) for node in run.nodes[:20])
        return f"Graph of {run.method}: {nodes}{' and more' if len(run.nodes) > 20 else ''}."
    asked = ", ".join(f"{node} {counted(n, 'call')}" for node, n in list(calls.items())[:12])
    more = f" and {len(calls) - 12} more nodes" if len(calls) > 12 else ""
    return f"Graph of {run.method} with the path taken; calls by node: {asked or 'none'}{more}."
