"""What `draw_mermaid` shows of every method; MANYMINDS_SNAPSHOTS=1 writes the pictures anew."""

import os
from pathlib import Path
from typing import Any

import pytest
from helpers.registry import NAMES, SIMULATED, small

from manyminds import (
    Level,
    create_agent_forest,
    create_hierarchical_voting,
    create_moa,
    create_stepwise_voting,
)
from manyminds.method_graph import MethodGraph

FOLDER = Path(__file__).parent / "snapshots"
VARIANTS: dict[str, Any] = {
    "agent-forest-universal": lambda: create_agent_forest(SIMULATED, vote="universal"),
    "hierarchical-voting-levels": lambda: create_hierarchical_voting(
        SIMULATED, levels=[Level("How many digits?"), Level("Which?", members=["simulated:large"])]
    ),
    "moa-chunks": lambda: create_moa(SIMULATED, chunk=1),
    "stepwise-voting-fused": lambda: create_stepwise_voting(SIMULATED, steps_per_superstep=100),
}


def built(name: str) -> MethodGraph:
    return VARIANTS[name]() if name in VARIANTS else small(name)


every_drawing = pytest.mark.parametrize("name", [*NAMES, *VARIANTS])
# A method without a picture here is not compared with one.
PICTURES = (
    [*NAMES, *VARIANTS]
    if os.environ.get("MANYMINDS_SNAPSHOTS")
    else sorted(path.stem for path in FOLDER.glob("*.mmd"))
)


@pytest.mark.parametrize("name", PICTURES)
def test_the_drawing_is_the_one_that_was_looked_at(name: str) -> None:
    drawn = built(name).compile().get_graph().draw_mermaid()
    path = FOLDER / f"{name}.mmd"
    if os.environ.get("MANYMINDS_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")


@every_drawing
def test_every_node_is_reached_and_leads_to_the_end(name: str) -> None:
    drawn = built(name).compile().get_graph()
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    for start, end in (("__start__", 1), ("__end__", 0)):
        seen, grown = {start}, True
        while grown:
            near = {e[end] for e in edges if e[1 - end] in seen}
            grown = not near <= seen
            seen |= near
        assert seen == set(drawn.nodes), f"not connected with {start}"


@every_drawing
def test_every_member_is_named_in_the_drawing(name: str) -> None:
    graph = built(name)
    drawn = graph.compile().get_graph().draw_mermaid()
    for member in graph.members:
        assert member in drawn


def test_many_members_are_counted_and_not_listed() -> None:
    forest = create_agent_forest([f"simulated:small?seed={n}" for n in range(12)])
    drawn = forest.compile().get_graph().draw_mermaid()
    assert "members = small, small-2" in drawn and "and 4 more" in drawn
