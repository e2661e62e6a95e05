"""Pairwise similarity of candidates, as a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass

from manyminds.errors import InputError
from manyminds.views.data import LayerData, RunData, ShownCall
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import short
from manyminds.views.svg import LETTER, Svg, label, nothing, picture, standalone

MOST = 40
_NUMBERED = 12  # candidates up to which every cell has its number
_LARGE, _CELL, _SMALL = 24, 30, 18  # candidates with large cells; pixels of a cell, of a small one
_LETTERS = 18  # of a name


@dataclass(frozen=True)
class Likeness:
    """Similarity of candidates: `values[i][j]` from 0 (nothing in common) to 100 (the same)."""

    layer: int
    names: Sequence[str]
    values: Sequence[Sequence[float]]
    left_out: int
    word: str = "layer"

    @property
    def described(self) -> str:
        """Description of the heat map in one sentence."""
        n = len(self.names)
        apart = [self.values[i][j] for i in range(n) for j in range(n) if i != j]
        mean = sum(apart) / len(apart) if apart else 100.0
        more = f" {self.left_out} more are not shown." if self.left_out else ""
        return (
            f"Likeness (BLEU) of {n} candidates of {self.word} {self.layer}: {mean:.0f} of 100 on "
            f"average, from {min(apart, default=100):.0f} to {max(apart, default=100):.0f}.{more}"
        )


def likeness(run: RunData, layer: int | None = None) -> Likeness | None:
    """Compare the good candidates of a layer, at most 40; None if there are fewer than two.

    Args:
        run: The run.
        layer: Number of the layer; by default the last with two good candidates.

    Raises:
        InputError: The layer does not exist.
    """
    known = {one.number: one for one in run.layers}
    if layer is not None and layer not in known:
        numbers = ", ".join(map(str, known)) or "none"
        raise InputError(f"there is no {run.word} {layer} in this run: give one of {numbers}")
    chosen = [known[layer]] if layer is not None else list(reversed(run.layers))
    for one in chosen:
        good = _good(one)
        if len(good) > 1:
            from manyminds.votes.similarity import matrix

            shown = good[:MOST]
            values = matrix([call.text for call in shown])
            more = len(good) - len(shown)
            return Likeness(one.number, _names(shown), values.tolist(), more, run.word)
    return None


def similarity(run: AnyRun, layer: int | None = None) -> Svg:
    """Draw the pairwise similarity of a layer's candidates as a heat map.

    The measure is BLEU, 0 to 100; rows are compared with columns. A layer with more than 40
    candidates shows its first 40.

    Raises:
        InputError: The layer does not exist.
    """
    found = likeness(data_of(run), layer)
    if found is None:
        return nothing("There are no two candidates to compare.")
    return standalone(svg(found), found.described)


def svg(found: Likeness) -> str:
    """Return the heat map as an SVG element: the stronger the colour, the more alike."""
    size = len(found.names)
    cell = _CELL if size <= _LARGE else _SMALL
    names = [label(one, _LETTERS) for one in found.names]
    edge = max(len(short(one, _LETTERS)) for one in found.names) * LETTER + 12
    body: list[str] = []
    for i, row in enumerate(found.values):
        middle = edge + i * cell + cell / 2
        body.append(f'<text x="{edge - 6}" y="{middle + 4}" text-anchor="end">{names[i]}</text>')
        body.append(
            f'<text transform="translate({middle + 4} {edge - 6}) rotate(-90)">{names[i]}</text>'
        )
        for j, value in enumerate(row):
            x, y = edge + j * cell, edge + i * cell
            body.append(
                f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" '
                f'fill-opacity="{0.04 + value / 104:.2f}">'
                f"<title>{names[i]}, {names[j]}: {value:.0f}</title></rect>"
            )
            if size <= _NUMBERED:
                kind = "mm-strong" if value > 55 else "mm-weak"
                body.append(
                    f'<text class="mm-number {kind}" x="{x + cell / 2}" y="{y + cell / 2 + 4}" '
                    f'text-anchor="middle">{value:.0f}</text>'
                )
    side = edge + size * cell + 4
    return picture("mm-heat", "".join(body), alt=found.described, width=side, height=side)


def _good(layer: LayerData) -> list[ShownCall]:
    return [call for call in layer.candidates if call.status == "ok" and call.text.strip()]


def _names(calls: Sequence[ShownCall]) -> list[str]:
    names = [call.member for call in calls]
    many = {name for name in names if names.count(name) > 1}
    return [f"{c.member} {c.index + 1}" if c.member in many else c.member for c in calls]
