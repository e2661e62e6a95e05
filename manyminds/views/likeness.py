"""How alike the candidates are, as a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from manyminds.errors import InputError
from manyminds.views.data import LayerData, RunData, ShownCall
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.style import WIDTH, blank, nothing, plain

if TYPE_CHECKING:
    from manyminds.views.picture import Picture

MOST = 40
_NUMBERED = 12


@dataclass(frozen=True)
class Likeness:
    """Candidates, their names, and `values[i][j]` from 0 (nothing in common) to 100 (the same)."""

    layer: int
    names: Sequence[str]
    values: Sequence[Sequence[float]]
    left_out: int

    @property
    def described(self) -> str:
        """Say in a sentence what the heat map shows."""
        n = len(self.names)
        apart = [self.values[i][j] for i in range(n) for j in range(n) if i != j]
        mean = sum(apart) / len(apart) if apart else 100.0
        more = f" {self.left_out} more are not shown." if self.left_out else ""
        return (
            f"Likeness (BLEU) of {n} candidates of layer {self.layer}: {mean:.0f} of 100 on "
            f"average, from {min(apart, default=100):.0f} to {max(apart, default=100):.0f}.{more}"
        )


def likeness(run: RunData, layer: int | None = None) -> Likeness | None:
    """Compare the good candidates of a layer, the first 40 of many; None where there are not two.

    Args:
        run: the run.
        layer: its number; by default the last with two good candidates.

    Raises:
        InputError: the layer does not exist.
    """
    known = {one.number: one for one in run.layers}
    if layer is not None and layer not in known:
        numbers = ", ".join(map(str, known)) or "none"
        raise InputError(f"there is no layer {layer} in this run: give one of {numbers}")
    chosen = [known[layer]] if layer is not None else list(reversed(run.layers))
    for one in chosen:
        good = _good(one)
        if len(good) > 1:
            from manyminds.votes.similarity import matrix

            shown = good[:MOST]
            values = matrix([call.text for call in shown])
            return Likeness(one.number, _names(shown), values.tolist(), len(good) - len(shown))
    return None


def similarity(run: AnyRun, layer: int | None = None) -> "Picture":
    """Draw how alike the candidates of a layer are, pair by pair.

    The measure is BLEU, 0 to 100; rows are compared with columns. Of more than 40 candidates the
    first 40 are shown.

    Raises:
        InputError: the layer does not exist.
    """
    run = data_of(run)
    found = likeness(run, layer)
    if found is None:
        return nothing("There are no two candidates to compare.")
    size = len(found.names)
    figure, axes = blank(min(1.8 + size * 0.34, WIDTH * 0.9), found.described)
    image = axes.imshow(found.values, vmin=0, vmax=100, cmap="cividis")
    small = 9 if size <= 20 else 6.5
    labels = [plain(name, 18) for name in found.names]
    axes.set_yticks(range(size), labels, fontsize=small)
    axes.set_xticks(
        range(size), labels, fontsize=small, rotation=90 if size * max(map(len, labels)) > 60 else 0
    )
    axes.spines[:].set_visible(False)
    if size <= _NUMBERED:
        for i, row in enumerate(found.values):
            for j, value in enumerate(row):
                shade = "black" if value > 55 else "white"
                axes.text(j, i, f"{value:.0f}", ha="center", va="center", color=shade, fontsize=8)
    figure.colorbar(image, ax=axes, label="likeness (BLEU)", shrink=0.8)
    return figure


def _good(layer: LayerData) -> list[ShownCall]:
    return [call for call in layer.candidates if call.status == "ok" and call.text.strip()]


def _names(calls: Sequence[ShownCall]) -> list[str]:
    names = [call.member for call in calls]
    many = {name for name in names if names.count(name) > 1}
    return [f"{c.member} {c.index + 1}" if c.member in many else c.member for c in calls]
