"""One model for trajectories: written and read back without loss, turns distinguished."""

import json

import pytest
from helpers.trajectories import example, trajectories
from hypothesis import given

from manyminds.errors import DataError
from manyminds.json_lines import encoded, parse
from manyminds.trajectory import APIAction, MessageAction, TextObservation, Trajectory


@given(trajectories)
def test_a_row_loses_nothing(trajectory: Trajectory) -> None:
    line = encoded(trajectory.row())
    assert Trajectory.read(parse(line), "x line 1") == trajectory


def test_a_row_is_short() -> None:
    row = example("Why?", "So.").row()
    assert {*row} == {"id", "content"}
    assert [*row["content"][1]] == ["class_", "content"]


def test_actions_of_one_turn_stay_together() -> None:
    both = [APIAction(function="a"), APIAction(function="b", continues=True)]
    seen = TextObservation(content="1", source="environment")
    last = MessageAction(content="done")
    again = MessageAction(content="really")
    trajectory = Trajectory(id="t", content=[*both, seen, last, again])
    assert list(trajectory.turns()) == [both, seen, [last], [again]]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"content": []}, "id"),
        ({"id": "t", "content": [{"class_": "thought"}]}, "content.0"),
        ({"id": "t", "content": [], "rating": 6}, "rating"),
        ({"id": "t", "content": [], "reward": float("nan")}, "reward"),
        ({"id": "t", "content": [], "colour": "red"}, "colour"),
    ],
)
def test_what_is_no_trajectory_is_refused_by_file_line_and_field(
    row: dict[str, object], named: str
) -> None:
    with pytest.raises(DataError, match=f"f.jsonl line 7.*{named}"):
        Trajectory.read(json.loads(json.dumps(row)), "f.jsonl line 7")
