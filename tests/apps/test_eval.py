import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.answers import sums, write_rows

from manyminds.apps.cli import main
from manyminds.models import strings
from manyminds.models.simulated.arithmetic import questions
from manyminds.registry import methods

RUN = [sys.executable, "-m", "manyminds", "eval"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return sums(tmp_path / "sums.jsonl.gz")


def recorded(path: Path, *models: str) -> list[str]:
    return [part for model in models for part in ("--member", f"recorded:{path}#model={model}")]


def test_json_is_one_object_with_everything_asked_for(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["eval", "agent-forest", "--data", str(path), "--members-from", str(path)]
    assert main([*arguments, "--samples", "3", "--repeats", "2", "--json"]) == 0
    output = capsys.readouterr()
    found = json.loads(output.out)
    assert output.err == ""
    assert found["method"] == "agent-forest"
    assert found["members"] == ["good", "fair", "mute"]
    assert (found["n"], found["repeats"], found["calls"], found["failed"]) == (8, 2, 48, 16)
    assert (found["samples_per_question"], found["rounds_per_question"]) == (3, 1)
    assert (found["extract"], found["seed"], found["cost"]) == ("number", 0, None)
    assert found["interval"][0] <= found["accuracy"] <= found["interval"][1]


def test_figures_for_reading(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["eval", "agent-forest", "--data", str(path), "--samples", "1"]
    assert main([*arguments, *recorded(path, "mute")]) == 0
    output = capsys.readouterr()
    assert "agent-forest, 1 member" in output.out
    assert "0.0%" in output.out
    assert "8 runs, counted as not correct" in output.out
    assert "8 runs ended without an answer" in output.err


def test_code_is_voted_by_similarity_and_graded_by_flags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["    return x + x\n", "    return 2 * x\n", "    return 2 * x\n", "", "    pass\n"]
    row = {"id": "c", "prompt": "def f(x):\n", "entry_point": "f", "test": "", "model": "m"}
    path = write_rows(tmp_path / "code.jsonl", [{**row, "samples": texts}])
    write_rows(tmp_path / "code_passed.jsonl", [{"id": "c", "passed": [1, 1, 1, 0, 0]}])
    arguments = ["eval", "agent-forest", "--data", str(path), "--members-from", str(path)]
    assert main([*arguments, "--samples", "5", "--out", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["accuracy"], found["extract"], found["failed"]) == (1.0, "code", 1)
    kept = json.loads((tmp_path / "out" / "rows.jsonl").read_text())
    assert kept["answer"] == "    return 2 * x"


def test_code_is_run_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": "c", "prompt": "def f(x):\n", "entry_point": "f", "model": "m"}
    test = "def check(f):\n    assert f(2) == 4\n"
    path = write_rows(
        tmp_path / "code.jsonl", [{**row, "test": test, "samples": ["    return 2 * x\n"]}]
    )
    arguments = ["eval", "agent-forest", "--data", str(path), "--members-from", str(path)]
    arguments += ["--samples", "1", "--json"]
    assert main(arguments) == 2
    assert "--run-code" in capsys.readouterr().err
    assert main([*arguments, "--run-code"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1.0


@pytest.mark.parametrize("name", methods())
def test_every_method_is_measured(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "arithmetic.jsonl", [{**row} for row in questions(1, 1)])
    arguments = ["eval", name, "--data", str(data), "--member", "simulated:large", "--json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["method"], found["n"], found["unanswered"]) == (name, 1, 0)
    assert found["calls"] > 0 and 0 <= found["accuracy"] <= 1


def test_what_is_set_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "arithmetic.jsonl", [{**row} for row in questions(2, 2)])
    members = ["--member", "simulated:small", "--member", "simulated:large"]
    options = ["-s", "rounds=3", "-s", "consensus=false", "-s", "extract=math", "--json"]
    assert main(["eval", "debate", "--data", str(data), *members, *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["options"] == {"rounds": 3, "consensus": False, "extract": "math"}
    assert (found["extract"], found["calls"], found["samples_per_question"]) == ("math", 12, 6)


def test_a_method_for_one_member_gets_one(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["eval", "self-moa", "--data", str(path), "--limit", "2"]
    assert main([*arguments, "--member", "simulated:large", "--samples", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == 6
    assert main([*arguments, *recorded(path, "good", "fair")]) == 2
    assert "self-moa asks one member" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["agent-forrest"], "did you mean `agent-forest`", id="method"),
        pytest.param(["moa", "--samples", "3"], "moa does not take samples: it takes", id="option"),
        pytest.param(["agent-forest", "--vote", "best"], "vote='best': use one of", id="vote"),
        pytest.param(["agent-forest", "--extract", "digits"], "no extractor 'digits'", id="kind"),
        pytest.param(["agent-forest", "--repeats", "0"], "repeats", id="repeats"),
        pytest.param(["agent-forest", "--grades", "none.jsonl"], "cannot read none", id="grades"),
    ],
)
def test_bad_input_is_one_sentence(
    path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    given = ["eval", *arguments, "--data", str(path), "--json", *recorded(path, "good")]
    assert main(given) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert says in output.err
    assert len(output.err.splitlines()) == 1


def test_nobody_to_ask_and_no_data(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strings, "discover", list[str])
    assert main(["eval", "agent-forest", "--data", str(path)]) == 2
    assert "no model is set up" in capsys.readouterr().err
    assert main(["eval", "agent-forest", "--data", "gone.jsonl", "--member", "simulated:"]) == 2
    assert "cannot read gone.jsonl" in capsys.readouterr().err


def slow_forest(tmp_path: Path) -> list[str]:
    rows = [{**row} for row in questions(12, 2)]
    data = write_rows(tmp_path / "arithmetic.jsonl", rows)
    arguments = ["agent-forest", "--data", str(data), "--samples", "1", "--concurrency", "2"]
    return [*RUN, *arguments, "--member", "simulated:medium?latency=0.3"]


@pytest.mark.integration
def test_an_interrupted_evaluation_says_what_is_kept_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [*slow_forest(tmp_path), "--out", str(out), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        _until(lambda: (out / "rows.jsonl").exists() and (out / "rows.jsonl").stat().st_size > 0)
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=30)
    kept = len((out / "rows.jsonl").read_text().splitlines())
    assert (running.returncode, output) == (130, b"")
    assert 0 < kept < 12
    assert errors.decode() == (
        f"manyminds: interrupted; {kept} row{'s' if kept > 1 else ''} of 12 are kept in {out}: "
        "the same command continues from there\n"
    )
    again = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert json.loads(again.stdout)["n"] == 12
    assert len((out / "rows.jsonl").read_text().splitlines()) == 12


@pytest.mark.integration
def test_progress_shows_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [*slow_forest(tmp_path), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        assert running.stdout is not None
        found = json.loads(running.stdout.read())
    os.close(ours)
    assert found["n"] == 12
    assert b"/12" in shown
    assert b"right" in shown
    assert b"calls" in shown


def _until(ready: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_file_alone_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.csv"
    file.write_text("Frage;Antwort\nStart with 3. Add 4. What is the result?;7\nAnd then?;\n")
    columns = ["--question-column", "frage", "--answer-column", "Antwort", "--json"]
    assert main(["eval", str(file), "--member", "simulated:large", *columns]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["method"], found["n"], found["ungraded"]) == ("agent-forest", 1, 1)
    two = ["--member", "simulated:large", "--member", "simulated:small"]
    assert main(["eval", "debate", str(file), *two, *columns]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "debate"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gone.csv"], "cannot read gone.csv"),
        (["debate"], "no questions: name their file"),
        (["debate", "a.csv", "--data", "b.csv"], "named twice"),
    ],
)
def test_questions_that_are_not_there_are_said(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", *arguments, "--member", "simulated:large"]) == 2
    assert says in capsys.readouterr().err


def test_a_benchmark_is_graded_as_its_vote_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = [{"input": "e2e4 e7e5 g1", "target": ["f3", "h3"]}]
    (tmp_path / "task.json").write_text(json.dumps({"name": "chess", "examples": examples}))
    asked = ["agent-forest", str(tmp_path / "task.json"), "--task", "chess", "--samples", "1"]
    recorded = {"id": "a", "question": "e2e4 e7e5 g1", "samples": ["The square is (f3)"]}
    (tmp_path / "r.jsonl").write_text(json.dumps(recorded) + "\n")
    assert main(["eval", *asked, "--member", f"recorded:{tmp_path / 'r.jsonl'}", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["accuracy"], found["extract"]) == (1.0, "square")
