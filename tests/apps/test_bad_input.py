"""Files and numbers that a command cannot use end it with one sentence and code 2."""

import json
from pathlib import Path

import pytest

from manyminds.apps.cli import main

SMALL = ["--member", "simulated:small", "--member", "simulated:medium"]
READERS = {
    "eval": ["eval", "agent-forest", *SMALL, "--no-record", "--data"],
    "compare": ["compare", "--methods", "moa", "--budget-calls", "5", *SMALL, "--data"],
    "batch": ["batch", "--method", "agent-forest", *SMALL, "--out", "out.jsonl"],
    "select": ["select", *SMALL, "--data"],
    "show": ["show"],
    "export": ["export", "--out", "out.json"],
    "serve": ["serve", "--config"],
    "mcp": ["mcp", "--config"],
    "members": ["ask", "hi", "--members"],
    "recorded": ["ask", "hi", "--members-from"],
    "prompts": ["prompts"],
}
FILES = ["missing", "empty", "cut", "binary", "folder"]


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("command", READERS)
def test_a_file_that_cannot_be_used_is_one_sentence(
    command: str,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("given.jsonl")
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_bytes({"empty": b"", "cut": b'{"a": ', "binary": bytes(range(256))}[kind])
    assert main([*READERS[command], str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("manyminds: ")
    # The file or what is missing in it is named once, in words, not as Python shows an error.
    assert "Errno" not in err and "Traceback" not in err and err.count(": this is no") <= 1
    assert err.count("given.jsonl") <= 2 and "no model is set up" not in err


@pytest.mark.parametrize("ratio", ["nan", "inf", "-1", "0"])
def test_a_share_that_is_no_number_is_one_sentence(
    ratio: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    said = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    rows.write_text(json.dumps({"messages": said}), encoding="utf-8")
    assert main(["export", str(rows), "--out", str(tmp_path / "x"), "--ratio", ratio]) == 2
    assert "ratios must be finite" in capsys.readouterr().err


def test_the_command_that_shows_a_run_stands_on_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    folder = tmp_path / ("a-long-name-of-a-folder-" * 4)
    question = "Start with 7. Add 5. What is the result?"
    assert main(["ask", *SMALL, "--record", str(folder), question]) == 0
    command = capsys.readouterr().out.splitlines()[-1].removeprefix("look at it  ")
    assert main(command.removeprefix("manyminds ").split()) == 0
    assert Path(capsys.readouterr().out.strip()).exists()
