"""The folder of an evaluation: one writer, one configuration, damaged files in one sentence."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from manyminds.apps.cli import main
from manyminds.errors import DataError, InputError
from manyminds.evals.data import Row
from manyminds.evals.eval_log import EvalLog, Outcome
from manyminds.evals.evaluate import evaluate
from manyminds.evals.grading import by_answer
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel

CONFIG = {"method": "agent-forest", "seed": 0}


def outcome(number: int, **changes: Any) -> Outcome:
    whole = {
        "repeat": 0, "id": f"q{number}", "answer": "4", "correct": True, "error": None,
        "degraded": None, "calls": 1, "failed": 0, "samples": 1, "rounds": 1, "tokens": 15,
        "cost": None, "seconds": 0.1,
    }  # fmt: skip
    return {**whole, **changes}  # type: ignore[typeddict-item]  # damaged ones


def write(folder: Path, *outcomes: Outcome) -> None:
    with closing(EvalLog(folder, CONFIG)) as log:
        for one in outcomes:
            log.write(one)


def read(folder: Path) -> list[Outcome]:
    with closing(EvalLog(folder, CONFIG)) as log:
        return list(log.outcomes())


def test_a_second_writer_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with closing(EvalLog(tmp_path, CONFIG)):
        with pytest.raises(InputError, match="another evaluation is writing to .*--out"):
            EvalLog(tmp_path, CONFIG)
        other = (
            "from pathlib import Path; from manyminds.evals.eval_log import EvalLog\n"
            f"EvalLog(Path({str(tmp_path)!r}), {CONFIG!r})"
        )
        done = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True)
        assert "another evaluation is writing" in done.stderr
    write(tmp_path, outcome(1))
    assert read(tmp_path) == [outcome(1)]


def test_an_evaluation_that_is_refused_releases_the_folder(tmp_path: Path) -> None:
    write(tmp_path, outcome(1))
    with pytest.raises(InputError, match="different seed"):
        EvalLog(tmp_path, {**CONFIG, "seed": 1})
    assert read(tmp_path) == [outcome(1)]


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[" * 200_000,
        "[1, 2]",
        json.dumps(outcome(2, repeat=-1)),
        json.dumps(outcome(2, calls="many")),
        json.dumps(outcome(2, seconds=float("nan"))),
        json.dumps(outcome(2)).replace('"calls": 1', f'"calls": {"9" * 5000}'),
        json.dumps(outcome(2, id=["q"])),
        json.dumps(outcome(2, answer="\ud83d")),
        "\0" * 100,
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    rows = tmp_path / "rows.jsonl"
    write(tmp_path, outcome(1))
    rows.write_text(rows.read_text() + line + "\n" + json.dumps(outcome(3)) + "\n")
    with pytest.raises(DataError, match=r"rows.jsonl line 2 is damaged: delete that line"):
        read(tmp_path)


def test_an_incomplete_last_line_is_left_out_and_dropped(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    write(tmp_path, outcome(1))
    rows.write_text(rows.read_text() + json.dumps(outcome(2))[:40])
    assert read(tmp_path) == [outcome(1)]
    write(tmp_path, outcome(3))
    assert read(tmp_path) == [outcome(1), outcome(3)]


@pytest.mark.parametrize("text", ["{", "[" * 200_000, "\ud83d", "9" * 5000 + "x"])
def test_a_damaged_configuration_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(DataError, match="not valid JSON: choose another folder"):
        EvalLog(tmp_path, CONFIG)


def test_an_empty_configuration_of_a_killed_process_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    write(tmp_path, outcome(1))
    assert json.loads((tmp_path / "config.json").read_text()) == CONFIG
    (tmp_path / "config.json").write_text("")
    with pytest.raises(DataError, match="not valid JSON"):
        read(tmp_path)


def test_the_configuration_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_fd: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        EvalLog(tmp_path, CONFIG)
    assert not (tmp_path / "config.json").exists()
    monkeypatch.undo()
    write(tmp_path, outcome(1))
    assert read(tmp_path) == [outcome(1)]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    log = EvalLog(tmp_path, CONFIG)
    (tmp_path / "rows.jsonl").unlink()
    (tmp_path / "rows.jsonl").symlink_to("/dev/full")
    with closing(log), pytest.raises(InputError, match="No space left.*make room"):
        log.write(outcome(1))


def forest(prompt: Path | None, *, nested: bool = False) -> Any:
    model = ScriptedChatModel(lambda _messages, _metadata: "The answer is 4.")
    inner = create_agent_forest(model, samples=1, extract="number", prompt=prompt)
    return (create_agent_forest(inner.compile(), samples=1) if nested else inner).compile()


@pytest.mark.parametrize("nested", [False, True])
def test_a_changed_prompt_file_is_another_evaluation(tmp_path: Path, nested: bool) -> None:
    prompt, out = tmp_path / "p.md", tmp_path / "out"
    rows, grade = [Row(id="a", question="2 + 2?", answer="4")], by_answer(extractor("number"))
    prompt.write_text("Answer in one word.")
    evaluate(forest(prompt, nested=nested), rows, grade=grade, out=out)
    evaluate(forest(prompt, nested=nested), rows, grade=grade, out=out)
    prompt.write_text("Answer in two words.")
    with pytest.raises(InputError, match="different prompts: choose another folder"):
        evaluate(forest(prompt, nested=nested), rows, grade=grade, out=out)


@pytest.mark.parametrize("half", [{"id": "\ud83d"}, {"question": "\ud83d?"}])
def test_a_question_that_is_not_utf8_is_refused(half: dict[str, str]) -> None:
    row: Any = {"id": "a", "question": "2 + 2?", "answer": "4", **half}
    with pytest.raises(InputError, match="is not UTF-8 text"):
        evaluate(forest(None), [row], grade=by_answer(extractor("number")))


def test_an_answer_that_is_not_utf8_is_kept_readable(tmp_path: Path) -> None:
    model = ScriptedChatModel(lambda _messages, _metadata: "Half \ud83d of it")
    graph = create_agent_forest(model, samples=1, extract="text").compile()
    rows = [Row(id="a", question="What?", answer="4")]
    for _ in range(2):
        evaluate(graph, rows, grade=by_answer(extractor("text")), out=tmp_path)
    assert json.loads((tmp_path / "rows.jsonl").read_text())["answer"].split() == [
        "Half",
        "of",
        "it",
    ]


@pytest.mark.parametrize(
    "changed", [{"params": {"temperature": 2}}, {"role": "You are a pirate."}, {"context": 4_096}]
)
def test_a_member_that_is_asked_otherwise_is_another_evaluation(
    changed: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members, data = tmp_path / "members.json", tmp_path / "q.jsonl"
    data.write_text('{"id": "a", "question": "Start with 2. Add 2.", "answer": "4"}\n')
    asked = [
        *("eval", "agent-forest", "--data", str(data), "--samples", "1", "--out"),
        *(str(tmp_path / "out"), "--member", f"members:{members}"),
    ]
    for options, code in (({}, 0), ({}, 0), (changed, 2)):
        members.write_text(json.dumps({"members": [{"model": "simulated:small", **options}]}))
        with pytest.raises(SystemExit) as ended:
            raise SystemExit(main(asked))
        assert (ended.value.code or 0) == code
    assert "a different member_options" in capsys.readouterr().err
