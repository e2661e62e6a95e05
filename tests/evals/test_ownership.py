"""Folders and files of results: one writer, and results of one configuration only."""

import asyncio
import fcntl
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import write_rows

from manyminds import record
from manyminds.apps.cli import main
from manyminds.errors import InputError
from manyminds.evals.batch import abatch, read_items
from manyminds.evals.data import Row
from manyminds.evals.evaluate import evaluate
from manyminds.evals.grading import by_answer
from manyminds.evals.ownership import one_writer
from manyminds.export.filters import Limits
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.export.registry import exporter
from manyminds.export.writer import open_writer
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.members import Member
from manyminds.models.recorded import open_recorded
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel, ScriptedReply

QUESTIONS = [
    {"id": f"q{n}", "question": f"Start with {n}. Add 5. What is the result?", "answer": str(n + 5)}
    for n in range(4)
]
MEMBERS = ("--member", "simulated:small", "--member", "simulated:large")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MANYMINDS_RUNS", str(tmp_path / "runs"))
    compared = [
        {"instruction": one["question"], "output": "no", "dataset": "d"} for one in QUESTIONS
    ]
    (tmp_path / "alpaca.json").write_text(json.dumps(compared))
    return write_rows(tmp_path / "q.jsonl", QUESTIONS)


# What each command is given, with the folder or file that it keeps results in last.
KEEPING: dict[str, Callable[[Path], list[str]]] = {
    "eval": lambda data: ["eval", "agent-forest", str(data), *MEMBERS, "--samples", "2", "--out"],
    "eval --keep": lambda data: ["eval", "agent-forest", str(data), *MEMBERS, "--keep"],
    "batch": lambda data: ["batch", str(data), "--method", "agent-forest", *MEMBERS, "--out"],
    "compare": lambda data: [
        *("compare", "--methods", "moa", "--budget-calls", "3", "--data", str(data)),
        *(*MEMBERS, "--out"),
    ],
    "borrowing": lambda data: ["borrowing", str(data), *MEMBERS, "--keep"],
    "judge": lambda data: [
        *("judge", "alpaca-eval", str(data.with_name("alpaca.json")), *MEMBERS),
        *("--by", "simulated:large", "--out"),
    ],
}


@pytest.mark.parametrize("command", KEEPING)
def test_a_second_writer_is_refused_in_one_sentence(
    command: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    is_file = command in ("eval --keep", "borrowing")
    kept = tmp_path / ("kept.jsonl" if is_file else "kept")
    locked = kept if is_file else kept / ("results.jsonl" if command == "batch" else "lock")
    locked.parent.mkdir(exist_ok=True)
    with locked.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)  # as another process that is writing
        assert main([*KEEPING[command](data), str(kept)]) == 2
        assert "is writing to" in capsys.readouterr().err
        assert not locked.stat().st_size  # nothing was written, not even how it was begun
        there = {one.name for one in locked.parent.iterdir()}
        assert there <= {locked.name, "alpaca.json", "q.jsonl", "runs"}
    assert main([*KEEPING[command](data), str(kept)]) == 0


def test_a_second_training_in_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("manyminds.export.tuning.check_packages", list[str])
    source = tmp_path / "rows.jsonl"
    source.write_text('{"messages": []}\n')
    out = tmp_path / "out"
    out.mkdir()
    with (out / "lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert main(["tune", str(source), "--out", str(out)]) == 2
        assert "another training is writing to" in capsys.readouterr().err
        assert [one.name for one in out.iterdir()] == ["lock"]  # not even the settings


def test_an_export_beside_another_writes_a_file_of_its_own_and_replaces_whole(
    tmp_path: Path,
) -> None:
    """Nothing is continued in an exported file, so the later one wins and neither is mixed."""
    runs, out = tmp_path / "runs", tmp_path / "rows.jsonl"
    with record(runs / "run.jsonl"):
        create_agent_forest("simulated:small", samples=2).compile().invoke("What is 2 + 2?")
    plan = Plan([runs], "openai", limits=Limits(), limit=1)
    form = exporter("openai")
    with open_writer(form, out) as first:  # still writing when the other begins and ends
        first.write({"messages": [{"role": "user", "content": "of the first"}]})
        assert export(plan, out).rows == 1
        assert "of the first" not in out.read_text()
    assert out.read_text().count("\n") == 1 and "of the first" in out.read_text()
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".new")] == []


async def test_two_batches_of_one_program_do_not_pay_twice(data: Path, tmp_path: Path) -> None:
    model = ScriptedChatModel(ScriptedReply("5", delay=0.05))
    graph, out = create_agent_forest(model, samples=1).compile(), tmp_path / "out.jsonl"
    both = (abatch(graph, read_items(data), out) for _ in range(2))
    found = await asyncio.gather(*both, return_exceptions=True)
    refused = [one for one in found if isinstance(one, InputError)]
    assert len(refused) == 1 and "another batch is writing to" in str(refused[0])
    assert len(model.calls) == len(QUESTIONS) == out.read_text().count("\n")


@pytest.mark.parametrize(
    "changed",
    [
        ["--set", "samples=3"],
        ["--seed", "1"],
        ["--form", "alpaca"],
        ["--member", "simulated:medium"],
    ],
)
def test_a_batch_goes_on_with_the_same_options_only(
    changed: list[str], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*KEEPING["batch"](data), str(tmp_path / "out")]
    assert main(command) == 0 and main(command) == 0
    before = (tmp_path / "out" / "results.jsonl").read_bytes()
    assert main([*command, *changed]) == 2
    assert "holds rows of another batch, with a different" in capsys.readouterr().err
    assert (tmp_path / "out" / "results.jsonl").read_bytes() == before


def test_a_batch_does_not_go_on_with_a_changed_prompt_file(data: Path, tmp_path: Path) -> None:
    prompt = tmp_path / "p.md"
    command = [*KEEPING["batch"](data), str(tmp_path / "out"), "--set", f"prompt={prompt}"]
    prompt.write_text("Answer in one word.")
    assert main(command) == 0
    prompt.write_text("Answer in two words.")
    assert main(command) == 2


def test_a_batch_without_rows_takes_the_next_command(data: Path, tmp_path: Path) -> None:
    """A first command with a mistake leaves its folder free."""
    out = ["--out", str(tmp_path / "out"), "--method", "spp"]
    empty = write_rows(tmp_path / "empty.jsonl", [{"id": "q0", "question": "Q?", "samples": []}])
    with suppress(SystemExit):
        main(["batch", str(data), *out, "--member", f"recorded:{empty}#model=m"])
    assert main(["batch", str(data), *out, "--member", "simulated:small"]) == 0


@pytest.mark.parametrize("changed", [["--seed", "1"], ["--limit", "3"], ["--extract", "text"]])
def test_a_comparison_that_is_another_one_leaves_the_folder_as_it_is(
    changed: list[str], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*KEEPING["compare"](data), str(tmp_path / "out")]
    assert main(command) == 0
    about = (tmp_path / "out" / "compare.json").read_bytes()
    starts = (tmp_path / "out" / "starts.jsonl").read_bytes()
    assert main([*command, *changed]) == 2
    assert "holds another comparison, with a different" in capsys.readouterr().err
    assert (tmp_path / "out" / "compare.json").read_bytes() == about
    assert (tmp_path / "out" / "starts.jsonl").read_bytes() == starts


def test_an_evaluation_that_was_refused_is_no_start_of_the_folder(
    data: Path, tmp_path: Path
) -> None:
    command = [*KEEPING["eval"](data), str(tmp_path / "out")]
    assert main(command) == 0 and main([*command, "--seed", "1"]) == 2
    (start,) = (tmp_path / "out" / "starts.jsonl").read_text().splitlines()
    assert "--seed" not in json.loads(start)["command"]


GRADE = by_answer(extractor("number"))
ROWS = [Row(id="a", question="2 + 2?", answer="4")]


def forest(**changes: Any) -> Any:
    inner = create_agent_forest(ScriptedChatModel("4"), samples=changes.get("inner", 1))
    member = Member(inner.compile(), name="m", weight=changes.get("weight", 1.0))
    given: dict[str, Any] = {"samples": 1, **changes}
    for name in ("weight", "inner"):
        given.pop(name, None)
    return create_agent_forest(member, **given).compile()


@pytest.mark.parametrize(
    "changed",
    [{"samples": 2}, {"vote": "weighted"}, {"extract": "number"}, {"weight": 2.0}, {"inner": 2}],
)
def test_a_graph_that_is_built_otherwise_is_another_evaluation(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    for _ in range(2):
        evaluate(forest(), ROWS, grade=GRADE, out=tmp_path)
    with pytest.raises(InputError, match="different (options|member_options): choose another"):
        evaluate(forest(**changed), ROWS, grade=GRADE, out=tmp_path)


def test_a_changed_file_of_recorded_answers_is_another_evaluation(tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"

    def app(text: str) -> Any:
        row = {"id": "a", "question": "2 + 2?", "model": "m", "samples": [{"text": text}]}
        write_rows(file, [row])
        return create_agent_forest(Member(open_recorded(file), name="m"), samples=1).compile()

    for _ in range(2):
        evaluate(app("It is 4."), ROWS, grade=GRADE, out=tmp_path / "out")
    with pytest.raises(InputError, match="different member_options"):
        evaluate(app("It is 5."), ROWS, grade=GRADE, out=tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot write to .*choose another with --out"),
        one_writer(tmp_path / "file" / "out", folder=True),
    ):
        pass
