import json
from pathlib import Path

import pytest

from manyminds.apps.cli import main
from manyminds.apps.options import options_of
from manyminds.registry import methods


def test_methods_as_json_follow_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["methods"]
    assert [one["name"] for one in listed] == list(methods())
    for one in listed:
        assert one["paper"] and one["calls"] and one["use"]


@pytest.mark.parametrize("columns", ["40", "80"])
@pytest.mark.parametrize("name", methods())
def test_one_method_with_its_options(
    name: str, columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["methods", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == name and "Options" in lines
    assert all(len(line) <= int(columns) and line == line.rstrip() for line in lines)
    shown = {line.split()[0] for line in lines if line.startswith("  ") and line.strip()}
    assert options_of(methods()[name]).keys() <= shown


def test_one_method_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "debate", "--json"]) == 0
    options = {one["name"]: one for one in json.loads(capsys.readouterr().out)["options"]}
    rounds, judge = options["rounds"], options["judge"]
    assert (rounds["kind"], rounds["default"], rounds["role"]) == ("a whole number", "2", False)
    assert rounds["about"].startswith("Number of rounds, at most")
    assert judge["role"] and not judge["required"]


def test_a_method_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "debat"]) == 2
    assert "did you mean `debate`?" in capsys.readouterr().err


@pytest.mark.parametrize("columns", ["40", "100"])
def test_methods_on_a_screen(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert set(methods()) <= set(lines)
    assert all(len(line) <= int(columns) and line == line.rstrip() for line in lines)


def test_prompts_tell_ours_from_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "moa").mkdir()
    mine = tmp_path / "moa" / "synthesis.v7.md"
    mine.write_text("---\npurpose: Mine\n---\n## system\n\nUse {{{answers}}}.\n\n## messages\n")
    monkeypatch.setenv("MANYMINDS_PROMPTS", str(tmp_path))
    assert main(["prompts", "--json"]) == 0
    listed = {(p["name"], p["version"]): p for p in json.loads(capsys.readouterr().out)["prompts"]}
    assert listed["moa/synthesis", 7]["from"] == "user"
    assert listed["moa/synthesis", 1]["from"] == "manyminds"
    assert listed["moa/synthesis", 1]["variables"] == ["answers"]
    assert main(["prompts"]) == 0
    assert "moa/synthesis@7  yours: " in capsys.readouterr().out
    assert main(["prompts", "moa/synthesis"]) == 0
    out = capsys.readouterr().out
    assert "moa/synthesis@7" in out and "Use {{{answers}}}." in out and "yours" in out


def test_one_prompt_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prompts", "moa/synthesis@1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["text"].startswith("---\nname: moa/synthesis")
    assert Path(shown["file"]).name == "synthesis.v1.md"


def test_a_folder_of_prompts_that_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MANYMINDS_PROMPTS", "/nowhere")
    assert main(["prompts"]) == 2
    assert "/nowhere" in capsys.readouterr().err


QUESTION = "Start with 7. Add 5. What is the result?"


@pytest.mark.parametrize(
    ("command", "listed"),
    [
        (["methods", "foo"], "there are: agent-forest, best-of-n"),
        (["ask", "--member", "simulated:small", "--stop", "quick:1", QUESTION], "beta or"),
        (["ask", "-m", "stepwise-voting", "--member", "simulated:small", "--task", "x", QUESTION],
         "arithmetic or hanoi or reasoning"),
        (["tasks", "zoo"], "household"),
    ],
)  # fmt: skip
def test_where_no_name_is_near_all_are_listed(
    command: list[str], listed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "did you mean" not in said and listed in said


def test_a_wrong_value_is_named_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "--for", "judge"]) == 2
    said = capsys.readouterr().err
    assert "'judge' is not one of 'proposer', 'aggregator'" in said and "Value error" not in said
