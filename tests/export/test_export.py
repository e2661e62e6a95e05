"""`manyminds export`: from runs to a file that its schema accepts, with counts that add up."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from helpers.growth import LINEAR, growth
from helpers.registry import NAMES, small
from helpers.trajectories import example

from manyminds import Member, create_agent_forest, load_runs, record
from manyminds.apps.cli import main
from manyminds.apps.terminal import WRONG_INPUT
from manyminds.environments import SQLEnvironment
from manyminds.environments.simulated import SimulatedAgent
from manyminds.errors import DataError, InputError
from manyminds.export.filters import Gold, Limits, TestQuestions
from manyminds.export.from_records import from_run
from manyminds.export.pipeline import export
from manyminds.export.plan import Plan
from manyminds.export.registry import EXPORTERS
from manyminds.export.spool import Spool
from manyminds.graphs.interaction import create_interaction
from manyminds.json_lines import encoded
from manyminds.models.simulated.model import questions
from manyminds.records.run_record import RunRecord
from manyminds.testing import ScriptedChatModel
from manyminds.trajectory import Trajectory

ASKED = questions(1, seed=3)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return records of all methods, of a question each."""
    folder = tmp_path_factory.mktemp("runs")
    with record(folder):
        for name in NAMES:
            app = small(name).compile()
            for row in ASKED:
                app.invoke({"messages": [("user", row["question"])]})
    return folder


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gold") / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ASKED))
    return path


def written(path: Path, layout: str) -> list[Any]:
    if layout == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        rows: list[Any] = parquet.read_table(path).to_pylist()
        return rows
    text = path.read_text(encoding="utf-8")
    if layout == "array":
        listed: list[Any] = json.loads(text)
        return listed
    return [json.loads(line) for line in text.splitlines()]


def agents(path: Path, tasks: int = 6) -> Path:
    """Write what simulated agents of two skills did: the better one is right more often."""
    draw = random.Random(5)
    with path.open("wb") as file:
        for task in range(tasks):
            for model, skill in (("strong", 0.9), ("weak", 0.3)):
                right = task in (0, 1) and model == "strong" or draw.random() < skill
                right = right and not (task in (0, 1) and model == "weak")
                trajectory = example(
                    f"How many rows has table {task}?", "I count.", str(task),
                    f"It has {task if right else task + 1}.",
                    tool="sql", id=f"{model}-{task}", task=str(task), model=model,
                    method="interaction", role="agent", reward=float(right), rating=4.0,
                    answer=str(task),
                )  # fmt: skip
                file.write(encoded(trajectory.row()))
    return path


# Forms that need a reward or a tool call, which no run of these methods has.
FOR_AGENTS = {"nat", "lumos", "ste", "eto"}


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_form_end_to_end(name: str, runs: Path, gold: Path, tmp_path: Path) -> None:
    form, out = EXPORTERS[name], tmp_path / "data" / f"{name}.out"
    source = agents(tmp_path / "agents.jsonl")
    plan = Plan([source] if name in FOR_AGENTS else [runs, source], name, gold=gold)
    counts = export(plan, out)
    rows = written(out, form.layout)
    assert len(rows) == counts.rows > 0
    schema = jsonschema.Draft202012Validator(form.schema())
    for row in rows:
        schema.validate(row)
    assert counts.total == counts.used + counts.dropped.total()
    assert counts.models.total() == counts.used
    card = out.with_name(f"{out.name}.card.md").read_text()
    assert f"{counts.rows} rows" in card and f"`{name}`" in card
    for reason, number in counts.dropped.items():
        assert f"| {reason} | {number} |" in card


@pytest.fixture(scope="module")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return records of simulated agents of two skills in the SQL environment."""
    folder, place = tmp_path_factory.mktemp("acted"), SQLEnvironment()
    agents = [
        Member(SimulatedAgent(environment=place, skill=skill), name=name)
        for name, skill in (("strong", 0.95), ("weak", 0.3))
    ]
    with record(folder):
        for task in place.tasks("train", 4):
            app = create_interaction(agents, place).compile()
            app.invoke({"messages": [("user", task.question)]})
    return folder


@pytest.mark.parametrize(
    "name", ["agenttuning", "fireact", "nat", "agent-flan", "lumos", "ste", "eto", "adp", "xlam"]
)
def test_what_agents_did_in_an_environment_is_written(
    name: str, acted: Path, tmp_path: Path
) -> None:
    form, out = EXPORTERS[name], tmp_path / name
    counts = export(Plan([acted], name), out)
    assert counts.total == 8 == counts.used + counts.dropped.total()
    assert counts.models["strong"] and counts.models["weak"]
    assert counts.methods["interaction"] == counts.used and "unknown" not in counts.rewards
    schema = jsonschema.Draft202012Validator(form.schema())
    for row in written(out, form.layout):
        schema.validate(row)


def test_only_successes_are_kept_as_agenttuning_does(acted: Path, tmp_path: Path) -> None:
    counts = export(Plan([acted], "agenttuning", limits=Limits(min_reward=1)), tmp_path / "out")
    assert set(counts.rewards) == {"1.0"} and counts.dropped["reward too low"] > 0


def test_the_same_plan_writes_the_same_bytes(runs: Path, tmp_path: Path) -> None:
    plan = Plan([runs, agents(tmp_path / "a.jsonl")], "openai", ratios=[1, 3], seed=7)
    files = [tmp_path / name for name in ("1", "2")]
    for file in files:
        export(plan, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def trajectories(path: Path, *given: Trajectory) -> Path:
    path.write_bytes(b"".join(encoded(one.row()) for one in given))
    return path


@pytest.mark.parametrize(
    ("limits", "dropped"),
    [
        (Limits(min_reward=1), {"reward too low": 1, "no reward": 1}),
        (Limits(min_rating=3), {"rating too low": 1, "no rating": 1}),
        (Limits(min_agreement=0.5), {"the vote agrees too little": 1, "no vote": 1}),
        (Limits(max_chars=40), {"too long": 1}),
        (Limits(dedupe=True), {"comes again": 1}),
    ],
)
def test_filters_count_what_they_drop(
    limits: Limits, dropped: dict[str, int], tmp_path: Path
) -> None:
    good = example("Why?", "So.", reward=1.0, rating=4, agreement=0.8)
    poor = example("Why?", "No.", reward=0.5, rating=2, agreement=0.4)
    source = trajectories(
        tmp_path / "t.jsonl", good, good, poor, example("Why is it so?", "I do not know that. " * 3)
    )
    counts = export(Plan([source], "trl", limits=limits), tmp_path / "out")
    assert dict(counts.dropped) == dropped
    assert counts.rows == counts.used == 4 - sum(dropped.values())


def test_what_shares_words_with_a_test_question_is_dropped(tmp_path: Path) -> None:
    tests = tmp_path / "test.jsonl"
    long = "a train leaves the station at noon and runs at ninety kilometres an hour to the coast"
    tests.write_text(json.dumps({"question": long}) + "\n" + json.dumps({"question": "Who? Me!"}))
    source = trajectories(
        tmp_path / "t.jsonl",
        example(f"So: A TRAIN leaves, {long[14:]} now?", "Yes."),
        example("Tell me: who, me?", "You."),
        example("a train leaves the station", "Late."),
    )
    counts = export(Plan([source], "trl", against=tests), tmp_path / "out")
    assert dict(counts.dropped) == {"shares words with a test question": 2}
    with pytest.raises(DataError, match="all 3 were dropped"):
        export(Plan([source], "trl", against=tests, ngram=4), tmp_path / "out2")
    assert not (tmp_path / "out2").exists()


def test_reference_answers_grade_answers_and_nothing_else(tmp_path: Path) -> None:
    questions_ = tmp_path / "gold.jsonl"
    questions_.write_text('{"id": "q", "question": "2 + 2?", "answer": "4"}\n')
    right, wrong = example("2 + 2?", "It is 4."), example("2 + 2?", "It is 5.", role="sampler")
    by_id = example("Please: 2 + 2?", "It is 4.", task="q")
    others = [example("2 + 2?", "4 is best.", role="judge"), example("3 + 3?", "It is 4.")]
    rewarded = example("2 + 2?", "It is 5.", reward=0.5)
    graded = Gold(questions_)
    for one in (right, wrong, by_id, rewarded, *others):
        graded.grade(one)
    assert [one.reward for one in (right, wrong, by_id, rewarded)] == [1.0, 0.0, 1.0, 0.5]
    assert [one.reward for one in others] == [None, None] and right.gold == "4"


def test_ratios_hold_and_what_is_left_over_is_counted(tmp_path: Path) -> None:
    many = trajectories(tmp_path / "many", *(example("Why?", "m", id=f"{n}") for n in range(900)))
    few = trajectories(tmp_path / "few", *(example("Why?", "f", id=f"{n}") for n in range(100)))
    counts = export(Plan([few, many], "trl", ratios=[0.2, 0.8]), tmp_path / "out")
    rows = written(tmp_path / "out", "lines")
    share = sum(row["completion"][0]["content"] == "f" for row in rows) / len(rows)
    assert share == pytest.approx(0.2, abs=0.05)
    assert counts.total == 1000 and counts.dropped.total() == 1000 - len(rows)


def test_tasks_are_compared_wherever_they_stand(tmp_path: Path) -> None:
    first = trajectories(
        tmp_path / "a", *(example("Q", "x", task=f"{n}", reward=1) for n in range(9))
    )
    other = trajectories(
        tmp_path / "b", *(example("Q", "y", task=f"{n}", reward=0) for n in range(9))
    )
    counts = export(Plan([first, other], "eto"), tmp_path / "out")
    rows = written(tmp_path / "out", "array")
    assert [row["id"] for row in rows] == [str(n) for n in range(9)] and counts.used == 18


def test_one_file_with_many_runs_takes_the_memory_of_one(tmp_path: Path) -> None:
    from manyminds.records.reader import Reader, each_run, load_runs

    path = tmp_path / "all.jsonl"
    with record(path):
        app = small("agent-forest").compile()
        for row in questions(6, seed=1):
            app.invoke({"messages": [("user", row["question"])]})
    assert [run.id for run in each_run(path)] == [run.id for run in load_runs(path)]
    reader = Reader(path)
    for run in reader.each():
        assert run.finished and run.calls and reader._builder.runs == []  # pyright: ignore[reportPrivateUsage]


def test_a_run_that_goes_on_gives_what_it_has(tmp_path: Path, runs: Path) -> None:
    whole = next(runs.glob("*agent-forest*")).read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(line for line in whole if b'"type":"end"' not in line))
    counts = export(Plan([cut], "openai", take="candidates"), tmp_path / "out")
    assert counts.rows == 3
    with pytest.raises(DataError, match="without such a conversation: 1"):
        export(Plan([cut], "openai"), tmp_path / "out2")


def test_spooled_texts_are_told_apart() -> None:
    with Spool() as spool:
        assert [spool.is_new(text) for text in ("a", "b", "a", "\udc80")] == [
            *(True, True, False, True)
        ]


@pytest.mark.parametrize("name", ["trl", "llamafactory", "verl", "eto", "adp"])
def test_half_characters_and_odd_numbers_break_no_file(name: str, tmp_path: Path) -> None:
    odd = [example("Wh\ud800y?", f"S\udc80{n}", task="t", reward=n) for n in (0, 1)]
    call = example("Go.", "Hm", "\ud800", "Done.", tool="f", task="u", reward=1.0)
    call.content[1].kwargs = {"x": float("nan")}  # type: ignore[union-attr]
    source = trajectories(tmp_path / "t.jsonl", *odd, call)
    counts = export(Plan([source], name), tmp_path / "out")
    rows = written(tmp_path / "out", EXPORTERS[name].layout)
    assert len(rows) == counts.rows and "\ufffd" in json.dumps(rows, ensure_ascii=False)


@pytest.mark.timed
def test_many_calls_take_no_quadratic_time(tmp_path: Path) -> None:
    runs = dict[int, RunRecord]()
    for many in (200, 800):
        with record(path := tmp_path / f"{many}.jsonl"):
            replies = [f"It is {n % 7}." for n in range(many)]
            model = Member(ScriptedChatModel(replies), name="m")
            forest = create_agent_forest(model, samples=many, extract="number", prompt=None)
            forest.compile().invoke({"messages": [("user", "How many?")]})
        (runs[many],) = load_runs(path)

    def convert(calls: str) -> None:
        run, many = runs[len(calls)], len(calls)
        assert len(list(from_run(run, "calls"))) == len(list(from_run(run, "candidates"))) == many

    assert growth(convert, "x", 800) < LINEAR


def test_a_test_file_of_short_questions_is_no_trap(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"question": "..."}\n{"question": "yes or no"}\n')
    tests = TestQuestions(path)
    assert tests.has_part_of(["Say yes or no!"]) and not tests.has_part_of(["", "yes no or"])


Bad = Callable[[Path], list[str]]


def test_an_exported_file_is_a_source_whatever_it_is_called(tmp_path: Path) -> None:
    first, again = tmp_path / "agents.json", tmp_path / "again.json"
    rows = [example("Why?", "So.", id=name).row() for name in "ab"]
    (tmp_path / "runs.jsonl").write_bytes(b"".join(encoded(row) for row in rows))
    assert export(Plan([tmp_path / "runs.jsonl"], "agenttuning"), first).rows == 2
    assert export(Plan([first], "agenttuning"), again).rows == 2
    assert again.read_bytes() == first.read_bytes()


def _bad() -> Iterator[tuple[str, Bad, str]]:
    def with_file(text: str, *rest: str) -> Bad:
        def arguments(folder: Path) -> list[str]:
            (folder / "f.jsonl").write_text(text)
            return [str(folder / "f.jsonl"), "--out", str(folder / "out"), *rest]

        return arguments

    good = json.dumps(example("Why?", "So.").row())
    yield "no source", lambda d: ["--out", str(d / "out")], "at least one source"
    yield "no out", lambda d: [str(d)], "--out FILE"
    yield "no records", lambda d: [str(d), "--out", str(d / "out")], "no record of a run"
    yield "missing", lambda d: [str(d / "no"), "--out", str(d / "out")], "does not exist"
    yield "form", with_file(good, "-f", "trll"), "no format 'trll': give one of trl, dpo"
    yield "take", with_file(good, "--take", "all"), "give one of answer, winners"
    yield (
        "ratios",
        with_file(good, "--ratio", "1", "--ratio", "2"),
        "one ratio for each source, not 2 for 1",
    )
    yield "zero ratio", with_file(good, "--ratio", "0"), "not all 0"
    yield "empty", with_file(""), "no conversation was found"
    yield "not json", with_file("{"), "f.jsonl line 1"
    yield "other json", with_file('{"a": 1}'), "f.jsonl line 1: no known form"
    yield "nothing left", with_file(good, "--min-reward", "1"), "all 1 were dropped (no reward: 1)"
    yield "itself", lambda d: [str(d / "out"), "--out", str(d / "out")], "also a source"
    yield "gold", with_file(good, "--gold", "nowhere.jsonl"), "nowhere.jsonl"
    yield "unwritable", lambda d: [*with_file(good)(d)[:1], "--out", "/proc/x/y"], "cannot write"


@pytest.mark.parametrize(("given", "named"), [pytest.param(g, n, id=i) for i, g, n in _bad()])
def test_bad_input_is_one_clear_sentence(
    given: Bad, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *given(tmp_path)]) == WRONG_INPUT
    said = capsys.readouterr().err.strip()
    assert named in said and "\n" not in said and "Traceback" not in said
    assert not (tmp_path / "out.new").exists()


def test_the_command_prints_counts_and_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = agents(tmp_path / "agents.jsonl")
    out = tmp_path / "out.json"
    assert main(["export", str(source), "-f", "nat", "--out", str(out), "--json"]) == 0
    told_so = json.loads(capsys.readouterr().out)
    assert told_so["read"] == told_so["used"] == told_so["rows"] == 12
    assert main(["export", "--schema", "-f", "nat"]) == 0
    schema = json.loads(capsys.readouterr().out)
    for row in json.loads(out.read_text()):
        jsonschema.validate(row, schema)
    assert main(["export", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in EXPORTERS)
    code = main(["export", str(source), "-f", "trl", "--min-reward", "1", "--out", str(out)])
    assert code == 0 and "reward too low" in capsys.readouterr().out


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    source = agents(tmp_path / "agents.jsonl")
    with pytest.raises(InputError, match=r"manyminds\[export\]"):
        export(Plan([source], "verl"), tmp_path / "out.parquet")
