"""`manyminds read`: what a vote reads in replies, where, and which replies are the same."""

import json
import os
from pathlib import Path

import pytest

from manyminds.apps.cli import main
from manyminds.apps.read import Reading, read_replies, texts_of
from manyminds.errors import DataError


def read_json(
    file: Path, capsys: pytest.CaptureFixture[str], *arguments: str
) -> list[dict[str, object]]:
    assert main(["read", "--json", *arguments, str(file)]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_equal_answers_have_one_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "replies.txt"
    file.write_text('The answer is 42.\n{"text": "Answer: 42.0"}\n\nI do not know\n')
    found = read_json(file, capsys, "--kind", "number")
    assert [one["group"] for one in found] == [1, 1, None]
    assert [one["answer"] for one in found] == ["42", "42.0", None]
    assert set(found[0]) == {"text", "kind", "answer", "group", "where", "why"}
    assert found[2]["why"]


WHERE = {
    '{"answer": 42}': "JSON field",
    "So \\boxed{42}": "box",
    "The answer is 42.": "cue",
    "The answer is 41. No, it is 42.": "cue, corrected",
    "6 * 7\n#### 42": "####",
    "```python\nprint(42)\n```": "code fence",
    "It is **42**.": "bold text",
    "Total: 42 dollars": "result",
    "First 6. Then 7. So 6 * 7 = 42": "equation",
    "Here are 6 boxes. Each has 7. In total there are 42 eggs.": "last sentence",
    "42": "whole reply",
}


def test_every_place_has_its_name() -> None:
    found = read_replies(list(WHERE))
    assert {one.text: one.where for one in found} == WHERE
    assert {(one.kind, one.group) for one in found} == {("number", 1)}


def test_the_kind_is_decided_for_all_replies_with_the_question() -> None:
    question = "Which city? (A) Paris (B) Lyon"
    found = read_replies(["B", "The answer is Lyon.", "Paris"], question=question)
    assert [(one.kind, one.answer, one.group) for one in found] == [
        ("choice", "B", 1),
        ("choice", "B", 1),
        ("choice", "A", 2),
    ]


def test_equal_formulas_are_one_group_in_their_own_words() -> None:
    found = read_replies(["\\boxed{(x+1)^2}", "\\boxed{x^2+2x+1}", "\\boxed{x^2}"])
    assert [one.group for one in found] == [1, 1, 2]
    assert found[1].answer == "x^2+2x+1"


@pytest.mark.parametrize(
    ("kind", "of", "reply", "answer"),
    [
        ("ranking", "3", "Ranking: 2, 1, 3", [2, 1, 3]),
        ("stop", "1", "We should not stop.", False),
        ("pick", "3", "{'choice': 2}", 2),
        ("confidence", "1", "Confidence: 9/10", 90),
        ("rating", "1", "Score: 4/5", 8),
        ("plan", "1", '{"questions": ["a?", "b?"]}', ["a?", "b?"]),
        ("roles", "2", "1. You are A.\\n2. You are B.", ["You are A.", "You are B."]),
        ("pick", "3", "None of them.", None),
    ],
)
def test_a_role_reply_gives_its_value(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    of: str,
    reply: str,
    answer: object,
) -> None:
    file = tmp_path / "replies.txt"
    file.write_text(json.dumps({"text": reply.replace("\\n", "\n")}) + "\n")
    [found] = read_json(file, capsys, "--kind", kind, "--of", of)
    assert found["answer"] == answer and found["kind"] == kind and found["group"] is None
    assert (found["why"] is None) == (answer is not None) == (found["where"] is not None)


@pytest.mark.parametrize("arguments", [["nowhere.txt"], ["--kind", "colour", "nowhere.txt"]])
def test_wrong_input_is_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", *arguments]) == 2 or "cannot read" in capsys.readouterr().err


def test_a_near_kind_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "replies.txt"
    file.write_text("5\n")
    assert main(["read", "--kind", "numbr", str(file)]) != 0
    assert "'number'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"\xff\xfe\x00", b"\x00\n", b"[" * 5000, b'{"text": "\\ud83d 5"}',
     b'{"text": null}', b'{"text": 5}', b"9" * 6000, b'{"text": ' + b"9" * 6000 + b"}",
     b"\xef\xbb\xbf7\r\n7\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["--json", "--no-json"])
def test_any_file_is_read_or_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, form: str
) -> None:
    file = tmp_path / "replies.txt"
    file.write_bytes(data)
    done = main(["read", str(file)] if form == "--no-json" else ["read", form, str(file)])
    out, err = capsys.readouterr()
    assert (done == 0 and out and not err) or (done != 0 and err.count("\n") == 1)
    out.encode()


def test_a_pipe_and_a_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", tmp_path, "a\x00b"):
        assert main(["read", str(source)]) != 0
        assert "cannot read" in capsys.readouterr().err


def test_a_reply_of_a_megabyte_is_read_at_its_end() -> None:
    found = read_replies(["x = 1; " * 150_000 + "The answer is 5.", "5"])
    assert [one.group for one in found] == [1, 1]
    assert isinstance(found[0], Reading)


def test_a_closed_standard_input_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match="standard input is closed"):
        texts_of("-")
