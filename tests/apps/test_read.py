"""`manyminds read`: what a vote reads in replies."""

import json
from pathlib import Path

import pytest

from manyminds.apps.cli import main


def test_equal_answers_have_one_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "replies.txt"
    file.write_text('The answer is 42.\n{"text": "Answer: 42.0"}\n\nI do not know\n')
    assert main(["read", "--kind", "number", "--json", str(file)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["group"] for one in found] == [1, 1, None]
    assert [one["answer"] for one in found] == ["42", "42.0", None]
    assert set(found[0]) == {"text", "kind", "answer", "group", "where", "why"}
    assert found[2]["why"]


def test_a_role_reply_gives_its_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "replies.txt"
    file.write_text("Ranking: 2, 1, 3\n")
    assert main(["read", "--kind", "ranking", "--of", "3", "--json", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == [2, 1, 3]


@pytest.mark.parametrize("arguments", [["nowhere.txt"], ["--kind", "colour", "nowhere.txt"]])
def test_wrong_input_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", *arguments]) == 2 or "cannot read" in capsys.readouterr().err
