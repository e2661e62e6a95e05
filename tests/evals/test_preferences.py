"""A judge that prefers the first or the longer answer is caught where it chooses members."""

from typing import Any

import pytest

from manyminds.evals.data import Row
from manyminds.evals.preferences import judged
from manyminds.evals.statistics.judges import Judgement, preferences
from manyminds.fence import parse_numbered
from manyminds.members import Member
from manyminds.prompts import load
from manyminds.testing import Answer, Metadata, ScriptedChatModel

ROWS = [Row(id=f"q{n}", question=f"Question {n}?", answer=None) for n in range(60)]
TEXTS = {
    name: [f"{name} says " + "so " * ((7 * n + 5 * at) % 11 + 1) for n in range(60)]
    for at, name in enumerate(("a", "b", "c"))
}


def judge(taste: str) -> Member:
    def script(messages: Any, data: Metadata) -> Answer:
        shown = parse_numbered("\n".join(str(message.text) for message in messages))
        if taste == "first":
            return str(shown[0][0])
        return str(max(shown, key=lambda one: len(one[1]))[0])

    return Member(ScriptedChatModel(script), name="judge")


@pytest.mark.parametrize("taste", ["first", "longer"])
async def test_it_is_caught(taste: str) -> None:
    kept = list[Judgement]()
    await judged(TEXTS, ROWS, judge(taste), load("ranker/pick@1"), 0, kept.append)
    assert len(kept) == 180 and {name for one in kept for name in one.shown} == {"a", "b", "c"}
    found = {one.kind: one for one in preferences(kept)}
    other = "longer" if taste == "first" else "first"
    assert found[taste].caught and found[taste].share > 0.95
    assert not found[other].caught and abs(found[other].share - 0.5) < 0.1
