"""Every figure is drawn whole, whatever the size of the run: nothing clipped, labels apart."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.runs import made, recorded, smoa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from manyminds.errors import InputError
from manyminds.views.ballot import ballot, bars
from manyminds.views.comparison import comparison
from manyminds.views.data import RunData
from manyminds.views.likeness import likeness, similarity
from manyminds.views.spending import spending
from manyminds.views.timeline import rows, timeline
from manyminds.votes.ballots import Group, draw_up

FIGURES: list[Callable[[Any], Figure]] = [timeline, ballot, similarity, spending]
SIZES = [(1, 1), (2, 5), (40, 160)]


def shown(axes: Axes) -> list[Text]:
    """Return the labels that are to be seen: of ticks beyond the axes' limits none is."""
    (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    ticks = [label for label in axes.get_xticklabels() if left <= label.get_position()[0] <= right]
    ticks += [label for label in axes.get_yticklabels() if low <= label.get_position()[1] <= high]
    labels = [*(ticks if axes.axison else []), *axes.texts]
    return [label for label in labels if label.get_text() and label.get_visible()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("draw", FIGURES)
def test_labels_are_whole_and_apart(draw: Callable[[Any], Figure], size: tuple[int, int]) -> None:
    figure = draw(made(*size))
    figure.draw_without_rendering()
    assert figure.bbox.width == 800
    for axes in figure.axes:
        for label in shown(axes):
            box = label.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= 801, label.get_text()
            assert box.y0 >= -1 and box.y1 <= figure.bbox.y1 + 1, label.get_text()
        for one, other in itertools.combinations(axes.get_yticklabels(), 2):
            a, b = one.get_window_extent(), other.get_window_extent()
            assert a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1, (one.get_text(), other.get_text())


@pytest.mark.parametrize("draw", FIGURES)
def test_a_sentence_stands_in_for_the_picture(draw: Callable[[Any], Figure]) -> None:
    text = str(draw(made(3, 12)).get_label())
    assert len(text) > 40 and text.endswith(".")


def test_timeline_keeps_calls_in_flight_apart() -> None:
    for row in rows(made(2, 300)):
        for one, other in itertools.combinations(zip(row.calls, row.lanes, strict=True), 2):
            if one[1] == other[1]:
                assert one[0].over <= other[0].begin + 1e-6 or other[0].over <= one[0].begin + 1e-6


def test_timeline_hatches_calls_without_an_answer() -> None:
    run = made(3, 60)
    bad = {call.status for call in run.calls} - {"ok"}
    hatches = [drawn.get_hatch() for drawn in timeline(run).axes[0].collections]
    assert bad and len({hatch for hatch in hatches if hatch}) == len(bad)


@pytest.mark.parametrize("draw", FIGURES)
def test_nothing_to_show_is_said(draw: Callable[[Any], Figure]) -> None:
    empty = RunData(id="r", method="moa", question="Why?", calls=[])
    draw(empty).draw_without_rendering()


def test_ballot_sums_up_what_it_does_not_show() -> None:
    groups = [Group(answer=str(n), indices=[n], weight=30 - n) for n in range(30)]
    vote = draw_up("majority", groups, voters=465, asked=465)
    found = bars(RunData(id="r", method="m", question="q", calls=[], ballot=vote))
    assert len(found) == 12 and found[0].won and found[-1].answer == "19 other answers"
    assert sum(bar.weight for bar in found) == 465


def test_likeness_is_of_the_layer_asked_for(tmp_path: Path) -> None:
    run = made(2, 100)
    found = likeness(run)
    assert found is not None and len(found.names) == 40 and found.left_out > 0
    assert [found.values[i][i] for i in range(3)] == [100, 100, 100]
    with pytest.raises(InputError, match="give one of 1"):
        similarity(run, layer=7)
    record = recorded(smoa(layers=4, stop="never"), tmp_path)
    assert "of layer 2:" in str(similarity(record, layer=2).get_label())
    assert "of layer 3:" in str(similarity(record).get_label())


def test_runs_are_compared_side_by_side() -> None:
    figure = comparison([made(2, 5), made(3, 40)])
    figure.draw_without_rendering()
    assert [axes.get_title() for axes in figure.axes] == ["calls", "tokens", "seconds"]
    with pytest.raises(InputError, match="at least one run"):
        comparison([])
