"""Where the command line puts records of its runs, and how to have none."""

import json
from pathlib import Path

import pytest

from manyminds import load_runs
from manyminds.apps.cli import main
from manyminds.apps.recording import VARIABLE, runs_folder
from manyminds.models.simulated.model import questions

QUESTION = "Start with 7. Add 5. Multiply by 3. What is the result?"
ASK = ["ask", "--json", "--member", "simulated:small", "--samples", "3"]


def test_ask_names_its_record(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*ASK, "--record", str(tmp_path), QUESTION]) == 0
    found = json.loads(capsys.readouterr().out)
    (run,) = load_runs(tmp_path)
    assert found["record"] == str(run.path)
    assert run.answer == found["answer"] and len(run.calls) == 3
    assert run.replay(strict=True)["answer"] == run.answer


def test_ask_records_into_the_users_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    assert main([*ASK, QUESTION]) == 0
    assert Path(json.loads(capsys.readouterr().out)["record"]).parent == tmp_path / "mine"
    monkeypatch.delenv(VARIABLE)
    assert runs_folder().parts[-1] == "runs" and runs_folder().is_absolute()


def test_ask_records_nothing_where_it_is_told_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert main([*ASK, "--no-record", QUESTION]) == 0
    assert json.loads(capsys.readouterr().out)["record"] is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_does_not_stop_a_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "runs"))
    assert main([*ASK, QUESTION]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["record"] is None
    assert "nothing is recorded" in err and "--record DIR" in err


def test_eval_has_a_folder_for_each_evaluation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in questions(3)), encoding="utf-8")
    command = ["eval", "agent-forest", "--data", str(rows), "--member", "simulated:small"]
    assert main([*command, "--samples", "2", "--json"]) == 0
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert folder.name.endswith("-eval-agent-forest")
    assert [len(run.calls) for run in load_runs(folder)] == [2, 2, 2]
