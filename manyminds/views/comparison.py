"""Runs side by side: calls, tokens, seconds and dollars of each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from manyminds.errors import InputError
from manyminds.views.data import RunData
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.spending import dollars
from manyminds.views.style import BLUE, GREEN, ORANGE, PURPLE, ROW, empty, plain

if TYPE_CHECKING:
    from manyminds.views.picture import Picture

_MEASURES = ("calls", "tokens", "seconds", "dollars")


def measures(run: RunData) -> dict[str, float]:
    """Return the figures by which runs are compared; dollars only where they are known."""
    found = {"calls": len(run.calls), "tokens": sum(run.tokens), "seconds": run.seconds}
    return found if run.cost is None else {**found, "dollars": run.cost}


def comparison(runs: Sequence[AnyRun]) -> "Picture":
    """Draw calls, tokens, seconds and, where known for all, dollars of several runs.

    Raises:
        InputError: there is no run.
    """
    if not runs:
        raise InputError("there is nothing to compare: give at least one run")
    found = [data_of(run) for run in runs]
    figures = [measures(run) for run in found]
    names = [name for name in _MEASURES if all(name in measured for measured in figures)]
    alt = "; ".join(
        f"{run.method}: {len(run.calls)} calls, {sum(run.tokens):,} tokens, {run.seconds:.3g} s, "
        f"{dollars(run.cost)}"
        for run in found
    )
    figure = empty(len(runs) * ROW * 1.2 + 1.0, alt)
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    labels = [f"{place}. {plain(run.method, 20)}" for place, run in enumerate(found, 1)]
    for axes, name, colour in zip(panels, names, (BLUE, ORANGE, GREEN, PURPLE), strict=False):
        values = [measured[name] for measured in figures]
        axes.barh(range(len(runs)), values, color=colour, height=0.7)
        widest = max(values) or 1
        for place, value in enumerate(values):
            shown = f"{value:,.0f}" if name in ("calls", "tokens") else f"{value:.3g}"
            axes.text(value + widest * 0.03, place, shown, va="center", fontsize=8)
        axes.set(title=name, xlim=(0, widest * 1.45), xticks=[])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(runs)), labels)
    panels[0].set_ylim(len(runs) - 0.5, -0.5)
    return figure
