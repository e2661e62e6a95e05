"""Every figure is drawn whole, whatever the size of the run: nothing clipped, labels apart."""

import itertools
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from helpers.browser import chromium, opened
from helpers.runs import made, recorded, smoa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from manyminds.errors import InputError
from manyminds.views.ballot import ballot, bars
from manyminds.views.comparison import comparison
from manyminds.views.data import RunData
from manyminds.views.html import page
from manyminds.views.likeness import likeness, similarity
from manyminds.views.spending import spending
from manyminds.views.svg import Svg
from manyminds.views.timeline import rows, timeline
from manyminds.votes.ballots import Group, draw_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES: list[Callable[[Any], Svg]] = [timeline, ballot, similarity]
SIZES = [(1, 1), (2, 5), (40, 160)]
SVG = "{http://www.w3.org/2000/svg}"
# Texts of a picture that are cut at its edge, and pairs that lie on each other.
WRONG = """() => {
  const whole = document.documentElement.getBoundingClientRect();
  const texts = [...document.querySelectorAll("text")].map((one) => {
    const box = one.getBoundingClientRect();
    return [one.childNodes[0].textContent, box.left, box.top, box.right, box.bottom];
  });
  const cut = texts.filter(([, left, top, right, bottom]) => left < whole.left - 1
    || top < whole.top - 1 || right > whole.right + 1 || bottom > whole.bottom + 1);
  const crossed = texts.flatMap((a, place) => texts.slice(place + 1).filter((b) =>
    Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > 2 &&
    Math.min(a[4], b[4]) - Math.max(a[2], b[2]) > 4).map((b) => a[0] + " / " + b[0]));
  return [...cut.map(([text]) => text), ...crossed];
}"""


@pytest.fixture(scope="module")
def browser() -> "Generator[Browser]":
    with chromium() as started:
        yield started


def shown(axes: Axes) -> list[Text]:
    """Return the labels that are to be seen: of ticks beyond the axes' limits none is."""
    (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    ticks = [label for label in axes.get_xticklabels() if left <= label.get_position()[0] <= right]
    ticks += [label for label in axes.get_yticklabels() if low <= label.get_position()[1] <= high]
    labels = [*(ticks if axes.axison else []), *axes.texts]
    return [label for label in labels if label.get_text() and label.get_visible()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("draw", PICTURES)
def test_texts_of_a_picture_are_whole_and_apart(
    browser: "Browser", draw: Callable[[Any], Svg], size: tuple[int, int], tmp_path: Path
) -> None:
    draw(made(*size)).save(tmp_path / "picture.svg")
    with opened(browser, tmp_path / "picture.svg", viewport={"width": 1000, "height": 700}) as seen:
        assert seen.evaluate(WRONG) == []


@pytest.mark.parametrize("size", SIZES)
def test_labels_are_whole_and_apart(size: tuple[int, int]) -> None:
    figure = spending(made(*size))
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


@pytest.mark.parametrize("draw", [*PICTURES, spending])
def test_a_sentence_stands_in_for_the_picture(draw: Callable[[Any], Svg | Figure]) -> None:
    drawn = draw(made(3, 12))
    text = drawn.alt if isinstance(drawn, Svg) else str(drawn.get_label())
    assert len(text) > 40 and text.endswith(".")
    assert repr(drawn) == f"<{text}>"


@pytest.mark.parametrize("draw", PICTURES)
def test_a_page_and_a_notebook_show_the_same_drawing(draw: Callable[[Any], Svg]) -> None:
    """Both come from one renderer: every bar of the picture is on the page, unit for unit."""
    run = made(3, 12)
    html = page(run)
    root = ElementTree.fromstring(draw(run).text)
    bars = [one for one in root.iter(f"{SVG}rect") if "%" in one.attrib["width"]]
    cells = [one for one in root.iter(f"{SVG}rect") if "fill-opacity" in one.attrib]
    assert bars or cells
    for one in [*bars, *cells]:
        assert all(f'{key}="{one.attrib[key]}"' in html for key in ("x", "y") if key in one.attrib)
    texts = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert texts and all(f">{text}<" in html for text in texts)


@pytest.mark.parametrize("draw", PICTURES)
def test_a_picture_is_xml_whatever_the_names(draw: Callable[[Any], Svg]) -> None:
    run = made(2, 6)
    evil = '<script>\x00\ud83d"&\x1b[31m'
    calls = [replace(call, candidate={**call.candidate, "member": evil}) for call in run.calls]
    groups = [Group(answer=evil, indices=[0], weight=1)]
    layer = replace(run.layers[0], candidates=calls)
    bad = replace(
        run, calls=calls, layers=[layer], ballot=draw_up("majority", groups, voters=1, asked=6)
    )
    text = draw(bad).text
    text.encode()
    root = ElementTree.fromstring(text)
    assert not list(root.iter(f"{SVG}script")) and "&lt;" in text


def test_timeline_keeps_calls_in_flight_apart() -> None:
    for row in rows(made(2, 300)):
        for one, other in itertools.combinations(zip(row.calls, row.lanes, strict=True), 2):
            if one[1] == other[1]:
                assert one[0].over <= other[0].begin + 1e-6 or other[0].over <= one[0].begin + 1e-6


def test_timeline_hatches_calls_without_an_answer() -> None:
    run = made(3, 60)
    bad = [call.status for call in run.calls if call.status != "ok"]
    text = timeline(run).text
    for status in set(bad):
        hatched = text.count(f'fill="url(#{status}-made-up)"')
        assert hatched == bad.count(status) + 1  # and one in the legend
        assert f'<pattern id="{status}-made-up"' in text


@pytest.mark.parametrize("seconds", [0.0003, 0.0979, 1.0, 2.003, 59.0, 4321.0])
def test_the_axis_of_a_timeline_has_round_numbers(seconds: float) -> None:
    run = replace(made(1, 1), seconds=seconds, calls=[])
    root = ElementTree.fromstring(timeline(run).text)
    ticks = [one for one in root.iter(f"{SVG}text") if "%" in one.attrib["x"]]
    values = [float((one.text or "").removesuffix(" s")) for one in ticks]
    assert values[0] == 0 and 3 <= len(values) <= 6 and values[-1] <= seconds * 1.000001
    assert f"{values[1]:.0e}"[0] in "125" and float(f"{values[1]:.0e}") == values[1]


@pytest.mark.parametrize("draw", PICTURES)
def test_nothing_to_show_is_said(draw: Callable[[Any], Svg]) -> None:
    ElementTree.fromstring(draw(RunData(id="r", method="moa", question="Why?", calls=[])).text)
    spending(RunData(id="r", method="moa", question="Why?", calls=[])).draw_without_rendering()


def test_ballot_sums_up_what_it_does_not_show() -> None:
    groups = [Group(answer=str(n), indices=[n], weight=30 - n) for n in range(30)]
    vote = draw_up("majority", groups, voters=465, asked=465)
    found = bars(RunData(id="r", method="m", question="q", calls=[], ballot=vote))
    assert len(found) == 12 and found[0].won and found[-1].answer == "19 other answers"
    assert sum(bar.weight for bar in found) == 465


@pytest.mark.parametrize("vote", ["bleu", "rouge", "levenshtein", "tfidf"])
def test_a_ballot_of_likeness_is_of_100(vote: str, tmp_path: Path) -> None:
    groups = [Group(answer="a", indices=[0], weight=540), Group(answer="b", indices=[1], weight=45)]
    likened = draw_up(vote, groups, voters=10, asked=10)
    run = RunData(id="r", method="m", question="q", calls=[], ballot=likened)
    assert [bar.weight for bar in bars(run)] == [60, 5]
    assert "a leads with 60 of 100, 55 ahead" in ballot(run).text
    assert f"likeness to the others by {vote}, of 100" in page(run)
    counted = replace(run, ballot=draw_up("majority", groups, voters=10, asked=10))
    assert bars(counted)[0].weight == 540 and "of 100" not in page(counted)


def test_likeness_is_of_the_layer_asked_for(tmp_path: Path) -> None:
    run = made(2, 100)
    found = likeness(run)
    assert found is not None and len(found.names) == 40 and found.left_out > 0
    assert [found.values[i][i] for i in range(3)] == [100, 100, 100]
    with pytest.raises(InputError, match="give one of 1"):
        similarity(run, layer=7)
    record = recorded(smoa(layers=4, stop="never"), tmp_path)
    assert "of layer 2:" in similarity(record, layer=2).alt
    assert "of layer 3:" in similarity(record).alt


def test_runs_are_compared_side_by_side() -> None:
    figure = comparison([made(2, 5), made(3, 40)])
    figure.draw_without_rendering()
    assert [axes.get_title() for axes in figure.axes] == ["calls", "tokens", "seconds"]
    with pytest.raises(InputError, match="at least one run"):
        comparison([])
