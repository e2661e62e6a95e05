import json
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.apps.cli import main
from manyminds.models.simulated.arithmetic import questions


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")  # whatever the terminal has


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
    assert names == ["agent-forest", "moa", "spp", "self-refine", "best-member"]
    assert [one["calls"] for one in found["methods"]] == [7, 7, 7, 7, 1]
    assert set(found["methods"][-1]["who"].split(" / ")) <= {"small", "medium"}
    assert len(found["pairs"]) == 10 and sum(map(len, found["indistinguishable"])) >= 5
    assert 0 <= found["ceiling"]["interval"][0] <= found["ceiling"]["ceiling"] <= 1
    for one in found["methods"]:
        low, high = one["gain_interval"]
        assert low <= one["gain"] <= high
        assert (one["p"] is None) is (one["method"] == "best-member")
        assert one["tokens"] > 0 and one["seconds"] > 0


def test_options_of_one_method_and_of_all(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["-s", "debate.rounds=2", "-s", "debate.judge=simulated:small", "-s", "extract=math"]
    options += ["-s", "agent-forest.samples=5"]
    assert main([*arguments(path, "debate,moa"), *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["set"] == {
        "agent-forest": {"extract": "math", "samples": "5"},
        "debate": {"rounds": "2", "judge": "simulated:small", "extract": "math"},
    }
    forest, debate, moa, *_ = found["methods"]
    assert (forest["calls"], forest["options"]) == (5, {})
    assert (debate["planned"], debate["options"]) == (4, {})
    assert moa["options"] == {"layers": 4}


def test_what_is_set_is_shown(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["-s", "debate.topology=ring", "-s", "debate.judge=simulated:small?a-long-name=1"]
    assert main([*arguments(path, "debate"), *given[:2]]) == 0
    out = capsys.readouterr().out
    assert "topology ring" in out and "rounds 3" in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["debate.round=2"], "debate does not take round (did you mean rounds?)"),
        (["spp.prompt=x"], "spp is not compared; add it to --methods"),
        (["vote2=x"], "does not take vote2"),
        (["extract=math", "moa.extract=math"], "moa does not take extract"),
        (["extract=math", "debate.extract=text"], "extract is given twice for debate"),
        (["debate.rounds"], "write NAME=VALUE"),
    ],
)
def test_what_cannot_be_set(
    path: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [f"--set={one}" for one in given]
    assert main([*arguments(path, "debate,moa"), *sets]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_figures_for_reading(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(path, "self-refine"), "--repeats", "2", "--limit", "3"]) == 0
    out = capsys.readouterr().out
    assert "3 questions, 2 repeats, at most 7 calls each" in out
    assert "refinements 3" in out and "samples 7" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_prices_are_named_and_no_figure_is_cut(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = ["--price", "0.1,0.4", "--price", "medium=1,4"]
    command = [*arguments(path, "self-refine"), "--no-record", *prices]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(one["cost"] > 0 for one in found["methods"])
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "$0.0" in out and "\u2026" not in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert main([*arguments(path, "self-refine"), "--price", "large=1,1"]) == 2
    assert "there is no member large" in capsys.readouterr().err


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
    assert "at least one member" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["record", "no-record", "default"])
def test_runs_are_recorded_unless_that_is_switched_off(
    how: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANYMINDS_RUNS", str(tmp_path / "default"))
    flag = {"record": ["--record", str(tmp_path / "own")], "no-record": ["--no-record"]}
    assert main([*arguments(path, "self-refine"), "--limit", "1", *flag.get(how, [])]) == 0
    found = {name for name in ("own", "default") if list(tmp_path.glob(f"{name}/**/*.jsonl"))}
    assert found == {"record": {"own"}, "no-record": set(), "default": {"default"}}[how]
