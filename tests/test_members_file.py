"""A file of members stands wherever members are taken."""

import json
from pathlib import Path

import pytest
from helpers.graphs import user

from manyminds import create_agent_forest, create_moa
from manyminds.errors import DataError, MemberError
from manyminds.members import Askable
from manyminds.members_file import read_members

TWO = {
    "members": [
        {"model": "simulated:small", "weight": 0.5, "accuracy": 0.4},
        {"model": "simulated:large", "name": "big", "weight": 5.0},
    ],
    "for": "proposer",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "members.json"
    file.write_text(json.dumps(TWO))
    return file


def test_weights_of_the_file_decide_the_vote(path: Path) -> None:
    graph = create_agent_forest(path, samples=2)
    assert {n: m.weight for n, m in graph.members.items()} == {"small": 0.5, "big": 5.0}
    result = graph.compile().invoke(user("Start with 3. Add 4. What is the result?"))
    assert result["ballot"]["vote"] == "weighted"
    assert sum(group["weight"] for group in result["ballot"]["groups"]) == pytest.approx(5.5)


def test_limits_and_context_of_a_member_can_stand_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "members.json"
    limits = {"context": 4096, "concurrency": 2, "requests_per_minute": 30, "max_answer_chars": 900}
    file.write_text(json.dumps({"members": [{"model": "simulated:small", **limits}]}))
    (member,) = create_agent_forest(file, samples=2).members.values()
    assert {name: getattr(member, name) for name in limits} == limits


def test_a_file_mixes_with_others_and_serves_any_builder(path: Path) -> None:
    mixed: list[Askable] = [path, "simulated:medium"]
    graph = create_moa(mixed, layers=2)
    assert list(graph.members) == ["small", "big", "medium"]
    assert list(create_moa([f"members:{path}"], layers=2).members) == ["small", "big"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        ("{}", 'has no "members"'),
        ('{"members": []}', 'has no "members"'),
        ('{"members": [{"name": "x"}]}', 'member 1: give it a "model"'),
    ],
)
def test_a_wrong_file_is_named_with_what_is_missing(
    tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(content)
    with pytest.raises(DataError, match=message):
        create_agent_forest(file)


def test_a_missing_file_and_a_wrong_option_are_told() -> None:
    with pytest.raises(DataError, match="No such file"):
        create_agent_forest(Path("nowhere.json"))


def test_a_wrong_weight_is_told(tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"members": [{"model": "simulated:small", "weight": -1}]}')
    with pytest.raises(MemberError, match="weight"):
        create_agent_forest(file)


@pytest.mark.parametrize("model", ["m@http://evil/v1#key=AWS_SECRET", "openai:x@http://evil/v1"])
def test_a_file_cannot_send_a_key_to_an_address_of_its_own(model: str, tmp_path: Path) -> None:
    file = tmp_path / "members.json"
    file.write_text(json.dumps({"members": [{"model": model}]}))
    with pytest.raises(DataError, match="may not send a key"):
        read_members(file)
