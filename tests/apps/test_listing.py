import json
from pathlib import Path

import pytest

from manyminds.apps.cli import main
from manyminds.methods import methods


def test_methods_as_json_follow_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["methods"]
    assert [one["name"] for one in listed] == list(methods())
    for one in listed:
        assert one["paper"] and one["calls"] and one["use"]


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
