"""How the vote went, as bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manyminds.views.data import RunData
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import BLUE, QUIET, ROW, SKY, blank, nothing, plain

if TYPE_CHECKING:
    from manyminds.views.picture import Picture

SHOWN = 12


@dataclass(frozen=True)
class Bar:
    """An answer and what stands behind it; `others` stands for all that are not shown."""

    answer: str
    weight: float
    won: bool = False
    others: bool = False


def bars(run: RunData) -> list[Bar]:
    """Return the answers, heaviest first, those beyond the twelfth as one bar."""
    groups = [] if run.ballot is None else run.ballot["groups"]
    shown = groups if len(groups) <= SHOWN else groups[: SHOWN - 1]
    found = [
        Bar(group["answer"] or _author(run, group["indices"]), group["weight"], place == 0)
        for place, group in enumerate(shown)
    ]
    rest = groups[len(shown) :]
    if rest:
        weight = sum(group["weight"] for group in rest)
        found.append(Bar(f"{len(rest)} other answers", weight, others=True))
    return found


def _author(run: RunData, indices: Sequence[int]) -> str:
    """Name the members whose answers have no short form to show."""
    asked = run.layers[0].candidates if run.layers else ()
    names = [call.member for call in asked if call.index in indices]
    return ", ".join(names) or "(no answer that could be read)"


def described(run: RunData) -> str:
    """Say in a sentence or two how the vote went."""
    if run.ballot is None or not run.ballot["groups"]:
        return "There was no vote."
    ballot, first = run.ballot, bars(run)[0]
    tie = " It was a tie, which the order of asking decided." if ballot["tie"] else ""
    return (
        f"Ballot by {ballot['vote']}: {first.answer} leads with {first.weight:g} of "
        f"{sum(bar.weight for bar in bars(run)):g}, {ballot['margin']:g} ahead of the next; "
        f"{ballot['voters']} voted, {ballot['abstentions']} abstained.{tie}"
    )


def ballot(run: AnyRun) -> "Picture":
    """Draw what stands behind each answer, the winner in strong colour."""
    run = data_of(run)
    found = bars(run)
    if not found:
        return nothing(described(run))
    figure, axes = blank(len(found) * ROW + 1.1, described(run))
    heaviest = max(bar.weight for bar in found) or 1
    axes.barh(
        range(len(found)),
        [bar.weight for bar in found],
        color=[BLUE if bar.won else QUIET if bar.others else SKY for bar in found],
        height=0.72,
    )
    for place, bar in enumerate(found):
        axes.text(bar.weight + heaviest * 0.01, place, f"{bar.weight:g}", va="center")
    axes.set_yticks(range(len(found)), [plain(bar.answer) for bar in found])
    axes.set(xlim=(0, heaviest * 1.1), ylim=(len(found) - 0.5, -0.5), xlabel="votes")
    axes.tick_params(axis="y", length=0)
    return figure
