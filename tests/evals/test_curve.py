"""The curve over numbers of samples: one run tells all points, and each is what a run would say."""

from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.errors import InputError
from manyminds.evals.curve import Curve, plot, read_points
from manyminds.evals.data import read_rows
from manyminds.evals.evaluate import evaluate
from manyminds.evals.grading import by_answer
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.models.simulated.arithmetic import questions
from manyminds.reading.answers import extractor
from manyminds.votes import stopping

NUMBER = extractor("number")


def drawn(tmp_path: Path, points: list[int], stop: str | None = None) -> Curve:
    rows = read_rows(write_rows(tmp_path / "q.jsonl", [dict(q) for q in questions(12, 5, seed=2)]))
    graph = create_agent_forest(
        "simulated:medium", samples=max(points), extract="number", stop=stop
    )
    curve = Curve(
        points,
        vote="majority",
        extract=NUMBER,
        members=list(graph.members.values()),
        rule=None if stop is None else stopping.rule(stop, cap=max(points)),
        grade=by_answer(NUMBER),
    )
    evaluate(graph.compile(), rows, grade=by_answer(NUMBER), on_output=curve.add, repeats=2)
    return curve


def test_each_point_is_what_a_forest_of_that_size_gets(tmp_path: Path) -> None:
    points = drawn(tmp_path, [1, 3, 9]).result(repeats=2)
    rows = read_rows(tmp_path / "q.jsonl")
    for point in points:
        app = create_agent_forest(
            "simulated:medium", samples=point["samples"], extract="number"
        ).compile()
        alone = evaluate(app, rows, grade=by_answer(NUMBER), repeats=2)
        assert point["accuracy"] == pytest.approx(alone.accuracy)
        assert point["samples_used"] == point["samples"]
    covered = [point["coverage"] or 0.0 for point in points]
    assert covered == sorted(covered)
    assert all(c >= p["accuracy"] - 1e-9 for c, p in zip(covered[1:], points[1:], strict=True))


def test_with_a_stopping_rule_fewer_samples_are_used(tmp_path: Path) -> None:
    points = drawn(tmp_path, [2, 20], stop="ahead:3").result(repeats=2)
    assert points[0]["samples_used"] == 2
    assert 3 <= points[1]["samples_used"] < 20
    assert points[1]["coverage"] is None


@pytest.mark.parametrize("text", ["", "1,x", "0,5", "-1"])
def test_wrong_points_say_what_to_give(text: str) -> None:
    with pytest.raises(InputError, match="such as 1,2,5,10"):
        read_points(text)


def test_the_picture_is_written_and_a_wrong_kind_refused(tmp_path: Path) -> None:
    points = drawn(tmp_path, [1, 4]).result(repeats=2)
    plot(points, tmp_path / "curve.png", "title")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="--plot"):
        plot(points, tmp_path / "curve.nothing", "title")
