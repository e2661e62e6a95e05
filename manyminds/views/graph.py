"""The graph of a method with the path that a run has taken, as a figure."""

from typing import TYPE_CHECKING

from manyminds.views.drawing import HIGH, Box, Line, drawing
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import BLUE, WIDTH, blank, counted, nothing, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from manyminds.views.picture import Picture

_DIM, _LINE, _SOFT = "#5b636c", "#b4bcc4", "#e3f0f8"


def graph(run: AnyRun) -> "Picture":
    """Draw the nodes and edges of a run's method, what the run has taken in strong lines.

    Nodes that have asked somebody are filled and say how many calls they made; conditional edges
    are dashed. Of many nodes that do the same side by side the last stand as one.
    """
    drawn = drawing(data_of(run))
    if drawn is None:
        return nothing("The record has no graph.")
    figure, axes = blank(max(1.0, WIDTH * drawn.height / drawn.width), drawn.alt)
    axes.set(xlim=(0, drawn.width), ylim=(drawn.height, 0), aspect="equal")
    axes.set_axis_off()
    points = 72 * WIDTH / drawn.width  # of one pixel of the drawing
    for line in drawn.lines:
        _draw_line(axes, line)
    for box in drawn.boxes:
        _draw_box(axes, box, points)
    return figure


def _draw_line(axes: "Axes", line: Line) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    start, *rest = line.points
    places, codes = [start], [int(Path.MOVETO)]
    for point in rest:
        if line.back:
            places.append(point)
            codes.append(int(Path.LINETO))
        else:
            middle = (places[-1][0] + point[0]) / 2
            places += [(middle, places[-1][1]), (middle, point[1]), point]
            codes += [int(Path.CURVE4)] * 3
    axes.add_patch(
        FancyArrowPatch(
            path=Path(places, codes),
            arrowstyle="-|>",
            mutation_scale=9,
            linewidth=2 if line.taken else 1,
            linestyle=(0, (3, 2)) if line.conditional else "-",
            color=BLUE if line.taken else _LINE,
        )
    )


def _draw_box(axes: "Axes", box: Box, points: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (box.x - box.width / 2, box.y - HIGH / 2),
            box.width,
            HIGH,
            boxstyle="round,pad=0,rounding_size=8",
            facecolor=_SOFT if box.calls else "white",
            edgecolor=BLUE if box.visited else _LINE,
            linewidth=1.5,
            zorder=3,
        )
    )
    colour = "black" if box.visited else _DIM
    name = axes.text(box.x, box.y, plain(box.name, 22), color=colour, zorder=4)
    name.set(ha="center", va="bottom" if box.calls else "center", fontsize=11.5 * points)
    if box.calls:
        below = axes.text(box.x, box.y + 2, counted(box.calls, "call"), color=_DIM, zorder=4)
        below.set(ha="center", va="top", fontsize=9.5 * points)
