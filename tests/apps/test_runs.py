"""`manyminds runs`: the list of recorded runs, its filters, and the deletion of old ones."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import time
from typing import Any

import pytest
from helpers.registry import QUESTION, small
from helpers.runs import recorded

from manyminds.apps.cli import main
from manyminds.records.reader import load_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorded(small("spp"), tmp_path, "What is six times seven?")
    recorded(small("debate"), tmp_path)
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["runs", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_lists_runs_newest_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys, str(folder))
    assert [run["method"] for run in found["runs"]] == ["debate", "spp"]
    first = found["runs"][0]
    assert first["question"] == QUESTION and first["state"] == "finished" and first["members"]
    assert main(["runs", str(folder)]) == 0
    text = capsys.readouterr().out
    assert text.index("debate") < text.index("spp") and "2 runs in " in text and "finished" in text


def test_filters(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [r["method"] for r in listed(capsys, str(folder), "--method", "spp")["runs"]] == ["spp"]
    assert listed(capsys, str(folder), "--question", "SIX times")["found"] == 1
    few = listed(capsys, str(folder), "--limit", "1")
    assert few["found"] == 2 and len(few["runs"]) == 1
    assert listed(capsys, str(folder), "--method", "moa")["runs"] == []


def test_an_unreadable_file_is_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.jsonl").write_text('{"no": "record"}\n')
    found = listed(capsys, str(folder))
    assert found["found"] == 2 and found["unreadable"] == 1


def test_lists_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MANYMINDS_RUNS", str(tmp_path / "none"))
    monkeypatch.setenv("COLUMNS", "300")  # a path is not broken across lines
    assert main(["runs"]) == 0
    assert "no runs in " in capsys.readouterr().out
    assert main(["runs", str(tmp_path / "other")]) == 2
    assert "the folder does not exist" in capsys.readouterr().err


def test_prunes_old_records_and_their_pages(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = next(folder.glob("*spp*"))
    old.with_suffix(".html").touch()
    questions = folder / "questions.jsonl"
    questions.write_text('{"question": "Q?"}\n')
    before = time() - 10 * 86_400
    for file in (old, questions):
        os.utime(file, (before, before))
    assert main(["runs", str(folder), "--prune", "11"]) == 0
    assert "0 records deleted" in capsys.readouterr().out
    assert main(["runs", str(folder), "--prune", "9"]) == 0
    assert "1 record deleted" in capsys.readouterr().out
    assert questions.exists() and len(list(folder.iterdir())) == 2
    assert main(["runs", str(folder), "--prune", "9", "--method", "spp"]) == 2


def test_runs_of_an_evaluation_are_listed_shown_and_pruned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs"
    monkeypatch.setenv("MANYMINDS_RUNS", str(folder))
    data = tmp_path / "q.jsonl"
    data.write_text(json.dumps({"id": "a", "question": QUESTION, "answer": "112"}) + "\n")
    command = ["eval", "agent-forest", str(data), "--member", "simulated:small", "--samples", "1"]
    assert main(command) == 0
    (folder / "later.jsonl").write_text('{"no": "record"}\n')  # and a file of another kind
    (folder / "gone.jsonl").symlink_to(folder / "nowhere")
    capsys.readouterr()
    found = listed(capsys)
    assert [run["question"] for run in found["runs"]] == [QUESTION]
    assert main(["show"]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert "-eval-agent-forest" in page.parent.name and QUESTION in page.read_text("utf-8")
    (record,) = folder.glob("*-eval-agent-forest/*.jsonl")
    os.utime(record, (1, 1))
    assert main(["runs", "--prune", "1"]) == 0
    assert "1 record deleted" in capsys.readouterr().out
    assert {one.name for one in folder.iterdir()} == {"later.jsonl", "gone.jsonl"}


def without_end(path: Path, **changes: object) -> str:
    """Take the end off a record, change its process, and return its state."""
    first, *rest = path.read_bytes().splitlines(keepends=True)
    line = json.loads(first)
    line["process"] |= changes
    kept = [part for part in rest if b'"type": "end"' not in part and b'"type":"end"' not in part]
    path.write_bytes(json.dumps(line).encode() + b"\n" + b"".join(kept))
    return load_run(path).state


def test_running_and_broken_off_are_told_apart(tmp_path: Path) -> None:
    path = recorded(small("spp"), tmp_path).path
    assert load_run(path).state == "finished"
    assert without_end(path) == "running"  # the process of this test
    assert without_end(path, started="1") == "broken off"  # its id was given to another process
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert without_end(path, pid=gone.pid, started="") == "broken off"
    assert without_end(path, host="elsewhere") == "running"
    os.utime(path, (1, 1))
    assert load_run(path).state == "broken off"
