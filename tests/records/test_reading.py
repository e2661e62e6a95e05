"""Reading a record: typed, from any place in a run, whole or not."""

import json
import threading
import time
from pathlib import Path

import pytest
from helpers.registry import QUESTION, SIMULATED, small

from manyminds import (
    DataError,
    Member,
    RunRecord,
    create_agent_forest,
    create_moa,
    create_smoa,
    load_run,
    load_runs,
    record,
)
from manyminds.method_graph import MethodGraph
from manyminds.records.reader import Reader, follow

GIVEN = {"messages": [("user", QUESTION)]}


def run_of(graph: MethodGraph, folder: Path) -> RunRecord:
    with record(folder) as recording:
        graph.compile().invoke(GIVEN)
    return recording.run


def test_what_is_read_is_what_the_run_reported(tmp_path: Path) -> None:
    with record(tmp_path) as recording:
        result = create_agent_forest(SIMULATED, samples=8).compile().invoke(GIVEN)
    run = recording.run
    assert run.finished and run.answer == result["answer"] and run.error is None
    assert run.report == json.loads(json.dumps(result["report"]))
    assert run.ballot == result["ballot"] == result["report"]["ballot"]
    mine = {call.index: call.answer for call in run.calls}
    assert mine == {c["index"]: c["answer"] for c in result["candidates"]}
    used = run.sums("member")
    for name, row in result["report"]["members"].items():
        assert used[name].calls == row["calls"]
        assert used[name].input_tokens == row["tokens"]["input"]


def test_a_layer_shows_who_was_kept_and_who_was_dropped(tmp_path: Path) -> None:
    run = run_of(create_smoa(["simulated:small"] * 4, layers=3, keep=1, stop="never"), tmp_path)
    assert list(run.layers()) == [1, 2]
    for layer in (1, 2):
        there = run.at(layer)
        assert there.verdict is not None
        assert [call.index for call in there.kept] == there.verdict["order"][:1]
        assert len(there.candidates) == 4 and len(there.dropped) == 3
        assert [call.role for call in there.others] == ["judge"]
    assert run.decisions[1]["stop"] is False


def test_times_and_places_go_together(tmp_path: Path) -> None:
    run = run_of(small("moa"), tmp_path)
    times = run.timeline()
    assert [call.role for call, _, _ in times] == ["proposer", "proposer", "aggregator"]
    assert all(0 <= begin <= end <= run.seconds + 0.01 for _, begin, end in times)
    assert [visit.node for visit in run.visits][:2] == ["begin", "layer"]


def test_a_nested_run_hangs_on_its_call(tmp_path: Path) -> None:
    panel = Member(create_moa(SIMULATED, layers=2), name="panel")
    run = run_of(create_agent_forest([panel, "simulated:large"], samples=4), tmp_path)
    nested = [call for call in run.calls if call.member == "panel"]
    assert len(run.nested) == len(nested) == 2
    for call in nested:
        assert call.nested is not None and call.nested.answer == call.text
    assert run.sums("member")["panel"].calls == 6
    assert len(list(run.everything())) == 10


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_record_cut_short_anywhere_can_be_read(share: float, tmp_path: Path) -> None:
    whole = run_of(small("smoa"), tmp_path / "run.jsonl")
    text = whole.path.read_bytes()
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(text[: int(len(text) * share)])
    run = load_run(cut)
    assert not run.finished and run.answer is None
    assert len(run.calls) <= len(whole.calls) and run.question == QUESTION


def test_reading_goes_on_where_it_left_off(tmp_path: Path) -> None:
    whole = run_of(small("smoa"), tmp_path / "run.jsonl")
    growing, text = tmp_path / "growing.jsonl", whole.path.read_bytes()
    growing.write_bytes(b"")
    reader = Reader(growing)
    for start in range(0, len(text), 997):  # pieces end anywhere, also within a character
        with growing.open("ab") as file:
            file.write(text[start : start + 997])
        reader.read()
    (run,) = reader.read()
    assert run.finished and run.report == whole.report
    assert [call.text for call in run.calls] == [call.text for call in whole.calls]


def test_a_live_run_is_followed_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    graph = create_moa(["simulated:small?latency=0.05"], layers=3)

    def work() -> None:
        with record(path):
            graph.compile().invoke(GIVEN)

    thread = threading.Thread(target=work)
    thread.start()
    while not path.exists():
        time.sleep(0.005)
    seen = [(len(run.calls), run.finished) for run in follow(path, every=0.01)]
    thread.join()
    assert seen[-1] == (3, True)
    assert seen[0][0] < 3


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"type": "call"}'])
def test_a_malformed_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"run\.jsonl, line 1: "):
        load_run(path)


def test_lines_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    run = run_of(small("moa"), tmp_path / "run.jsonl")
    text = run.path.read_text(encoding="utf-8")
    run.path.write_text('{"type": "weather", "sun": 1}\n' + text, encoding="utf-8")
    assert load_run(run.path).answer == run.answer


def test_several_runs_and_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no record"):
        load_run(tmp_path)
    with record(tmp_path / "both.jsonl") as recording:
        for _ in range(2):
            small("moa").compile().invoke(GIVEN)
    assert len(load_runs(tmp_path)) == len(recording.runs) == 2
    with pytest.raises(DataError, match="load_runs"):
        load_run(tmp_path)
    with pytest.raises(DataError, match="No such file"):
        load_run(tmp_path / "not.jsonl")
