import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import sums

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import DataError, InputError, RunError
from manyminds.evals.data import Row, read_rows
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import aevaluate, evaluate
from manyminds.evals.grading import by_answer
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.graphs.council import create_council
from manyminds.graphs.debate import create_debate
from manyminds.graphs.moa import create_moa
from manyminds.reading.answers import extractor
from manyminds.settings import Budget
from manyminds.testing import ScriptedChatModel

GRADE = by_answer(extractor("number"))


def forest(path: Path, *models: str, **options: Any) -> CompiledMethod:
    members = [f"recorded:{path}#model={model}" for model in models]
    options = {"samples": len(members), "extract": "number", **options}
    return create_agent_forest(members, **options).compile()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return sums(tmp_path / "sums.jsonl.gz")


def test_figures_of_a_recorded_member(path: Path) -> None:
    result = evaluate(forest(path, "fair"), read_rows(path), grade=GRADE, repeats=3)
    assert (result.accuracy, result.n, result.repeats) == (0.5, 8, 3)
    assert (result.calls, result.failed, result.unanswered) == (24, 0, 0)
    assert (result.samples_per_question, result.rounds_per_question) == (1, 1)
    assert result.cost is None
    assert result.interval[0] < 0.5 < result.interval[1]
    assert json.loads(json.dumps(result.to_json()))["accuracy"] == 0.5


def test_a_member_that_says_nothing_is_a_failed_call_not_a_vote(path: Path) -> None:
    result = evaluate(forest(path, "good", "mute"), read_rows(path), grade=GRADE)
    assert (result.accuracy, result.calls, result.failed) == (1.0, 16, 8)
    assert (result.unanswered, result.degraded) == (0, 8)


def test_a_run_without_an_answer_is_a_row_and_apart_from_wrong_answers(
    path: Path, tmp_path: Path
) -> None:
    graph, out = forest(path, "mute"), tmp_path / "out"
    result = evaluate(graph, read_rows(path), grade=GRADE, out=out)
    assert (result.accuracy, result.n, result.unanswered) == (0.0, 8, 8)
    assert (result.calls, result.failed, result.degraded) == (8, 8, 0)
    lines = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]
    assert all("quorum" in line["error"] and line["correct"] is False for line in lines)


def test_a_budget_that_raises_is_a_row_too(path: Path) -> None:
    graph = forest(path, "good", samples=1, budget=Budget(calls=0, exhausted="raise"))
    result = evaluate(graph, read_rows(path), grade=GRADE)
    assert (result.unanswered, result.calls) == (8, 0)


def test_layers_and_the_aggregator_are_rounds(path: Path) -> None:
    model = ScriptedChatModel(lambda _messages, _metadata: "The answer is 4.")
    graph = create_moa([model, model], layers=3).compile()
    result = evaluate(graph, read_rows(path), grade=GRADE)
    assert (result.calls, result.samples_per_question, result.rounds_per_question) == (40, 5, 3)
    assert (result.accuracy, result.tokens) == (1 / 8, 40 * 15)


def test_samples_are_all_rounds_of_a_debate(path: Path) -> None:
    model = ScriptedChatModel(lambda _messages, _metadata: "The answer is 4.")
    debate = create_debate([model, model], rounds=3, judge=model, consensus=False)
    result = evaluate(debate.compile(), read_rows(path), grade=GRADE)
    assert (result.calls, result.samples_per_question) == (8 * 7, 6)


def test_samples_of_a_council_are_answers_not_rankings(path: Path) -> None:
    model = ScriptedChatModel(lambda _messages, _metadata: "The answer is 4.")
    result = evaluate(create_council([model] * 3).compile(), read_rows(path), grade=GRADE)
    # 3 answers, 3 rankings that cannot be read and are asked for again, and the chair.
    assert (result.calls, result.samples_per_question) == (8 * 10, 3)


def test_answers_that_cannot_be_graded_do_not_count(path: Path) -> None:
    rows = read_rows(path)
    rows[0]["answer"] = None
    result = evaluate(forest(path, "good"), rows, grade=GRADE, repeats=2)
    assert (result.accuracy, result.n, result.ungraded) == (1.0, 7, 2)


def test_the_reference_answer_reaches_no_graph(path: Path) -> None:
    seen: list[str] = []

    def script(messages: list[Any], metadata: dict[str, Any]) -> str:
        seen.append(repr([message.model_dump() for message in messages]) + repr(metadata))
        return "The answer is 1."

    rows = [Row(id=f"q{i}", question="Which?", answer=f"SECRET{i}") for i in range(3)]
    graph = create_agent_forest(ScriptedChatModel(script), samples=2).compile()
    evaluate(graph, rows, grade=GRADE)
    assert len(seen) == 6
    assert not any("SECRET" in text for text in seen)


def answers_by_repeat(graph: CompiledMethod, rows: list[Row], seed: int) -> list[list[str]]:
    found: list[dict[str, str]] = [{}, {}, {}]

    def note(outcome: Outcome) -> None:
        found[outcome["repeat"]][outcome["id"]] = outcome["answer"]

    evaluate(graph, rows, grade=GRADE, repeats=3, seed=seed, on_row=note, concurrency=3)
    return [[answers[row["id"]] for row in rows] for answers in found]


def test_every_repeat_and_seed_draws_its_own_order_and_equal_seeds_the_same(path: Path) -> None:
    # One sample of two members: whose turn it is decides, question by question.
    graph, rows = forest(path, "good", "fair", samples=1), read_rows(path)
    first, again, other = (answers_by_repeat(graph, rows, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert len({tuple(answers) for answers in first}) > 1


def test_one_member_has_its_recorded_draws_shuffled_anew(tmp_path: Path) -> None:
    texts = [f"The answer is {i}." for i in range(10)]
    row = {"id": "a", "question": "Which?", "answer": "3", "model": "m", "samples": texts}
    path = tmp_path / "draws.jsonl"
    path.write_text(json.dumps(row) + "\n")
    graph = forest(path, "m")
    drawn = answers_by_repeat(graph, read_rows(path), 0) + answers_by_repeat(
        graph, read_rows(path), 1
    )
    assert len({answers[0] for answers in drawn}) > 2


def test_no_more_questions_run_at_once_than_asked_for() -> None:
    busy, most = 0, 0

    async def script(_messages: Any, _metadata: Any) -> str:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.002)
        busy -= 1
        return "4"

    rows = [Row(id=str(i), question=f"Number {i}?", answer="4") for i in range(20)]
    graph = create_agent_forest(ScriptedChatModel(script), samples=1).compile()
    assert evaluate(graph, rows, grade=GRADE, concurrency=4).n == 20
    assert most == 4


def test_an_interrupted_evaluation_goes_on_where_it_stopped(path: Path, tmp_path: Path) -> None:
    graph, rows, out = forest(path, "fair"), read_rows(path), tmp_path / "out"
    whole = evaluate(graph, rows, grade=GRADE, repeats=2)
    graded = 0

    def grade(row: Row, text: str) -> bool | None:
        nonlocal graded
        graded += 1
        if graded == 6:
            raise KeyboardInterrupt
        return bool(GRADE(row, text))

    with pytest.raises(KeyboardInterrupt):
        evaluate(graph, rows, grade=grade, repeats=2, out=out, concurrency=1)
    log = out / "rows.jsonl"
    kept = log.read_text()
    assert kept.count("\n") == 5
    log.write_text(kept + kept.splitlines()[0][:40])  # as a killed process leaves it
    outcomes: list[Outcome] = []
    result = evaluate(graph, rows, grade=grade, repeats=2, out=out, on_row=outcomes.append)
    assert graded == 6 + 11
    assert (result.accuracy, result.calls, result.n) == (whole.accuracy, whole.calls, whole.n)
    assert len(outcomes) == 16
    assert len([json.loads(line) for line in log.read_text().splitlines()]) == 16


def test_more_repeats_go_on_from_those_that_are_there(path: Path, tmp_path: Path) -> None:
    graph, rows, out = forest(path, "good"), read_rows(path), tmp_path / "out"
    evaluate(graph, rows, grade=GRADE, out=out)
    graded: list[str] = []

    def grade(row: Row, _text: str) -> bool:
        graded.append(row["id"])
        return False

    result = evaluate(graph, rows, grade=grade, repeats=2, out=out)
    assert (len(graded), result.accuracy, result.repeats) == (8, 0.5, 2)
    assert evaluate(graph, rows, grade=grade, out=out).accuracy == 1.0


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"seed": 1}, "seed"),
        ({"rows": 4}, "questions, data"),
        ({"config": {"vote": "bleu"}}, "vote"),
        ({"member": "good"}, "members"),
    ],
)
def test_a_folder_takes_one_evaluation_only(
    path: Path, tmp_path: Path, change: dict[str, Any], names: str
) -> None:
    rows, out = read_rows(path), tmp_path / "out"
    evaluate(forest(path, "fair"), rows, grade=GRADE, out=out)
    before = (out / "rows.jsonl").read_text()
    with pytest.raises(InputError, match=f"different {names}"):
        evaluate(
            forest(path, change.get("member", "fair")),
            rows[: change.get("rows", 8)],
            grade=GRADE,
            out=out,
            seed=change.get("seed", 0),
            config=change.get("config"),
        )
    assert (out / "rows.jsonl").read_text() == before


def test_a_damaged_line_in_the_middle_is_named(path: Path, tmp_path: Path) -> None:
    graph, rows, out = forest(path, "fair"), read_rows(path), tmp_path / "out"
    evaluate(graph, rows, grade=GRADE, out=out)
    lines = (out / "rows.jsonl").read_text().splitlines(keepends=True)
    lines[2] = "{}\n"
    (out / "rows.jsonl").write_text("".join(lines))
    with pytest.raises(DataError, match=r"rows.jsonl line 3 is damaged: delete"):
        evaluate(graph, rows, grade=GRADE, out=out)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rows": []}, "there are no questions"),
        ({"rows": [Row(id="a", question="?", answer=None)] * 2}, "the same id"),
        ({"repeats": 0}, "at least 1"),
        ({"concurrency": 0}, "at least 1"),
    ],
)
def test_arguments_that_cannot_be_used(path: Path, given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        evaluate(
            forest(path, "good"),
            given.get("rows", read_rows(path)),
            grade=GRADE,
            repeats=given.get("repeats", 1),
            concurrency=given.get("concurrency", 1),
        )


async def test_inside_a_running_loop_it_is_awaited(path: Path) -> None:
    graph, rows = forest(path, "good"), read_rows(path)
    with pytest.raises(RunError, match="await aevaluate"):
        evaluate(graph, rows, grade=GRADE)
    assert (await aevaluate(graph, rows, grade=GRADE)).accuracy == 1.0


async def test_a_grader_may_take_its_time(path: Path) -> None:
    async def grade(_row: Row, _text: str) -> bool:
        await asyncio.sleep(0)
        return True

    assert (await aevaluate(forest(path, "fair"), read_rows(path), grade=grade)).accuracy == 1.0
