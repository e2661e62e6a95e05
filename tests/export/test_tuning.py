"""`manyminds tune`: recipes choose rows, and a tiny model is trained on them where TRL is there."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny_model import tiny_model
from helpers.trajectories import example

from manyminds.apps.cli import main
from manyminds.apps.terminal import WRONG_INPUT
from manyminds.errors import InputError
from manyminds.export.counts import Counts
from manyminds.export.filters import Limits
from manyminds.export.measure import Sampling
from manyminds.export.plan import Plan
from manyminds.export.recipes import RECIPES, Stage
from manyminds.export.training import Training, train, trained_matrices
from manyminds.export.tuning import Job, rows_for, tune, warning
from manyminds.json_lines import encoded

VOTE = RECIPES["vote"].stages[0]


def source(folder: Path, many: int = 6) -> Path:
    """Write candidates of votes, of which the first is right, and agents with rewards."""
    given: list[Any] = []
    for n in range(many):
        asked, task = f"What is {n} + 1?", f"t{n}"
        known = {"task": task, "role": "sampler", "method": "agent-forest"}
        given += [
            example(
                asked, f"{n + 1}", id=f"{n}a", won=True, agreement=0.5 + n / 20, reward=1, **known
            ),
            example(asked, f"{n + 2}", id=f"{n}b", won=False, agreement=0.2, reward=0, **known),
        ]
    path = folder / "candidates.jsonl"
    path.write_bytes(b"".join(encoded(one.row()) for one in given))
    return path


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def plan(folder: Path, **limits: Any) -> Plan:
    return Plan([source(folder)], "trl", limits=Limits(**limits))


@pytest.mark.parametrize(
    "stage",
    [pytest.param(stage, id=name) for name, one in RECIPES.items() for stage in one.stages],
)
def test_every_stage_gives_rows_of_its_trainer(stage: Stage, tmp_path: Path) -> None:
    path, counts = rows_for(stage, plan(tmp_path), tmp_path / "data")
    keys = {"sft": "completion", "dpo": "chosen", "kto": "label"}
    rows = read(path)
    assert rows and all(keys[stage.kind] in row for row in rows)
    assert counts.used and path.with_name(f"{path.name}.card.md").exists()


def test_a_vote_counts_from_the_agreement_that_is_asked_for(tmp_path: Path) -> None:
    path, counts = rows_for(VOTE, plan(tmp_path), tmp_path / "data")
    assert counts.dropped["the vote agrees too little"] == 8  # 6 losers, 2 winners below 0.6
    more, _ = rows_for(VOTE, plan(tmp_path, min_agreement=0.75), tmp_path / "more")
    assert [len(read(one)) for one in (path, more)] == [4, 1]


def test_nat_says_in_the_prompt_what_follows_and_trains_the_agent_only(tmp_path: Path) -> None:
    path, _ = rows_for(RECIPES["nat"].stages[0], plan(tmp_path), tmp_path / "data")
    first, second = read(path)[:2]
    assert first["prompt"][-1]["content"] != second["prompt"][-1]["content"]
    assert [len(row["completion"]) for row in (first, second)] == [1, 1]


def test_votes_that_agree_on_too_little_are_warned_of() -> None:
    counts = Counts(used=5, rows=5)
    counts.read["runs"] = 1_000
    assert "too little to train on" in str(warning(VOTE, counts))
    counts.read["runs"] = 6  # ties have no winner: few sure votes, and few others
    assert "too little to train on: 5 of 6" in str(warning(VOTE, counts))
    counts.rows = counts.used = 400
    counts.read["runs"] = 500
    assert warning(VOTE, counts) is None
    assert "few to train on" in str(warning(RECIPES["gold"].stages[0], Counts(used=5, rows=5)))
    assert warning(RECIPES["gold"].stages[0], Counts(used=900, rows=900)) is None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--recipe", "votes", "--out", "x"], "no recipe 'votes': give one of vote, gold"),
        ([], "--out DIR"),
    ],
)
def test_bad_input_is_one_sentence(
    given: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", *given]) == WRONG_INPUT
    assert named in capsys.readouterr().err


def test_missing_packages_are_named_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    out = tmp_path / "out"
    assert main(["tune", str(source(tmp_path)), "--out", str(out)]) == WRONG_INPUT
    assert "manyminds[tune]" in capsys.readouterr().err and not out.exists()


def test_a_mistake_in_the_first_command_leaves_the_folder_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("manyminds.export.tuning.check_packages", list[str])
    monkeypatch.setattr("manyminds.export.tuning.train", None)  # not reached
    held_out = tmp_path / "held-out.jsonl"
    held_out.write_bytes(encoded({"id": "x", "question": "What is 50 + 1?", "answer": "51"}))
    wrong = Plan([tmp_path / "absent"], "trl", limits=Limits())
    for recipe in ("vote", "gold"):  # sources are looked at before the model is asked
        job = Job(RECIPES[recipe], wrong, Training(str(tmp_path)), held_out)
        with pytest.raises(InputError, match="absent: the file does not exist"):
            tune(job, tmp_path / "out")


def test_the_list_names_all_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in RECIPES)


def test_nat_asks_the_trained_model_as_it_was_trained_on_successes(tmp_path: Path) -> None:
    path, _ = rows_for(RECIPES["nat"].stages[0], plan(tmp_path), tmp_path / "data")
    (success,) = [
        row for row in read(path) if [one["content"] for one in row["completion"]] == ["3"]
        and "correct" in row["prompt"][-1]["content"]
    ]  # fmt: skip
    asked = RECIPES["nat"].asks(success["prompt"][-1]["content"].partition("\n\n")[0])
    assert [(m["role"], m["content"]) for m in success["prompt"]] == list(asked)
    assert RECIPES["vote"].asks("2 + 2?") == [("user", "2 + 2?")]


def test_what_shares_words_with_a_held_out_question_is_not_trained(tmp_path: Path) -> None:
    held_out = tmp_path / "held-out.jsonl"
    held_out.write_bytes(encoded({"id": "x", "question": "What is 5 + 1?", "answer": "6"}))
    path, counts = rows_for(
        RECIPES["gold"].stages[0], replace(plan(tmp_path), against=held_out), tmp_path / "data"
    )
    assert counts.dropped["shares words with a test question"] == 1
    assert "What is 5 + 1?" not in path.read_text()


PACKAGES = ("torch", "trl", "peft", "datasets", "tokenizers")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["vote", "pairs", "graded"])
def test_a_tiny_model_is_trained(name: str, tmp_path: Path) -> None:
    for package in PACKAGES:
        pytest.importorskip(package)
    folder = tiny_model(tmp_path / "model")
    (stage,) = RECIPES[name].stages
    rows, _ = rows_for(stage, plan(tmp_path), tmp_path / "data")
    seen: list[tuple[int, int]] = []

    def on_step(step: int, steps: int, _loss: float) -> None:
        seen.append((step, steps))

    how = Training(str(folder), epochs=4, learning_rate=1e-2, batch=2)
    trained = train(rows, stage.kind, how, tmp_path / "out", on_step)
    steps = len(trained.losses)
    assert seen == [(step, steps) for step, _ in trained.losses]
    assert min(loss for _, loss in trained.losses) < trained.losses[0][1]
    assert (trained.adapter / "adapter_config.json").exists()
    transformers = pytest.importorskip("transformers")
    assert transformers.AutoModelForCausalLM.from_pretrained(trained.merged)
    matrices = trained_matrices(trained)
    assert len(matrices) == 2 * 7 and all("_proj" in key for key in matrices)
    assert train(rows, stage.kind, how, tmp_path / "out") == trained  # it has ended
    if name == "vote":
        other = train(rows, stage.kind, how, tmp_path / "other")
        assert other.losses == trained.losses  # the seed drives everything


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_stages_follow_one_another_and_a_folder_holds_one_job(tmp_path: Path) -> None:
    for package in PACKAGES:
        pytest.importorskip(package)
    how = Training(str(tiny_model(tmp_path / "model")), epochs=1, batch=4)
    job = Job(RECIPES["eto"], plan(tmp_path), how)
    warned: list[str] = []
    tuned = tune(job, tmp_path / "out", on_warning=warned.append)
    assert [counts.rows for _, counts in tuned.rows] == [6, 6]
    assert warned == list(tuned.warnings) and len(warned) == 2  # few rows
    assert tuned.member == f"local:{tmp_path / 'out' / 'merged'}" and tuned.after is None
    assert (tmp_path / "out" / "result.json").exists()
    assert tune(job, tmp_path / "out").losses == tuned.losses
    with pytest.raises(InputError, match="another --out"):
        tune(replace(job, training=replace(how, rank=4)), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_the_folder_of_a_model_is_measured_before_and_after(tmp_path: Path) -> None:
    for package in PACKAGES:
        pytest.importorskip(package)
    held_out = tmp_path / "held-out.jsonl"
    held_out.write_bytes(encoded({"id": "x", "question": "What is 50 + 1?", "answer": "51"}))
    how = Training(str(tiny_model(tmp_path / "model")), epochs=1, batch=4)
    job = Job(RECIPES["vote"], plan(tmp_path), how, held_out, Sampling(3, 8, threads=1))
    tuned = tune(job, tmp_path / "out")
    assert tuned.before is not None and tuned.after is not None
    assert (tuned.before.questions, tuned.after.samples) == (1, 3)
    votes = (tmp_path / "out" / "after" / "votes.jsonl").read_bytes()
    again = tune(job, tmp_path / "out")
    assert again.after == tuned.after
    assert (tmp_path / "out" / "after" / "votes.jsonl").read_bytes() == votes  # asked once


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    for package in PACKAGES:
        pytest.importorskip(package)
    job = Job(RECIPES["vote"], plan(tmp_path), Training(str(tmp_path)), tmp_path / "q.jsonl")
    with pytest.raises(InputError, match=r"absent\.gguf: the file of the model does not exist"):
        tune(replace(job, training=Training("local:absent.gguf")), tmp_path / "out")
