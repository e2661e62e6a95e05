"""`manyminds tune`: recipes choose rows, and a tiny model is trained on them where TRL is there."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.tiny_model import tiny_model
from helpers.trajectories import told

from manyminds.apps.cli import WRONG_INPUT, main
from manyminds.export.counts import Counts
from manyminds.export.filters import Limits
from manyminds.export.plan import Plan
from manyminds.export.recipes import RECIPES
from manyminds.export.tuning import Training, rows_for, train, warning
from manyminds.json_lines import encoded


def source(folder: Path, many: int = 6) -> Path:
    """Write candidates of votes, of which the first is right, and agents with rewards."""
    given: list[Any] = []
    for n in range(many):
        asked, task = f"What is {n} + 1?", f"t{n}"
        known = {"task": task, "role": "sampler", "method": "agent-forest"}
        given += [
            told(
                asked, f"{n + 1}", id=f"{n}a", won=True, agreement=0.5 + n / 20, reward=1, **known
            ),
            told(asked, f"{n + 2}", id=f"{n}b", won=False, agreement=0.2, reward=0, **known),
        ]
    path = folder / "candidates.jsonl"
    path.write_bytes(b"".join(encoded(one.row()) for one in given))
    return path


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def plan(folder: Path, **limits: Any) -> Plan:
    return Plan([source(folder)], "trl", limits=Limits(**limits))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_gives_rows_of_its_trainer(name: str, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    path, counts = rows_for(recipe, plan(tmp_path), tmp_path / "data")
    keys = {"sft": "completion", "dpo": "chosen", "kto": "label"}
    rows = read(path)
    assert rows and all(keys[recipe.kind] in row for row in rows)
    assert counts.used and path.with_name(f"{path.name}.card.md").exists()


def test_a_vote_counts_from_the_agreement_that_is_asked_for(tmp_path: Path) -> None:
    path, counts = rows_for(RECIPES["vote"], plan(tmp_path), tmp_path / "data")
    assert counts.dropped["the vote agrees too little"] == 8  # 6 losers, 2 winners below 0.6
    more, _ = rows_for(RECIPES["vote"], plan(tmp_path, min_agreement=0.75), tmp_path / "more")
    assert [len(read(one)) for one in (path, more)] == [4, 1]


def test_nat_says_in_the_prompt_what_follows_and_trains_the_agent_only(tmp_path: Path) -> None:
    path, _ = rows_for(RECIPES["nat"], plan(tmp_path), tmp_path / "data")
    first, second = read(path)[:2]
    assert first["prompt"][-1]["content"] != second["prompt"][-1]["content"]
    assert [len(row["completion"]) for row in (first, second)] == [1, 1]


def test_votes_that_agree_on_too_little_are_warned_of() -> None:
    counts = Counts(used=5, rows=5)
    counts.read["runs"] = 1_000
    assert "too little to train on" in str(warning(RECIPES["vote"], counts))
    counts.read["runs"] = 6
    assert "few to train on" in str(warning(RECIPES["vote"], counts))
    assert warning(RECIPES["gold"], Counts(used=900, rows=900)) is None


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


def test_the_list_names_all_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in RECIPES)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["vote", "pairs", "graded"])
def test_a_tiny_model_is_trained(name: str, tmp_path: Path) -> None:
    for package in ("torch", "trl", "peft", "datasets", "tokenizers"):
        pytest.importorskip(package)
    folder = tiny_model(tmp_path / "model")
    rows, _ = rows_for(RECIPES[name], plan(tmp_path), tmp_path / "data")
    seen: list[int] = []
    how = Training(str(folder), epochs=4, learning_rate=1e-2, batch=2)
    losses, adapter, merged = train(
        rows, RECIPES[name].kind, how, tmp_path / "out", lambda step, _: seen.append(step)
    )
    assert seen == [step for step, _ in losses]
    assert min(loss for _, loss in losses) < losses[0][1]
    assert (adapter / "adapter_config.json").exists() and (merged / "config.json").exists()
    transformers = pytest.importorskip("transformers")
    assert transformers.AutoModelForCausalLM.from_pretrained(merged)
    again = train(rows, RECIPES[name].kind, how, tmp_path / "out")  # from the last checkpoint
    assert len(again[0]) == len(losses)
