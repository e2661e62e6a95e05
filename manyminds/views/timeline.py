"""Where the time went: one bar a call, a row for each member."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from manyminds.views.data import RunData, ShownCall, by_member
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import FAILED, HATCHES, ROW, blank, colours, counted, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from manyminds.views.picture import Picture

_TALLEST = 5  # rows' worth that one member may take, however many calls it has in flight at once


@dataclass(frozen=True)
class UsageRow:
    """A member's calls; `lanes[i]` keeps call i clear of those in flight at the same time."""

    member: str
    calls: Sequence[ShownCall]
    lanes: Sequence[int]

    @property
    def height(self) -> float:
        """Height of the row, 1 where no two calls are in flight at once."""
        return min(1 + 0.5 * max(self.lanes, default=0), _TALLEST)

    @property
    def depth(self) -> int:
        """Calls in flight at once, at most."""
        return max(self.lanes, default=0) + 1


def rows(run: RunData) -> list[UsageRow]:
    """Return a row for each member, members in the order in which they were first asked."""
    found: list[UsageRow] = []
    for member, calls in by_member(run).items():
        calls.sort(key=lambda call: call.begin)
        found.append(UsageRow(member, calls, _lanes(calls)))
    return found


def span(run: RunData) -> float:
    """Return the seconds that a timeline has to show."""
    return max([run.seconds, *(call.over for call in run.calls)], default=0.0) or 1e-3


def described(run: RunData) -> str:
    """Say in a sentence or two what the timeline shows."""
    members = by_member(run)
    failed = f"{run.failures} without an answer" if run.failures else "all answered"
    text = (
        f"Timeline of {counted(len(run.calls), 'call')} by {counted(len(members), 'member')} "
        f"over {span(run):.3g} seconds, {failed}."
    )
    if run.calls:
        slowest = max(run.calls, key=lambda call: call.seconds)
        text += (
            f" The slowest was {slowest.member} as {slowest.role}, {slowest.seconds:.3g} seconds."
        )
    return text


def timeline(run: AnyRun) -> "Picture":
    """Draw one bar for each call, by member, coloured by role.

    Calls without an answer (failed, timed out, cut) are hatched. Calls of one member that were in
    flight at once lie above one another.
    """
    run = data_of(run)
    found = rows(run)
    height = sum(row.height for row in found) * ROW
    figure, axes = blank(height + 1.1, described(run))
    shade = colours([call.role for call in run.calls])
    top, ticks = 0.0, list[float]()
    for row in found:
        ticks.append(top + row.height / 2)
        _bars(axes, row, top, shade)
        top += row.height
    axes.set_yticks(ticks, [plain(row.member) for row in found])
    axes.set(ylim=(top or 1, 0), xlim=(0, span(run) * 1.01), xlabel="seconds")
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    _legend(axes, run, shade)
    return figure


def _bars(axes: "Axes", row: UsageRow, top: float, shade: dict[str, str]) -> None:
    thick = row.height / row.depth
    narrowest = (row.calls[-1].over if row.calls else 0) * 1e-3
    for kind in dict.fromkeys((call.role, call.status) for call in row.calls):
        for lane in sorted(set(row.lanes)):
            bars = [
                (call.begin, max(call.seconds, narrowest))
                for call, own in zip(row.calls, row.lanes, strict=True)
                if own == lane and (call.role, call.status) == kind
            ]
            good = kind[1] == "ok"
            axes.broken_barh(
                bars,
                (top + lane * thick + 0.1 * thick, 0.8 * thick),
                facecolors=shade[kind[0]] if good else "white",
                edgecolors="white" if good and row.depth < 8 else FAILED if not good else "none",
                hatch=HATCHES.get(kind[1]),
                linewidth=0.6,
            )


def _legend(axes: "Axes", run: RunData, shade: dict[str, str]) -> None:
    from matplotlib.patches import Patch

    keys = [Patch(facecolor=colour, label=role) for role, colour in shade.items()]
    bad = sorted({call.status for call in run.calls} - {"ok"})
    keys += [
        Patch(facecolor="white", edgecolor=FAILED, hatch=HATCHES.get(status), label=status)
        for status in bad
    ]
    if keys:
        axes.figure.legend(
            handles=keys, loc="outside upper left", ncols=min(len(keys), 6), frameon=False
        )


def _lanes(calls: Sequence[ShownCall]) -> list[int]:
    """Give each call, in the order of their beginning, the lowest lane that is free."""
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    lanes: list[int] = []
    for call in calls:
        while busy and busy[0][0] <= call.begin + 1e-9:
            heappush(free, heappop(busy)[1])
        lane = heappop(free) if free else len(busy)
        heappush(busy, (call.over, lane))
        lanes.append(lane)
    return lanes
