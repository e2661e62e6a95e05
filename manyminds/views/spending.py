"""Cost of a run by role: calls, tokens and dollars."""

from typing import TYPE_CHECKING

from manyminds.views.data import RunData, by_role
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import BLUE, ORANGE, ROW, blank, counted, plain

if TYPE_CHECKING:
    from manyminds.views.picture import Picture


def dollars(cost: float | None) -> str:
    """Format a cost: two digits from $1, else four; None is unknown."""
    if cost is None:
        return "cost unknown"
    if 0 < cost < 0.0001:
        return "less than $0.0001"
    return f"${cost:,.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"


def described(run: RunData) -> str:
    """Describe the spending in one sentence."""
    listed = "; ".join(
        f"{role} {counted(calls, 'call')}, {tokens_in + tokens_out:,} tokens, {dollars(cost)}"
        for role, (calls, tokens_in, tokens_out, cost) in by_role(run).items()
    )
    return f"Spending by role: {listed or 'nothing'}."


def spending(run: AnyRun) -> "Picture":
    """Draw the tokens in and out of each role, with its calls and dollars."""
    run = data_of(run)
    found = by_role(run)
    figure, axes = blank(max(len(found), 1) * ROW * 1.3 + 1.2, described(run))
    places = range(len(found))
    tokens_in = [row[1] for row in found.values()]
    tokens_out = [row[2] for row in found.values()]
    axes.barh(places, tokens_in, color=BLUE, height=0.62, label="tokens in")
    axes.barh(places, tokens_out, left=tokens_in, color=ORANGE, height=0.62, label="tokens out")
    most = max((a + b for a, b in zip(tokens_in, tokens_out, strict=True)), default=0) or 1
    for place, (calls, a, b, cost) in enumerate(found.values()):
        text = f"{counted(calls, 'call')}, {dollars(cost)}".replace("$", r"\$")
        axes.text(a + b + most * 0.015, place, text, va="center")
    axes.set_yticks(places, [plain(role) for role in found])
    axes.set(xlim=(0, most * 1.4), ylim=(max(len(found), 1) - 0.5, -0.5), xlabel="tokens")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="y", length=0)
    if found:
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
    return figure
