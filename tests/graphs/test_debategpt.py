"""DebateGPT's generator: summaries, confidence, cleaning, and rows of a file of instructions."""

import json
from pathlib import Path

import pytest
from helpers.graphs import call, every_way, user

from manyminds import InputError, Member
from manyminds.apps.cli import main
from manyminds.graphs.debategpt import create_debategpt
from manyminds.testing import Metadata, ScriptedChatModel

ROLES = ("debater", "summarizer", "cleaner")


def speaker(name: str, sure: int) -> Member:
    def script(_messages: object, data: Metadata) -> str:
        said = {
            "debater": f"In the last round I said {name}. Final answer: {name}\nConfidence: {sure}",
            "summarizer": f"The others say it is not {name}.",
            "cleaner": "Final answer: Rome",
        }
        return said[data["role"]]

    return Member(ScriptedChatModel(script), name=name)


@every_way
async def test_a_debate_with_summaries_confidence_and_cleaning(way: str) -> None:
    team = [speaker("Paris", 20), speaker("Rome", 90), speaker("Oslo", 30)]
    result = await call(create_debategpt(team).compile(), way, user("Which city?"))
    assert result["answer"] == "Final answer: Rome" and result["report"]["degraded"] is None
    assert {role: result["report"]["roles"][role]["calls"] for role in ROLES} == {
        "debater": 6,
        "summarizer": 3,
        "cleaner": 1,
    }
    assert result["report"]["calls"] == 3 * (2 * 2 - 1) + 1
    second = [c for c in team[2].model.calls if c.metadata["layer"] == 2]
    assert (
        "The others say" in second[0].prompt and "In the last round" not in second[0].texts[-1][1]
    )


async def test_one_member_debates_as_three_copies() -> None:
    result = (
        await create_debategpt("simulated:large")
        .compile()
        .ainvoke(user("Start with 7. Add 5. What is the result?"))
    )
    assert result["report"]["roles"]["debater"]["calls"] == 6


def test_a_file_of_instructions_becomes_rows_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    asked = [f"Start with {n}. Add 5. What is the result?" for n in range(5)]
    data.write_text("".join(json.dumps({"instruction": one}) + "\n" for one in asked))
    given = ["batch", str(data), "--method", "debategpt", "--out", str(out), "--form", "alpaca"]
    assert main([*given, "--member", "simulated:large"]) == 0
    assert "5 items done" in capsys.readouterr().out
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["instruction"] for row in rows} == {*asked}
    assert all(
        "The answer is" in row["output"] and "Confidence" not in row["output"] for row in rows
    )


def test_wrong_arguments() -> None:
    with pytest.raises(InputError, match="give at least 2"):
        create_debategpt(["simulated:small"], rounds=1)
