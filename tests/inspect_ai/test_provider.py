"""Inspect runs methods as models and as solvers: with Inspect itself, on simulated members."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import (
    ChatMessageUser,
    ContentImage,
    ContentText,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import match
from inspect_ai.solver import Solver, generate, multiple_choice, prompt_template
from inspect_ai.tool import Tool, tool

from manyminds import Member, create_agent_forest
from manyminds.evals.data import Row
from manyminds.evals.evaluate import aevaluate
from manyminds.evals.grading import by_answer
from manyminds.inspect_ai.solver import manyminds
from manyminds.models.simulated.model import questions
from manyminds.prices import Price
from manyminds.reading.answers import extractor
from manyminds.testing import ScriptedChatModel, ScriptedReply

# Inspect itself, and what it loads, warns: of streams not closed, of deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = [
    Row(id=r["id"], question=r["question"], answer=r["answer"])
    for r in questions(8, steps=4, seed=1)
]
MEMBERS = ["simulated:small", "simulated:medium"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECT_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.chdir(tmp_path)


def task(solver: Solver | None = None, rows: list[Row] = ROWS, epochs: int = 1) -> Task:
    samples = [Sample(id=r["id"], input=r["question"], target=r["answer"] or "") for r in rows]
    return Task(
        dataset=MemoryDataset(samples),
        solver=solver or generate(),
        scorer=match(numeric=True),
        epochs=epochs,
    )


def run(one: Task, model: Any = None, **options: Any) -> EvalLog:
    (log,) = eval(one, model=model, display="none", **options)
    return log


def usage(log: EvalLog) -> dict[str, ModelUsage]:
    return log.stats.model_usage


def test_a_method_is_a_model_and_its_usage_and_report_are_inspects() -> None:
    log = run(task(), "manyminds/agent-forest", model_args={"members": MEMBERS, "samples": 3})
    assert log.status == "success" and log.samples is not None and log.results is not None
    reports = [sample.output.metadata["manyminds"] for sample in log.samples]  # type: ignore[index]
    assert all(report["calls"] == 3 and report["method"] == "agent-forest" for report in reports)
    used = usage(log)["manyminds/agent-forest"]
    assert used.total_tokens == sum(sum(report["tokens"].values()) for report in reports) > 0
    assert used.input_tokens == sum(report["tokens"]["input"] for report in reports)


def test_epochs_and_seed_give_the_answers_of_manyminds_eval() -> None:
    graph = create_agent_forest(MEMBERS, samples=3, extract="number").compile()
    grade = by_answer(extractor("number"))
    found: dict[tuple[str, int], str] = {}
    asyncio.run(
        aevaluate(
            graph,
            ROWS,
            grade=grade,
            repeats=2,
            seed=7,
            on_row=lambda o: found.__setitem__((o["id"], o["repeat"]), o["answer"]),
        )
    )
    args = {"members": MEMBERS, "samples": 3, "extract": "number"}
    log = run(task(epochs=2), "manyminds/agent-forest", model_args=args, seed=7)
    assert log.samples is not None and len(log.samples) == len(found) == 16
    number = extractor("number")
    for sample in log.samples:
        said = number.extract(sample.output.completion)
        assert said == found[str(sample.id), sample.epoch - 1]


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("agent-forrest", {"members": MEMBERS}, "did you mean `agent-forest`"),
        ("agent-forest", {}, "name its members"),
        ("agent-forest", {"members": MEMBERS, "sample": 3}, "sample"),
        ("agent-forest", {"members": "simulatd:small"}, "simulatd"),
        ("panel", {"ensembles": "missing.yaml"}, "cannot be read"),
    ],
)
def test_wrong_arguments_are_one_sentence(name: str, args: dict[str, Any], words: str) -> None:
    with pytest.raises(PrerequisiteError, match=words):
        get_model(f"manyminds/{name}", memoize=False, **args)


def test_an_ensemble_of_a_configuration_is_a_model(tmp_path: Path) -> None:
    file = tmp_path / "ensembles.yaml"
    file.write_text(
        "ensembles:\n  panel:\n    method: moa\n    members: [simulated:small, simulated:large]\n"
        "    options: {layers: 2}\n"
    )
    log = run(task(), "manyminds/panel", model_args={"ensembles": str(file)})
    assert log.samples and log.samples[0].output.metadata["manyminds"]["method"] == "moa"  # type: ignore[index]
    with pytest.raises(PrerequisiteError, match="panel"):
        get_model("manyminds/other", memoize=False, ensembles=str(file))


def test_the_solver_takes_objects_and_says_what_they_cost() -> None:
    model = ScriptedChatModel(ScriptedReply("ANSWER: 5", usage=(10, 2)))
    member = Member(model, name="scripted", price=Price(input=1.0, output=5.0))
    rows = [Row(id="one", question="2 + 3?", answer="5")]
    log = run(task(manyminds("agent-forest", [member], samples=4), rows), "mockllm/model")
    assert log.status == "success", log.error
    assert log.samples is not None and log.samples[0].scores["match"].value == "C"  # type: ignore[index]
    assert list(usage(log)) == ["manyminds/agent-forest"]
    used = usage(log)["manyminds/agent-forest"]
    assert (used.input_tokens, used.output_tokens) == (40, 8)
    assert used.total_cost == pytest.approx((40 * 1.0 + 8 * 5.0) / 1e6)
    assert log.samples[0].metadata["manyminds"]["calls"] == 4


def test_the_evaluated_model_is_the_member_and_its_calls_are_counted_once() -> None:
    def answer(*_: Any) -> ModelOutput:
        output = ModelOutput.from_content("mockllm/model", "The answer is 5.")
        output.usage = ModelUsage(input_tokens=10, output_tokens=2, total_tokens=12)
        return output

    rows = [Row(id="one", question="2 + 3?", answer="5")]
    model = get_model("mockllm/model", custom_outputs=answer)
    log = run(task(manyminds("agent-forest", samples=3), rows), model)
    assert log.status == "success" and log.samples is not None
    assert usage(log)["mockllm/model"].total_tokens == 36
    assert usage(log)["manyminds/agent-forest"].total_tokens == 0
    events = [event for event in log.samples[0].events if event.event == "model"]
    assert sum(event.model == "mockllm/model" for event in events) == 3  # in the viewer, too


def test_a_failed_run_is_inspects_error() -> None:
    broken = ScriptedChatModel(ValueError("the endpoint is down"))
    solver = manyminds("agent-forest", [Member(broken, name="broken")], samples=2)
    log = run(task(solver, ROWS[:1]), "mockllm/model", fail_on_error=False)
    assert log.samples is not None
    assert log.samples[0].error is not None and "endpoint is down" in log.samples[0].error.message


def test_prompts_and_choices_of_a_task_reach_the_members() -> None:
    seen: list[str] = []

    def answer(messages: Any, _data: Any) -> str:
        seen.append(messages[-1].text)
        return "ANSWER: B"

    sample = Sample(id="c", input="Which is a fish?", choices=["cat", "cod"], target="B")
    one = Task(
        dataset=[sample],
        solver=[prompt_template("Think first. {prompt}"), multiple_choice()],
        scorer=match(),
    )
    member = Member(ScriptedChatModel(answer), name="m")
    model = get_model("manyminds/agent-forest", memoize=False, members=[member], samples=2)
    log = run(one, model)
    assert log.status == "success"
    assert len(seen) == 2 and "Think first. Which is a fish?" in seen[0] and "B) cod" in seen[0]


def test_parameters_reach_members_but_not_a_temperature_of_zero() -> None:
    model = ScriptedChatModel("The answer is 5.")
    rows = [Row(id="one", question="2 + 3?", answer="5")]
    solver = manyminds("agent-forest", [Member(model, name="m")], samples=1)
    log = run(task(solver, rows), "manyminds/moa", model_args={"members": MEMBERS}, max_tokens=77)
    assert log.status == "success" and model.calls[0].params["max_tokens"] == 77
    own = model.calls[0].params["temperature"]
    run(task(solver, rows), "manyminds/moa", model_args={"members": MEMBERS}, temperature=0.0)
    assert model.calls[1].params["temperature"] == own > 0
    run(task(solver, rows), "manyminds/moa", model_args={"members": MEMBERS}, temperature=0.3)
    assert model.calls[2].params["temperature"] == 0.3


@tool
def add() -> Tool:
    async def execute(a: int, b: int) -> str:
        """Add two numbers.

        Args:
            a: First number.
            b: Second number.
        """
        return str(a + b)

    return execute


def test_the_writer_calls_the_tools_of_a_task() -> None:
    from inspect_ai.solver import use_tools

    def answer(messages: Any, data: Any) -> ScriptedReply | str:
        if messages[-1].type == "tool":
            return f"The sum is {messages[-1].text}"
        call = {"name": "add", "args": {"a": 2, "b": 3}, "id": "call-1"}
        return ScriptedReply("", tool_calls=[call]) if data.get("role") == "writer" else "?"

    member = Member(ScriptedChatModel(answer), name="m")
    rows = [Row(id="one", question="2 + 3?", answer="5")]
    solved = task([use_tools(add()), manyminds("agent-forest", [member], samples=1)], rows)  # type: ignore[arg-type]
    log = run(solved, "mockllm/model")
    assert log.status == "success", log.error
    assert log.samples is not None
    assert log.samples[0].output.completion == "The sum is 5"
    assert log.samples[0].scores["match"].value == "C"  # type: ignore[index]


def test_pictures_pass_through() -> None:
    seen: list[Any] = []

    def answer(messages: Any, _data: Any) -> str:
        seen.append(messages[-1].content)
        return "A cat."

    picture = "data:image/png;base64,iVBORw0KGgo="
    said = ChatMessageUser(content=[ContentText(text="What?"), ContentImage(image=picture)])
    member = Member(ScriptedChatModel(answer), name="m")
    log = run(
        Task(dataset=[Sample(id="p", input=[said], target="cat")], scorer=match()),
        get_model("manyminds/agent-forest", memoize=False, members=[member], samples=1),
    )
    assert log.status == "success"
    assert [part["type"] for part in seen[0]] == ["text", "image_url"]


def test_recorded_members_find_their_question_behind_a_prompt(tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    file.write_text(json.dumps({"id": "mine", "question": "2 + 3?", "samples": ["ANSWER: 5"]}))
    one = Task(
        dataset=[Sample(id="theirs", input="2 + 3?", target="5")],
        solver=[prompt_template("Think first. {prompt}"), generate()],
        scorer=match(),
    )
    args = {"members": f"recorded:{file}", "samples": 1}
    log = run(one, "manyminds/agent-forest", model_args=args)
    assert log.status == "success", log.error
    assert log.samples is not None and log.samples[0].scores["match"].value == "C"  # type: ignore[index]


def test_several_choices_are_refused() -> None:
    model = get_model("manyminds/agent-forest", memoize=False, members=MEMBERS)
    log = run(task(), model, num_choices=2)
    assert log.status == "error" and log.error is not None and "--epochs" in log.error.message


def test_the_command_line_finds_provider_and_solver(tmp_path: Path) -> None:
    rows = [{"input": r["question"], "target": r["answer"], "id": r["id"]} for r in ROWS]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "tiny.py").write_text(
        "from inspect_ai import Task, task\nfrom inspect_ai.dataset import json_dataset\n"
        "from inspect_ai.scorer import match\nfrom inspect_ai.solver import generate\n\n"
        "@task\ndef tiny():\n    return Task(dataset=json_dataset('rows.jsonl'), "
        "solver=generate(), scorer=match(numeric=True))\n"
    )
    members = "members=simulated:small,simulated:medium"
    command = [sys.executable, "-m", "inspect_ai", "eval", "tiny.py", "--display", "plain"]
    command += ["--model", "manyminds/agent-forest", "-M", members, "-M", "samples=3"]
    command += ["--solver", "manyminds/manyminds", "-S", "method=moa", "-S", members]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "accuracy" in ended.stdout and "manyminds/moa" in ended.stdout


def test_gsm8k_of_inspect_evals_runs_on_a_local_file(monkeypatch: pytest.MonkeyPatch) -> None:
    gsm8k = pytest.importorskip("inspect_evals.gsm8k.gsm8k")
    records = [
        {"question": r["question"], "answer": f"By counting.\n#### {r['answer']}"} for r in ROWS
    ]

    def local(*_args: Any, sample_fields: Any, limit: int | None = None, **_kw: Any) -> Any:
        return MemoryDataset([sample_fields(record) for record in records[:limit]])

    monkeypatch.setattr(gsm8k, "hf_dataset", local)
    args = {"members": ["simulated:large"], "samples": 3}
    log = run(gsm8k.gsm8k(fewshot=2), "manyminds/agent-forest", model_args=args)
    assert log.status == "success" and log.results is not None
    assert len(log.samples or []) == 8
