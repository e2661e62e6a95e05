"""`manyminds show`: the page in a file, and the runs of a folder followed live."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.browser import chromium, opened
from helpers.registry import QUESTION, small
from helpers.runs import recorded, smoa

from manyminds import Member, Price, create_agent_forest
from manyminds.apps.cli import main


@contextmanager
def served(folder: Path) -> Generator[str]:
    """Serve a folder on a free port, as a user would; give the address."""
    command = [sys.executable, "-m", "manyminds", "show", "--serve", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield line.split(": ")[1].split(" ")[0]
        finally:
            process.terminate()
            process.wait()


def test_writes_a_page_beside_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = recorded(smoa(), tmp_path / "runs")
    assert main(["show", str(record.path)]) == 0
    target = Path(capsys.readouterr().out.strip())
    assert target == record.path.with_suffix(".html")
    text = target.read_text(encoding="utf-8")
    assert record.question in text and text.startswith("<!doctype html>")


def test_shows_the_newest_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(small("moa"), tmp_path)
    recorded(small("debate"), tmp_path)
    out = tmp_path / "page.html"
    assert main(["show", str(tmp_path), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "<title>debate: " in out.read_text(encoding="utf-8")


def test_shows_what_was_asked_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MANYMINDS_RUNS", str(tmp_path))
    assert main(["ask", "--member", "simulated:small", "--samples", "3", QUESTION]) == 0
    capsys.readouterr()
    assert main(["show"]) == 0
    assert QUESTION in Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")


def test_shows_a_run_that_was_broken_off(tmp_path: Path) -> None:
    record = recorded(smoa(), tmp_path)
    lines = record.path.read_bytes().splitlines(keepends=True)
    record.path.write_bytes(b"".join(lines[:-4]) + lines[-4][:20])
    assert main(["show", str(record.path)]) == 0
    assert "data-state>running<" in record.path.with_suffix(".html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is no record of a run in this folder"),
        (["a.jsonl", "--serve", "."], "leave out RUN.jsonl"),
        (["missing.jsonl"], "missing.jsonl: "),
        (["--serve", "missing"], "the folder does not exist"),
        (["--serve", ".", "--out", "x.html"], "leave out RUN.jsonl and --out"),
        (["empty.jsonl"], "there is no run in it yet"),
        (["wrong.jsonl"], "line 1"),
        ([".", "--out", "empty.jsonl"], "is the record itself"),
    ],
)
def test_says_what_to_give(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MANYMINDS_RUNS", str(tmp_path / "none"))
    (tmp_path / "none").mkdir()
    Path("wrong.jsonl").write_text('{"no": "record"}\n')
    if "." in arguments and "--serve" not in arguments:
        recorded(small("spp"), tmp_path)
        next(p for p in tmp_path.glob("*spp*")).rename("empty.jsonl")
    elif "empty.jsonl" in arguments:
        Path("empty.jsonl").touch()
    assert main(["show", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_taken_port_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["show", "--serve", str(tmp_path), "--port", port]) == 2
    assert f"--port {port}: " in capsys.readouterr().err


@pytest.mark.integration
def test_serves_this_machine_and_this_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    record = recorded(small("spp"), folder)
    (tmp_path / "secret.jsonl").write_text("secret")
    (folder / "notes.txt").write_text("secret")
    (folder / "other.jsonl").write_text('{"no": "record"}\n')
    with served(folder) as address:

        def answer(path: str, **headers: str) -> tuple[int, str]:
            request = urllib.request.Request(address + path, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    return response.status, response.headers["ETag"] or response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        status, text = answer("")
        assert status == 200 and record.path.name in text and "/runs/other" not in text
        for path in ("runs/..%2Fsecret.jsonl", "runs/notes.txt", "runs/missing.jsonl"):
            assert answer(path)[0] == 404
        assert answer("runs/other.jsonl")[0] == 422
        assert answer("", Host="evil.example")[0] == 403
        status, mark = answer(f"runs/{record.path.name}")
        assert status == 200
        assert answer(f"runs/{record.path.name}", **{"If-None-Match": mark})[0] == 304


@pytest.mark.integration
def test_the_list_is_searched_and_says_what_all_cost(tmp_path: Path) -> None:
    recorded(small("spp"), tmp_path, "What is six times seven?")
    recorded(small("debate"), tmp_path)
    priced = Member("simulated:large", price=Price(input=1_000, output=1_000))
    cost = recorded(create_agent_forest(priced, samples=1), tmp_path).cost or 0
    with chromium() as browser, served(tmp_path) as address, opened(browser, address) as shown:
        shown.wait_for_selector("#filter:not([hidden])")
        rows = shown.locator("#runs li")
        assert rows.count() == 3 and "large" in rows.first.inner_text()
        assert shown.inner_text("#total") == f"3 runs, ${cost:.4f}, 2 costs unknown"
        shown.fill("#filter input", "SIX times")
        shown.wait_for_selector("#total:has-text('1 of 3')")
        assert rows.count() == 1
        assert shown.inner_text("#total") == "1 of 3 runs, 1 cost unknown"
        shown.fill("#filter input", "")
        shown.select_option("#filter select", "agent-forest")
        shown.wait_for_selector("#total:has-text('1 of 3 runs, $')")
        assert shown.inner_text("#total") == f"1 of 3 runs, ${cost:.4f}"


@pytest.mark.integration
def test_a_live_run_is_followed(tmp_path: Path) -> None:
    record = recorded(smoa(layers=4, stop="never"), tmp_path / "done")
    lines = record.path.read_bytes().splitlines(keepends=True)
    calls = [at for at, line in enumerate(lines) if line.startswith(b'{"type":"call"')]
    half = calls[5] + 1
    live = tmp_path / "live"
    live.mkdir()
    with chromium() as browser, served(live) as address:
        (live / "run.jsonl").write_bytes(b"".join(lines[:half]))
        with opened(browser, address) as shown:
            assert "running" in shown.inner_text("li")
            shown.click("li a")
            assert shown.inner_text("#count") == "6"
            assert "no answer yet" in shown.inner_text(".mm-answer")
            shown.locator(".mm-call summary").first.click()
            shown.click("summary:has-text('Timeline')")
            with (live / "run.jsonl").open("ab") as file:
                file.write(b"".join(lines[half : calls[-2]]) + lines[calls[-2]][:30])
                file.flush()
                shown.wait_for_selector(".mm-call:nth-child(7)")
                assert shown.locator(".mm-call[open]").count() == 1  # as it was left
                assert not shown.locator(
                    "details:has(> summary:has-text('Timeline'))[open]"
                ).count()
                file.write(lines[calls[-2]][30:] + b"".join(lines[calls[-2] + 1 :]))
            shown.wait_for_selector("[data-state]", state="detached")
            assert shown.inner_text("#count") == str(len(record.calls))
            assert (record.answer or "").split() == shown.inner_text(".mm-answer").split()
