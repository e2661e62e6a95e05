"""The path that a run has taken through its graph, for every method."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.registry import NAMES, small
from helpers.runs import made, recorded, smoa

from manyminds import load_run, record
from manyminds.authoring import (
    Ask,
    MethodGraph,
    SampledState,
    Update,
    as_members,
    together,
)
from manyminds.errors import InputError
from manyminds.views.data import RunData
from manyminds.views.drawing import drawing, svg
from manyminds.views.graph import graph
from manyminds.views.layout import laid_out
from manyminds.views.path import END, START, taken
from manyminds.views.reading import data_of


@pytest.mark.parametrize("name", NAMES)
def test_the_path_leads_from_the_start_to_the_end(name: str, tmp_path: Path) -> None:
    run = data_of(recorded(small(name), tmp_path))
    calls, edges = taken(run)
    assert edges <= {(a, b) for a, b, _ in run.edges}
    reached = {START}
    for _ in run.nodes:
        reached |= {b for a, b in edges if a in reached}
    assert END in reached
    assert {node for edge in edges for node in edge} == reached
    assert sum(calls.values()) == sum(not call.inside for call in run.calls)


def test_a_way_that_was_not_taken_is_not_shown(tmp_path: Path) -> None:
    run = data_of(recorded(smoa(layers=4), tmp_path))
    _, edges = taken(run)
    assert ("judge", "moderator") in edges and ("judge", "aggregator") not in edges
    assert ("gate", "aggregator") not in edges
    went_on = [layer.stopped for layer in run.layers].count(False) > 0
    assert (("moderator", "layer") in edges) is went_on


def test_loops_lead_back_and_all_else_goes_right() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c"), ("c", "c")]
    layout = laid_out(["a", "b", "c"], edges, "a")
    assert [layout.at[node][0] for node in "abc"] == [0, 1, 2]
    assert sorted(layout.back) == [("c", "a"), ("c", "c")]
    assert len(layout.ways["a", "c"]) == 3  # round `b`, not through it


@pytest.mark.parametrize("members", [1, 2, 9, 40])
def test_boxes_do_not_overlap(members: int) -> None:
    drawn = drawing(made(members, members * 2))
    assert drawn is not None and len(drawn.boxes) <= 4 + 9
    for place, one in enumerate(drawn.boxes):
        assert one.x - one.width / 2 >= 0 and one.x + one.width / 2 <= drawn.width
        for other in drawn.boxes[:place]:
            apart = abs(one.x - other.x) >= (one.width + other.width) / 2
            assert apart or abs(one.y - other.y) >= 34


def test_names_are_escaped() -> None:
    run = made(1, 1)
    nodes = ["__start__", '<img src=x onerror="x()">', "__end__"]
    edges = [(nodes[0], nodes[1], False), (nodes[1], nodes[2], False)]
    bad = type(run)(id='"><b>', method="<b>", question="", calls=[], nodes=nodes, edges=edges)
    assert "<img" not in svg(bad) and "<b>" not in svg(bad)


def test_a_picture_of_its_own_is_svg_that_needs_nothing_else(tmp_path: Path) -> None:
    run = recorded(smoa(layers=3), tmp_path)
    for of, said in (
        (run, "calls by node: "),
        (smoa(), "start, begin, layer"),
        (smoa().compile(), "smoa"),
    ):
        picture = graph(of)
        root = ElementTree.fromstring(picture.text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.attrib["aria-label"] == picture.alt and said in picture.alt
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\((?!#)", picture.text)
        assert picture._repr_svg_() == picture.text  # pyright: ignore[reportPrivateUsage]
    picture.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == picture.text


def test_a_graph_that_has_not_run_is_drawn_whole() -> None:
    drawn = graph(smoa())
    assert "mm-other" not in drawn.text.partition("</defs>")[2]
    assert "mm-other" in graph(made(3, 6)).text.partition("</defs>")[2]


def test_a_record_without_a_graph_is_one_sentence() -> None:
    with pytest.raises(InputError, match="has no graph"):
        graph(RunData(id="r", method="moa", question="Why?", calls=[]))


def test_calls_belong_to_a_node_whose_name_is_neither_role_nor_member(tmp_path: Path) -> None:
    team = as_members(["simulated:small", "simulated:large"])
    graph = MethodGraph("own", team, state=SampledState)

    async def arguing(_state: SampledState, ask: Ask) -> Update:
        calls = (ask(member, None, index=nth) for nth, member in enumerate(team))
        return {"candidates": await together(*calls)}

    async def choosing(state: SampledState, ask: Ask) -> Update:
        return {"final": ask.require(*state.get("candidates", []))}

    graph.step("advocates", arguing, role="advocate", opens=True, asks=team)
    graph.step("choice", choosing, role="chooser", asks=[])
    graph.open("advocates")
    graph.add_edge("advocates", "choice")
    app = graph.close(after="choice").compile()
    with record(tmp_path / "run.jsonl"):
        app.invoke("What is 2 + 2?")
    calls, edges = taken(data_of(load_run(tmp_path / "run.jsonl")))
    assert calls == {"advocates": 2} and ("advocates", "choice") in edges
