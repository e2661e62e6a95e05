import json
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.apps.cli import main
from manyminds.models.arithmetic import questions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "sums.jsonl", [dict(row) for row in questions(6, 4, 1)])


def arguments(path: Path, methods: str, calls: int = 7) -> list[str]:
    members = [f"--member=simulated:{name}" for name in ("small", "medium")]
    options = ["--data", str(path), "--methods", methods, "--budget-calls", str(calls)]
    return ["compare", *options, *members]


def test_json_is_one_object(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(path, "moa, spp,moa"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["questions"], found["budget_calls"], found["extract"]) == (6, 7, "number")
    assert found["members"] == ["small", "medium"]
    names = [one["method"] for one in found["methods"]]
    assert names == ["agent-forest", "moa", "spp"]
    assert [one["calls"] for one in found["methods"]] == [7, 7, 7]
    for one in found["methods"]:
        low, high = one["gain_interval"]
        assert low <= one["gain"] <= high and 0 <= one["p"] <= 1
        assert one["tokens"] > 0 and one["seconds"] > 0


def test_figures_for_reading(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(path, "self-refine"), "--repeats", "2", "--limit", "3"]) == 0
    out = capsys.readouterr().out
    assert "3 questions, 2 repeats, at most 7 calls each" in out
    assert "refinements 3" in out and "samples 7" in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize(
    ("methods", "calls", "message"),
    [
        ("mao", 7, "did you mean"),
        ("moa", 2, "moa makes at least 3 calls"),
        ("stepwise-voting", 7, "cannot be compared at a given number"),
    ],
)
def test_what_cannot_be_compared(
    path: Path, methods: str, calls: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(path, methods, calls)) == 2
    assert message in capsys.readouterr().err


def test_nobody_to_ask(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["compare", "--data", str(path), "--methods", "moa", "--budget-calls", "7"]
    assert main(given) == 2
    assert "nobody to ask" in capsys.readouterr().err
