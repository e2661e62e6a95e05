"""Plots of a report on an evaluation or a comparison."""

from collections.abc import Sequence

from manyminds.evals.comparison import Compared
from manyminds.evals.findings import Findings
from manyminds.views.picture import Picture
from manyminds.views.style import BLUE, ORANGE, QUIET, ROW, VERMILION, blank, colours, plain


def accuracies(methods: Sequence[Compared]) -> Picture:
    """Draw each method's accuracy with its interval, the most accurate one first."""
    ranked = sorted(methods, key=lambda one: -one.accuracy)
    alt = "Accuracy: " + ", ".join(f"{one.method} {one.accuracy:.1%}" for one in ranked)
    figure, axes = blank(len(ranked) * ROW * 1.5 + 1.1, alt)
    for place, one in enumerate(ranked):
        low, high = one.interval
        axes.plot([100 * low, 100 * high], [place, place], color=BLUE, linewidth=2)
        axes.plot(100 * one.accuracy, place, "o", color=BLUE)
    axes.set_yticks(range(len(ranked)), [plain(one.method) for one in ranked])
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    axes.set_xlabel("right answers, % (95 % interval)")
    axes.grid(axis="x", alpha=0.3)
    return figure


def trade_off(found: Findings, kind: str) -> Picture:
    """Draw accuracy against a kind of cost; a line joins the Pareto front, others are crosses."""
    costs = {
        one.method: {"dollars": one.cost or 0.0, "tokens": one.tokens, "seconds": one.seconds}[kind]
        for one in found.comparison
    }
    accuracy = {one.method: 100 * one.accuracy for one in found.comparison}
    kept = found.fronts[kind]
    alt = f"Accuracy against {kind} a question; on the Pareto front: {', '.join(kept)}"
    figure, axes = blank(3.4, alt)
    axes.plot([costs[n] for n in kept], [accuracy[n] for n in kept], color=QUIET, linewidth=1)
    for name, colour in colours(list(accuracy)).items():
        mark = "o" if name in kept else "x"
        axes.plot(costs[name], accuracy[name], mark, color=colour, label=plain(name))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=8)
    axes.set(xlabel=f"{kind} a question", ylabel="right answers, %")
    axes.grid(alpha=0.3)
    return figure


def scaling(found: Findings) -> Picture:
    """Draw the vote over its size, its law and the coverage."""
    sizes = [round(point.samples) for point in found.votes.sizes]
    alt = "Vote of the stored answers: " + ", ".join(
        f"{point.name} samples {point.accuracy:.1%}" for point in found.votes.sizes
    )
    figure, axes = blank(3.6, alt)
    axes.fill_between(
        sizes,
        [100 * point.interval[0] for point in found.votes.sizes],
        [100 * point.interval[1] for point in found.votes.sizes],
        color=BLUE,
        alpha=0.15,
    )
    axes.plot(sizes, [100 * p.accuracy for p in found.votes.sizes], "o-", color=BLUE, label="vote")
    axes.plot(
        sizes,
        [100 * (p.coverage or 0.0) for p in found.votes.sizes],
        "s--",
        color=VERMILION,
        label="coverage: some sample is right",
    )
    if found.law is not None:
        fitted = [100 * found.law(size) for size in sizes]
        axes.plot(sizes, fitted, ":", color=ORANGE, label="fitted law")
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="samples", ylabel="right answers, %")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure
