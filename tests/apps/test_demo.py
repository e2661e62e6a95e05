import json

import pytest

from manyminds.apps import demo
from manyminds.apps.cli import main
from manyminds.registry import methods


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "FAST_QUESTIONS", 12)


@pytest.mark.integration
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


@pytest.mark.parametrize("name", methods())
def test_every_method_is_shown(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "FAST_QUESTIONS", 2)
    monkeypatch.setattr(demo, "_SIZES", (1,))
    assert main(["demo", "--fast", "--json", "--method", name]) == 0
    last = json.loads(capsys.readouterr().out)["rows"][-1]
    assert last["name"] == name and last["unanswered"] == 0
    assert last["calls"] > 0 and last["cost"] > 0


def test_a_method_is_shown_as_it_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_SIZES", (1,))
    options = ["--set", "rounds=3", "--set", "consensus=no"]
    assert main(["demo", "--fast", "--json", "-m", "debate", *options]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][-1]["calls"] == 12 * 6 * 3
    assert main(["demo", "--fast", "--set", "layers=3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][-1]["calls"] == 12 * (6 * 2 + 1)


def test_what_is_wrong_is_said_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo", "-m", "debate", "-s", "round=3"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "did you mean rounds?" in err


@pytest.mark.integration
def test_another_seed_other_questions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_SIZES", (1, 5))

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
