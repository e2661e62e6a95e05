"""Batches: rows are kept as they are done, nothing runs twice, failures run again."""

import json
from pathlib import Path
from typing import Any

import pytest

from manyminds import Member
from manyminds.apps.cli import main
from manyminds.errors import DataError, InputError
from manyminds.evals.batch import batch, read_items
from manyminds.graphs.interaction import create_interaction
from manyminds.graphs.rater import create_rater
from manyminds.graphs.spp import create_spp
from manyminds.testing import ScriptedChatModel
from manyminds.trajectory import Trajectory


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def questions(path: Path, n: int) -> Path:
    return write(path, [{"id": f"q{k}", "question": f"Question {k}?"} for k in range(n)])


def test_a_batch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    data, out = questions(tmp_path / "q.jsonl", 40), tmp_path / "out.jsonl"
    model = ScriptedChatModel("Final answer: yes")
    graph = create_spp(model).compile()
    first = batch(graph, read_items(data), out, concurrency=4)
    assert (first.done, first.kept, first.calls) == (40, 0, 40)
    whole = out.read_bytes()
    out.write_bytes(whole[: len(whole) * 2 // 3])  # as a crash leaves it
    left = out.read_bytes().count(b"\n")
    again = batch(graph, read_items(data), out)
    assert (again.kept, again.done) == (left, 40 - left)
    assert sorted(row["id"] for row in lines(out)) == sorted(f"q{k}" for k in range(40))
    assert {row["answer"] for row in lines(out)} == {"yes"} and len(model.calls) == 80 - left


def test_what_failed_runs_again(tmp_path: Path) -> None:
    data, out = questions(tmp_path / "q.jsonl", 3), tmp_path / "out.jsonl"
    model = ScriptedChatModel([ValueError("down"), "Final answer: 1"])
    graph = create_spp(model).compile()
    first = batch(graph, read_items(data), out, concurrency=1)
    assert first.done == 2 and first.errors.total() == 1 and "down" in next(iter(first.errors))
    assert batch(graph, read_items(data), out).done == 1
    assert len(lines(out)) == 3


def test_alpaca_rows(tmp_path: Path) -> None:
    rows = [{"instruction": "Sort them.", "input": "2, 1"}, {"instruction": "Say hello."}]
    data, out = write(tmp_path / "a.jsonl", rows), tmp_path / "out.jsonl"
    graph = create_spp(ScriptedChatModel("Final answer: done")).compile()
    batch(graph, read_items(data), out, form="alpaca")
    asked = {(row["instruction"], row["output"]) for row in lines(out)}
    assert asked == {("Sort them.\n\n2, 1", "done"), ("Say hello.", "done")}


def test_trajectories_are_collected_and_rated(tmp_path: Path) -> None:
    data, out, rated = (tmp_path / f"{name}.jsonl" for name in ("q", "t", "r"))
    write(data, [{"id": "sum", "question": "Start with 60. Add 52. What is the result?"}])
    agent = Member(ScriptedChatModel("Action: finish[112]"), name="agent")
    graph = create_interaction(agent, temperatures=[0.2, 0.7]).compile()
    batch(graph, read_items(data), out, form="trajectories")
    rater = create_rater(ScriptedChatModel('{"reason": "right", "rating": 4}')).compile()
    assert batch(rater, read_items(out), rated, form="trajectories").done == 2
    trajectories = [Trajectory.read(row, "here") for row in lines(rated)]
    assert [(one.rating, one.reward, one.task) for one in trajectories] == [(4.0, 1.0, "sum")] * 2
    assert trajectories[0].details["ratings"][0]["reason"] == "right"
    assert batch(rater, read_items(out), rated, form="trajectories").kept == 2


def test_wrong_files_and_arguments(tmp_path: Path) -> None:
    data = questions(tmp_path / "q.jsonl", 1)
    graph = create_spp(ScriptedChatModel()).compile()
    with pytest.raises(InputError, match="no row of a batch"):
        batch(graph, read_items(data), data)
    with pytest.raises(InputError, match="form as one of plain"):
        batch(graph, read_items(data), tmp_path / "x", form="what")
    with pytest.raises(DataError, match="no question"):
        list(read_items(write(tmp_path / "bad.jsonl", [{"text": "x"}])))
    with pytest.raises(DataError, match="this is no trajectory"):
        list(read_items(write(tmp_path / "bad.jsonl", [{"id": "x", "content": [1]}])))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = questions(tmp_path / "q.jsonl", 2), tmp_path / "out.jsonl"
    given = ["batch", "spp", "--data", str(data), "--out", str(out), "--member", "simulated:small"]
    assert main(given) == 0
    assert capsys.readouterr().out.startswith("2 items done; 2 calls")
    assert main(given) == 0
    assert "0 items done, 2 were there before" in capsys.readouterr().out
    assert main([*given, "--form", "what"]) == 2
