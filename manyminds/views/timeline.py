"""Timeline of a run: one bar a call, one row a member."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import floor, log10

from manyminds.views.data import RunData, ShownCall, by_member
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import counted
from manyminds.views.svg import LABEL, LETTER, WIDTH, Svg, chart, label, name, shades, standalone

# Calls without an answer are hatched: a path of one tile, and its angle in degrees.
_HATCHES = {
    "failed": ("M0 0v6", 45),
    "timeout": ("M0 0v6M0 0h6", 45),
    "cut": ("M0 0v6", 0),
    "flagged": ("M0 0v6", -45),
}
_ROW, _GAP, _LINE = 18, 3, 20  # pixels: a row of one lane, between rows, a line of the legend
_NARROW = 330  # pixels that a legend may take on a page: it has to fit a phone
_TITLED = 800  # calls up to which every bar has a title
_TICKS = 5  # at most, after 0
_EDGE = 20  # pixels free for the last number of the axis
_TALLEST = 5  # rows' worth that one member may take, however many calls it has in flight at once


@dataclass(frozen=True)
class UsageRow:
    """Calls of one member; calls in flight at the same time have different `lanes`."""

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
    """Return a description of the timeline in a sentence or two."""
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


def timeline(run: AnyRun) -> Svg:
    """Draw one bar for each call, by member, coloured by role.

    Calls without an answer (failed, timed out, cut) are hatched. Calls of one member that were in
    flight at once lie above one another.
    """
    run = data_of(run)
    return standalone(svg(run, WIDTH), described(run))


def svg(run: RunData, width: int | None = None) -> str:
    """Return the timeline as an SVG element.

    Args:
        run: The run.
        width: Pixels; None: the width of the page.
    """
    whole, shade = span(run), shades([call.role for call in run.calls])
    legend, top = _legend(run, shade, width or _NARROW)
    bars, y = list[str](), float(top)
    for row in rows(run):
        height = _ROW * row.height
        bars.append(name(row.member, y + height / 2))
        bars += _bars(run, row, y, whole, shade)
        y += height + _GAP
    body = [_patterns(run), legend, _axis(whole, top, y), *bars]
    return chart("".join(body), alt=described(run), width=width, height=y + _LINE, right=_EDGE)


def _bars(
    run: RunData, row: UsageRow, top: float, whole: float, shade: dict[str, str]
) -> Iterator[str]:
    thick = _ROW * row.height / row.depth
    gap = 0.1 * thick if row.depth < 10 else 0.0
    for call, lane in zip(row.calls, row.lanes, strict=True):
        look = f'class="{shade[call.role]}"' if call.status == "ok" else _hatched(run, call.status)
        title = ""
        if len(run.calls) <= _TITLED:
            about = f"{call.member} as {call.role}, {run.word} {call.layer}: {call.status}, "
            title = f"<title>{label(about)} {call.seconds:.3g} s</title>"
        yield (
            f'<rect {look} x="{100 * call.begin / whole:.3f}%" y="{top + lane * thick + gap:.1f}" '
            f'width="{max(100 * call.seconds / whole, 0.15):.3f}%" '
            f'height="{thick - 2 * gap:.1f}">{title}</rect>'
        )


def _axis(whole: float, top: float, low: float) -> str:
    step = next(step for step in _steps(whole) if whole / step <= _TICKS)
    return "".join(
        f'<line class="mm-rule" x1="{x:.4g}%" x2="{x:.4g}%" y1="{top}" y2="{low:.1f}"/>'
        f'<text class="mm-tick" x="{x:.4g}%" y="{low + 14:.1f}" text-anchor="middle">'
        f"{tick * step:.4g} s</text>"
        for tick in range(int(whole / step + 1e-9) + 1)
        for x in [100 * tick * step / whole]
    )


def _steps(whole: float) -> Iterator[float]:
    """Yield 1, 2 and 5 times powers of ten, from a hundredth of the whole or less upwards."""
    power = 10.0 ** (floor(log10(whole)) - 2)
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _legend(run: RunData, shade: dict[str, str], room: int) -> tuple[str, int]:
    """Return the legend and its height in pixels; it continues in a new line where `room` ends."""
    bad = sorted({call.status for call in run.calls} - {"ok"})
    looks = {role: f'class="{kind}"' for role, kind in shade.items()}
    looks |= {f"{status}: no answer": _hatched(run, status) for status in bad}
    parts, x, y = list[str](), 0.0, 0
    for text, look in looks.items():
        wide = 36 + len(text) * LETTER
        if x and x + wide > room:
            x, y = 0.0, y + _LINE
        left = x - LABEL
        parts.append(
            f'<rect {look} x="{left + 1:.0f}" y="{y + 1}" width="13" height="13" rx="2"/>'
            f'<text x="{left + 20:.0f}" y="{y + 12}">{label(text)}</text>'
        )
        x += wide
    return "".join(parts), y + _LINE + 6 if parts else 0


def _patterns(run: RunData) -> str:
    drawn = "".join(
        f'<pattern id="{status}-{label(run.id)}" width="6" height="6" '
        f'patternUnits="userSpaceOnUse" patternTransform="rotate({angle})">'
        f'<path class="mm-hatch" d="{path}"/></pattern>'
        for status, (path, angle) in _HATCHES.items()
    )
    return f"<defs>{drawn}</defs>"


def _hatched(run: RunData, status: str) -> str:
    kind = status if status in _HATCHES else "failed"
    return f'class="mm-failed" fill="url(#{kind}-{label(run.id)})"'


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
