"""From tasks to training data by commands alone: tasks, eval or batch, export, check."""

import json
from pathlib import Path

import pytest

from manyminds.apps.cli import main
from manyminds.environments import ENVIRONMENTS
from manyminds.export.registry import EXPORTERS

AGENT = "simulated:agent?environment=sql&skill"
ACTING = ["--set", "environment=sql", "--set", "steps=6"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "tasks.jsonl"
    assert main(["tasks", "sql", "--limit", "6", "--out", str(file)]) == 0
    return file


def test_environments_are_listed_and_their_tasks_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tasks", "sql", "--out", str(tmp_path / "all.jsonl")]) == 0
    assert "200 tasks of sql in" in capsys.readouterr().out
    assert main(["tasks", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["environments"]
    assert [one["name"] for one in listed] == [*ENVIRONMENTS]
    assert listed[1]["tasks"] == {"train": 200, "dev": 50, "test": 100}
    assert main(["tasks"]) == 0
    assert "50 dev" in capsys.readouterr().out
    assert main(["tasks", "household", "--split", "dev", "--limit", "2"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wanted = ENVIRONMENTS["household"]().tasks("dev", 2)
    assert [row["question"] for row in rows] == [task.question for task in wanted]
    assert "answer" not in rows[0]  # the state decides


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["tasks", "chess"], "there is no environment 'chess'"),
        (["tasks", "sql", "--split", "all"], "use train, dev, test"),
        (["tasks", "sql", "--out", "/nowhere/at/all.jsonl"], "cannot write"),
        (["export", "--check"], "give the files to check"),
    ],
)
def test_what_cannot_be_used_is_said(
    words: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert wrong in capsys.readouterr().err


def test_from_tasks_to_checked_rows(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, out = tmp_path / "runs", tmp_path / "rows.jsonl"
    members = [f"--member={AGENT}={skill}" for skill in ("0.95", "0.3")]
    given = ["eval", "interaction", "--data", str(data), *members, *ACTING, "--record", str(runs)]
    assert main(given) == 0
    written = ["--format", "agenttuning", "--out", str(out)]
    assert main(["export", str(runs), *written, "--min-reward", "1", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out.rpartition("\n{")[2].join(["{", ""]))
    assert counts["read"] == 12 == counts["used"] + counts["dropped"]["reward too low"]
    assert 0 < counts["rows"] < 12
    card = out.with_name("rows.jsonl.card.md").read_text()
    assert "least reward: 1.0" in card and "| agent |" in card
    assert main(["export", str(out), "--check", "--format", "agenttuning"]) == 0
    assert f"{counts['rows']} rows in" in capsys.readouterr().out


def test_a_batch_of_attempts_is_exported_too(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, out = tmp_path / "made.jsonl", tmp_path / "rows.jsonl"
    given = ["batch", str(data), "--method", "interaction", *ACTING, "--form", "trajectories"]
    assert main([*given, f"--member={AGENT}=0.6", "--set", "temperatures=0.2,0.7",
                 "--out", str(made)]) == 0  # fmt: skip
    assert main(["export", str(made), "--format", "eto", "--out", str(out)]) == 0
    assert "trajectories: 12 read" in capsys.readouterr().out
    assert main(["export", str(out), "--check", "--format", "eto", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "eto"


@pytest.mark.parametrize("name", EXPORTERS)
def test_a_file_of_another_form_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = EXPORTERS[name]
    if form.layout == "parquet":
        return
    file, row = tmp_path / "rows", json.dumps({"text": "no row of any form"})
    file.write_text(f"[{row}]" if form.layout == "array" else f"{row}\n")
    assert main(["export", str(file), "--check", "--format", name]) == 2
    said = capsys.readouterr().err
    assert f"1 of 1 row does not have the form {name}" in said and "1: " in said
