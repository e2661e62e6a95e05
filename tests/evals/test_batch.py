"""Batches: rows are kept as they are done, nothing runs twice, failures run again."""

import json
import os
import signal
import subprocess
import sys
import time
from operator import itemgetter
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
    given = [
        "batch",
        str(data),
        "--method",
        "spp",
        "--out",
        str(out),
        "--member",
        "simulated:small",
    ]
    assert main(given) == 0
    assert capsys.readouterr().out.startswith("2 items done; 2 calls")
    assert main(given) == 0
    assert "0 items done, 2 were there before" in capsys.readouterr().out
    assert main([*given, "--form", "what"]) == 2


def test_rows_that_are_equal_have_a_result_each(tmp_path: Path) -> None:
    data, out = tmp_path / "q.csv", tmp_path / "out.jsonl"
    data.write_text('question\nWhy?\nHow?\nWhy?\n"Why, then?"\n')
    graph = create_spp(ScriptedChatModel("Final answer: yes")).compile()
    assert batch(graph, read_items(data), out).done == 4
    assert [row["row"] for row in sorted(lines(out), key=itemgetter("row"))] == [0, 1, 2, 3]
    with data.open("a") as file:  # rows that are added later are run
        file.write("Who?\n")
    again = batch(graph, read_items(data), out)
    assert (again.kept, again.done) == (4, 1)
    data.write_text("question\nHow?\nWhy?\n")
    with pytest.raises(InputError, match="has another one in its place"):
        batch(graph, read_items(data), out)


def of_form(path: Path, count: int) -> Path:
    asked = [f"Start with {n % 7}. Add 1. What is the result?" for n in range(count)]
    if path.suffix == ".csv":
        path.write_text("\n".join(["question", *asked]) + "\n")
    elif path.suffix == ".parquet":
        pyarrow: Any = pytest.importorskip("pyarrow", reason="needs manyminds[export]")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table({"question": asked}), path)
    else:
        write(path, [{"question": one} for one in asked])
    return path


def command(data: Path, out: Path) -> list[Any]:
    program = [sys.executable, "-m", "manyminds", "batch", str(data), "--method", "agent-forest"]
    return [*program, "--set", "samples=2", "--member", "simulated:small?latency=0.2", "--out", out]


def cut(program: list[Any], file: Path, number: int) -> tuple[int, str, int]:
    """End a batch with a signal once it has written a few rows more.

    Returns:
        Its exit code, what it said, and the rows that the file has now.
    """
    before = file.read_bytes().count(b"\n") if file.exists() else 0
    slow = [*program, "--concurrency", "1"]
    with subprocess.Popen(slow, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while not file.exists() or file.read_bytes().count(b"\n") < before + 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        told = process.communicate()[1].decode()
    return process.returncode, told, file.read_bytes().count(b"\n")


@pytest.mark.integration
@pytest.mark.timeout(300)  # it starts four programs, which is slow on a busy machine
@pytest.mark.skipif(os.name == "nt", reason="kills a process")
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_killed_batch_goes_on_and_has_one_result_a_row(tmp_path: Path, suffix: str) -> None:
    count, out = 40, tmp_path / "out"
    data, file = of_form(tmp_path / f"q.{suffix}", count), out / "results.jsonl"
    program = command(data, out)
    cut(program, file, signal.SIGKILL)
    _, _, before = cut(program, file, signal.SIGKILL)
    assert before < count
    done = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert f"{count - before} items done, {before} were there before" in done
    assert sorted(row["row"] for row in lines(file)) == list(range(count))


@pytest.mark.integration
@pytest.mark.timeout(300)
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_says_where_the_rows_are(tmp_path: Path) -> None:
    data, out = of_form(tmp_path / "q.jsonl", 40), tmp_path / "out"
    code, told, rows = cut(command(data, out), out / "results.jsonl", signal.SIGINT)
    assert code == 130 and rows >= 3
    assert told.splitlines()[-1] == (
        f"manyminds: interrupted; {out / 'results.jsonl'} keeps its rows: the same command "
        "continues from there"
    )
