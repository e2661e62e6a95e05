"""Who proposes and who aggregates best, and which proposals an aggregator takes from."""

import json
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage

from manyminds import Member, create_agent_forest, create_moa
from manyminds.apps.cli import main
from manyminds.errors import InputError
from manyminds.evals.borrowing_study import aaggregated, borrowed, by_grade
from manyminds.evals.data import Row
from manyminds.evals.role_study import astudy_roles
from manyminds.evals.statistics.borrowing import Borrowing
from manyminds.fence import parse_numbered
from manyminds.models.simulated.model import questions
from manyminds.testing import Metadata, ScriptedChatModel

ROWS = [Row(id=f"q{n}", question=f"Say {n}.", answer=str(n)) for n in range(12)]


def given(messages: list[BaseMessage]) -> list[str]:
    return [text for one in messages for _, text in parse_numbered(one.text)]


def asked(messages: list[BaseMessage]) -> str:
    return messages[-1].text.removeprefix("Say ").removesuffix(".")


async def grade(row: Row, text: str) -> bool:
    return text.split()[-1] == row["answer"]


def writer() -> ScriptedChatModel:
    """A model that answers rightly, and ruins what others answered."""

    def reply(messages: list[BaseMessage], _data: Metadata) -> str:
        return "I would say nothing" if given(messages) else f"It is {asked(messages)}"

    return ScriptedChatModel(reply)


def editor() -> ScriptedChatModel:
    """A model that answers wrongly, and copies what others answered."""

    def reply(messages: list[BaseMessage], _data: Metadata) -> str:
        return given(messages)[0] if given(messages) else "It is 99"

    return ScriptedChatModel(reply)


async def test_a_good_proposer_may_aggregate_badly(tmp_path: Path) -> None:
    models = {"writer": writer(), "editor": editor()}
    members = [Member(model, name=name) for name, model in models.items()]
    for _ in range(2):  # the second time everything is there
        found = await astudy_roles(members, ROWS, grade=grade, proposals=3, out=tmp_path)
        means = {pair: sum(right) / len(right) for pair, right in found.results.items()}
        assert means["writer", "editor"] == 1.0
        assert means["writer", "writer"] == means["editor", "editor"] == 0.0
        one, other = found.effects
        assert (one.model, one.proposing, one.aggregating) == ("writer", 0.5, -0.5)
        assert (other.proposing, other.aggregating) == (-0.5, 0.5)
        # Proposals are asked once for both aggregators: 3 a question, and 2 aggregations.
        assert [len(model.calls) for model in models.values()] == [12 * 5, 12 * 5]


async def test_two_members_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(InputError, match="different names"):
        await astudy_roles([Member(writer(), name="a")] * 2, ROWS, grade=grade)


async def test_an_aggregator_that_copies_the_right_proposal_leans_on_it(tmp_path: Path) -> None:
    def wrong(messages: list[BaseMessage], _data: Metadata) -> str:
        return f"No idea at all, perhaps seventy and {asked(messages)} 99"

    def copy(messages: list[BaseMessage], _data: Metadata) -> str:
        return next(text for text in given(messages) if text.startswith("It is"))

    judge = ScriptedChatModel(copy)
    members = [Member(writer(), name="right"), Member(ScriptedChatModel(wrong), name="wrong")]
    app = create_moa(members, aggregator=Member(judge, name="copies"), layers=2).compile()
    kept = tmp_path / "kept.jsonl"
    for _ in range(2):
        found = await aaggregated(app, ROWS, by_grade(grade), kept=kept)
        assert [one.id for one in found] == [row["id"] for row in ROWS]
        for told in borrowed(found).values():
            assert isinstance(told, Borrowing)
            assert told.correlation == pytest.approx(1.0) and told.n == len(ROWS)
    assert len(judge.calls) == len(ROWS)  # nothing is asked twice


async def test_a_method_without_an_aggregator_is_refused() -> None:
    app = create_agent_forest([writer()], samples=2, prompt=None).compile()
    with pytest.raises(InputError, match="use moa or smoa"):
        await aaggregated(app, ROWS, by_grade(grade))


def test_the_command_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in questions(3, steps=4, seed=3)))
    members = ["--member", "simulated:small", "--member", "simulated:large"]
    assert main(["roles", str(file), *members, "--proposals", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["pairs"]) == 4 and len(told["effects"]) == 2
    assert main(["borrowing", str(file), *members, "--keep", str(tmp_path / "kept.jsonl")]) == 0
    assert "3 of 3 questions aggregated" in capsys.readouterr().out
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"question": "Why?"}\n')
    assert main(["borrowing", str(bare), *members]) == 2
    assert "name a judge with --by" in capsys.readouterr().err
