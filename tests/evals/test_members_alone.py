"""The best single member is measured on questions that it was not chosen on."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from manyminds.errors import DataError
from manyminds.evals.compare import acompare
from manyminds.evals.data import Row
from manyminds.evals.equal_cost import plan
from manyminds.evals.grading import by_answer
from manyminds.evals.members_alone import (
    BEST_MEMBER,
    Answered,
    best_member,
    read_answers,
    shares_of,
)
from manyminds.members import Member, members
from manyminds.reading.answers import extractor
from manyminds.registry import method
from manyminds.testing import Answer, Metadata, ScriptedChatModel, ScriptedReply

GRADE = by_answer(extractor("number"))
ROWS = [Row(id=f"q{n}", question=f"What is {n} / {n}?", answer="1") for n in range(1, 9)]


def member(name: str, right: set[int]) -> Member:
    def script(messages: Any, data: Metadata) -> Answer:
        good = int(str(data["question_id"])[1:]) in right
        return ScriptedReply(f"The answer is {1 if good else 0}.", usage=(6, 4))

    return Member(ScriptedChatModel(script), name=name)


TEAM = members([member("a", {1, 2, 3, 4, 5, 6}), member("b", {5, 6, 7}), member("c", {5})])


def one(name: str, id: str, right: bool) -> Answered:
    answer = "1" if right else "0"
    return Answered(
        id=id,
        member=name,
        answer=answer,
        right=right,
        input_tokens=3,
        output_tokens=2,
        cost=None,
        seconds=0.1,
    )


def test_the_best_is_measured_where_it_was_not_chosen() -> None:
    ids = [f"q{n}" for n in range(40)]
    clear = best_member([one("a", id, True) for id in ids] + [one("b", id, False) for id in ids])
    assert clear is not None and clear.names == ["a"] and sum(clear.shares.values()) == 40
    # Of many members that guess, the best in hindsight is far above chance; chosen on other
    # questions it is not.
    gaps = list[float]()
    for trial in range(8):
        answers = [
            one(f"m{m}", id, Random(f"{trial}|{m}|{id}").random() < 0.5)
            for m in range(40)
            for id in ids
        ]
        best = best_member(answers)
        assert best is not None
        hindsight = max(sum(by_id.values()) / 40 for by_id in shares_of(answers).values())
        gaps.append(hindsight - sum(best.shares.values()) / 40)
        assert hindsight > 0.6
    assert sum(gaps) / len(gaps) > 0.1


def test_without_common_questions_there_is_no_best() -> None:
    assert best_member([]) is None
    assert best_member([one("a", "q1", True), one("b", "q2", True)]) is None


@pytest.mark.parametrize("calls", [4, 2])
async def test_it_is_a_row_whether_the_vote_asks_everyone_or_not(
    calls: int, tmp_path: Path
) -> None:
    plans = [plan(method("agent-forest"), TEAM, calls, extract="number")]
    found = await acompare(plans, ROWS, grade=GRADE, members=TEAM, out=tmp_path)
    best = found[-1]
    assert (best.method, best.who, best.accuracy, best.calls) == (BEST_MEMBER, "a", 0.75, 1)
    assert best.tokens == 10
    assert found.ceiling is not None and found.ceiling.beta == 1 / 8
    assert {answer["member"] for answer in read_answers(tmp_path)} == {"a", "b", "c"}


async def test_an_interrupted_comparison_asks_nothing_twice(tmp_path: Path) -> None:
    plans = [plan(method(name), TEAM, 4, extract="number") for name in ("agent-forest", "moa")]
    first = await acompare(plans[:1], ROWS, grade=GRADE, members=TEAM, out=tmp_path)
    seen = (tmp_path / "agent-forest" / "rows.jsonl").read_bytes()
    again = await acompare(plans, ROWS, grade=GRADE, members=TEAM, out=tmp_path)
    assert (tmp_path / "agent-forest" / "rows.jsonl").read_bytes() == seen
    assert again[0] == first[0] and again[-1].accuracy == first[-1].accuracy
    assert [found.method for found in again] == ["agent-forest", "moa", BEST_MEMBER]


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "members.jsonl").write_text(json.dumps({"id": "q1"}) + "\n")
    with pytest.raises(DataError, match="delete it, and run the command again"):
        read_answers(tmp_path)
