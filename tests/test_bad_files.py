"""Files that are hostile, broken or huge are one clear sentence, and take no time or memory."""

import asyncio
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import user
from helpers.server import Server

from manyminds import (
    InputError,
    Member,
    MemberError,
    create_agent_forest,
    create_debate,
    create_moa,
)
from manyminds.apps.cli import main
from manyminds.errors import DataError, PromptError
from manyminds.members_file import read_members
from manyminds.models.recorded import open_recorded
from manyminds.prompts import load

DEEP, NUMBER = "[" * 200_000, "9" * 5_000
BAD: dict[str, bytes] = {
    "deep list": DEEP.encode(),
    "deep object": b'{"a":' * 100_000,
    "closed deep list": (b"[" * 5_000 + b"]" * 5_000),
    "long number": f'{{"id": {NUMBER}, "question": "Q?", "answer": {NUMBER}}}'.encode(),
    "long number alone": NUMBER.encode(),
    "binary": bytes(range(256)),
    "UTF-16": '{"id": 1}'.encode("utf-16"),
    "empty": b"",
    "null": b"null",
    "torn": b'{"id": 1, "question": "Q',
    "huge exponent": b'{"id": 1e999999, "question": 1e999999, "samples": 3}',
    "surrogate key": b'{"\\ud800": "\\ud800"}',
}
bad = pytest.mark.parametrize("content", BAD.values(), ids=BAD)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that fails, in ten CPU seconds; return the one sentence that it prints."""
    began = time.process_time()
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(list(arguments)))
    assert time.process_time() - began < 10
    said = capsys.readouterr().err
    assert ended.value.code not in (0, None) and "Traceback" not in said, said
    assert 0 < len(said) < 1_500
    return said


@bad
@pytest.mark.parametrize("make", [open_recorded, read_members], ids=["recorded", "members"])
def test_a_file_of_members_or_answers(
    content: bytes, make: Callable[[Path], Any], tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises((DataError, MemberError)) as error:
        make(path)
    assert str(path) in str(error.value) and len(str(error.value)) < 500


@bad
@pytest.mark.parametrize("command", ["eval", "show", "resume"])
def test_a_command(
    content: bytes, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    asked = ["eval", "agent-forest", "--member", "simulated:small", "--samples", "1"]
    if command == "eval":
        told(capsys, *asked, "--data", str(path), "--out", str(tmp_path / "out"))
    elif command == "show":
        told(capsys, "show", str(path), "--out", str(tmp_path / "page.html"))
    else:
        good = tmp_path / "good.jsonl"
        good.write_text('{"id": "a", "question": "2+2?", "answer": "4"}\n')
        out = tmp_path / "out"
        out.mkdir()
        (out / "rows.jsonl").write_bytes(content + b"\n")
        (out / "config.json").write_bytes(content)
        if content:
            told(capsys, *asked, "--data", str(good), "--out", str(out))


@pytest.mark.integration
def test_a_gzip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    line = b'{"id": "a", "question": "Q?", "samples": ["x"]}' + b" " * (1 << 20) + b"\n"
    path.write_bytes(gzip.compress(line * 300))
    with pytest.raises(DataError, match="times as large"):
        open_recorded(path)


PROMPTS: dict[str, str] = {
    "deep list": "purpose: " + "[" * 5_000,
    "deep block": "\n".join("  " * n + "a:" for n in range(1_000)),
    "alias bomb": "a: &a [x, x]\n"
    + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(30))
    + "purpose: *b29",
    "number": f"version: {NUMBER}",
    "hexadecimal number": "version: 0x" + "f" * 5_000,
    "number in text": "purpose: 0x" + "f" * 5_000,
    "tag": "purpose: !!python/object/apply:os.system [true]",
    "set": "purpose: {{a: b}: c}",
}


@pytest.mark.parametrize("front", PROMPTS.values(), ids=PROMPTS)
def test_a_prompt_file(front: str, tmp_path: Path) -> None:
    path, began = tmp_path / "p.md", time.process_time()
    path.write_text(f"---\n{front}\n---\n## system\nBe good.\n## messages\n")
    with pytest.raises(PromptError) as error:
        load(path, variables=set())
    assert len(str(error.value)) < 500 and time.process_time() - began < 5


def test_a_mark_before_the_first_byte_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "members.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"members": [{"model": "a:b"}]}).encode())
    assert read_members(path) == [("a:b", {})]


@pytest.mark.parametrize("count", [10**20, 10**400, 1_000_001])
def test_a_count_that_no_run_could_end_with(count: int) -> None:
    with pytest.raises(InputError, match="too large"):
        create_agent_forest("simulated:small", samples=count)
    with pytest.raises(InputError, match="too large"):
        create_moa(["simulated:small"], layers=count)
    with pytest.raises(InputError, match="too large"):
        create_debate(["simulated:small"] * 2, rounds=count)


def test_a_count_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("99999999999999999999", "9" * 5_000, "-1", "1e9"):
        option = f"samples={text}"
        told(
            capsys,
            "ask",
            "Q?",
            "--method",
            "agent-forest",
            "--member",
            "simulated:small",
            "-s",
            option,
        )


@pytest.mark.parametrize("where", ["id", "question"])
def test_half_a_surrogate_pair_in_data(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"id": "a", "question": "2+2?", "answer": "4"}
    row[where] += "\ud83d"
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(row) + "\n")
    out = str(tmp_path / "out")
    said = told(
        capsys, "eval", "agent-forest", "--data", str(path), "--member", "simulated:small",
        "--out", out,
    )  # fmt: skip
    assert "is not UTF-8 text: correct it" in said


def test_half_a_surrogate_pair_in_a_question_reaches_the_endpoint_without_it() -> None:
    with Server() as server:
        app = create_agent_forest(Member(f"m@{server.url}"), samples=1).compile()
        result = asyncio.run(app.ainvoke(user("What is \ud83d two?")))
        assert len(server.requests) == 1 and result["report"]["degraded"] is None
