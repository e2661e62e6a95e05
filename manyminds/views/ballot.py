"""Ballot of a run: one bar an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from manyminds.views.data import RunData
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.svg import WIDTH, Svg, chart, name, nothing, standalone
from manyminds.votes.ballots import by_likeness, unit_of

SHOWN = 12
_BAR, _ROW, _NUMBER = 18, 23, 60  # pixels: of a bar, from bar to bar, free for a bar's number


@dataclass(frozen=True)
class Bar:
    """An answer and the weight of its votes; `others`: the sum of the answers without a bar."""

    answer: str
    weight: float
    won: bool = False
    others: bool = False


def bars(run: RunData) -> list[Bar]:
    """Return the answers, heaviest first; those after the eleventh share one bar."""
    unit = 1 if run.ballot is None else unit_of(run.ballot)
    groups = [] if run.ballot is None else run.ballot["groups"]
    shown = groups if len(groups) <= SHOWN else groups[: SHOWN - 1]
    found = [
        Bar(group["answer"] or _author(run, group["indices"]), group["weight"] / unit, place == 0)
        for place, group in enumerate(shown)
    ]
    rest = groups[len(shown) :]
    if rest:
        weight = sum(group["weight"] for group in rest) / unit
        found.append(Bar(f"{len(rest)} other answers", weight, others=True))
    return found


def _author(run: RunData, indices: Sequence[int]) -> str:
    """Name the members of a group whose answers have no short form."""
    asked = run.layers[0].candidates if run.layers else ()
    names = [call.member for call in asked if call.index in indices]
    return ", ".join(names) or "(no answer that could be read)"


def described(run: RunData) -> str:
    """Describe the vote in one or two sentences."""
    if run.ballot is None or not run.ballot["groups"]:
        return "There was no vote."
    ballot, first = run.ballot, bars(run)[0]
    tie = " It was a tie, which the order of asking decided." if ballot["tie"] else ""
    of = 100 if by_likeness(ballot) else sum(bar.weight for bar in bars(run))
    return (
        f"Ballot by {ballot['vote']}: {first.answer} leads with {first.weight:.4g} of "
        f"{of:.4g}, {ballot['margin'] / unit_of(ballot):.4g} ahead of the next; "
        f"{ballot['voters']} voted, {ballot['abstentions']} abstained.{tie}"
    )


def ballot(run: AnyRun) -> Svg:
    """Draw the votes of each answer, the winner in strong colour."""
    run = data_of(run)
    alt = described(run)
    return standalone(svg(run, WIDTH), alt) if bars(run) else nothing(alt)


def svg(run: RunData, width: int | None = None) -> str:
    """Return the ballot as an SVG element.

    Args:
        run: The run.
        width: Pixels; None: the width of the page.
    """
    found = bars(run)
    heaviest = max((bar.weight for bar in found), default=0) or 1
    body: list[str] = []
    for place, bar in enumerate(found):
        share, y = f"{100 * bar.weight / heaviest:.4g}%", place * _ROW
        kind = "mm-r0" if bar.won else "mm-quiet" if bar.others else "mm-r4"
        body += [
            name(bar.answer, y + _BAR / 2),
            f'<rect class="{kind}" y="{y}" width="{share}" height="{_BAR}" rx="3"/>',
            f'<text x="{share}" dx="6" y="{y + 13.5}">{bar.weight:.4g}</text>',
        ]
    height = len(found) * _ROW
    return chart("".join(body), alt=described(run), width=width, height=height, right=_NUMBER)
