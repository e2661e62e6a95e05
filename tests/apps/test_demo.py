import json

import pytest

from manyminds.apps import demo
from manyminds.apps.cli import main


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "FAST_QUESTIONS", 12)


def test_figures_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--fast", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert found["simulated"] is True
    calls = {row["name"]: row["calls"] for row in found["rows"]}
    assert calls == {
        "alone": 12,
        "agent-forest N=1": 12,
        "agent-forest N=5": 60,
        "agent-forest N=10": 120,
        "agent-forest N=20": 240,
        "agent-forest N=40": 480,
        "moa, 6 proposers": 84,
    }
    for row in found["rows"]:
        low, high = row["interval"]
        assert 0 <= low <= row["accuracy"] <= high <= 1
        assert row["cost"] > 0 and row["n"] == 12 and row["failed"] == 0


def test_another_seed_other_questions(capsys: pytest.CaptureFixture[str]) -> None:
    def tokens(seed: str) -> list[int]:
        assert main(["demo", "--fast", "--json", "--seed", seed]) == 0
        return [row["tokens"] for row in json.loads(capsys.readouterr().out)["rows"]]

    assert tokens("1") == tokens("1") != tokens("2")


@pytest.mark.parametrize("columns", ["40", "80"])
def test_the_screen(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["demo", "--fast"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert all(len(line) <= int(columns) for line in lines)
    assert "no real model was asked" in " ".join(out.split())
    assert sum(line.startswith("agent-forest N=") for line in lines) == 5
    assert "…" not in out
    assert "Where to go next" in lines
