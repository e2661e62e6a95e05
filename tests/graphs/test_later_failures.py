"""What answered stays: a run whose later calls all fail ends with the answer that it has."""

import itertools
from typing import Any

import pytest
from helpers.graphs import user
from helpers.registry import NAMES, QUESTION, small
from langchain_core.messages import BaseMessage

from manyminds import (
    Member,
    MethodGraph,
    create_debate,
    create_debategpt,
    create_moa,
    create_smoa,
)
from manyminds.models.simulated.model import SimulatedChatModel
from manyminds.testing import ScriptedChatModel

_SURE = SimulatedChatModel(skill=0.99)


def failing_after(good: int) -> list[Member]:
    """Return three members; all calls but the first so many fail."""
    number = itertools.count()

    async def script(messages: list[BaseMessage], _data: object) -> Any:
        if next(number) >= good:
            return ValueError("E7 gone")
        return (await _SURE.ainvoke(messages)).text

    return [Member(ScriptedChatModel(script), name=name) for name in "abc"]


# A prefix of the steps is no answer: stepwise-voting keeps it for a resume.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "stepwise-voting"])
async def test_all_calls_after_the_first_answers_fail(name: str) -> None:
    result = await small(name, *failing_after(3)).compile().ainvoke(user(QUESTION))
    assert result["answer"] and "E7" not in result["answer"]


def built(name: str, members: list[Member]) -> MethodGraph:
    if name == "moa":
        return create_moa(members, layers=4, quorum=2)
    if name == "smoa":
        return create_smoa(members, layers=3)
    if name == "debategpt":
        return create_debategpt(members, rounds=3)
    return create_debate(members, rounds=3, consensus=False, quorum=2)


@pytest.mark.parametrize("good", (3, 4, 5))
@pytest.mark.parametrize("name", ["moa", "smoa", "debate", "debategpt"])
async def test_a_layer_that_fails_hands_on_the_layer_before(name: str, good: int) -> None:
    result = await built(name, failing_after(good)).compile().ainvoke(user(QUESTION))
    assert "112" in result["answer"] and "E7" not in result["answer"]
    assert result["report"]["degraded"]


async def test_the_report_names_the_layer_and_its_failures() -> None:
    graph = create_moa(failing_after(3), layers=3, aggregator="simulated:large")
    result = await graph.compile().ainvoke(user(QUESTION))
    assert [c["status"] for c in result["candidates"]] == ["ok"] * 3
    noted = "layer 2: 0 of 3 members answered and the quorum is 1; a: error: E7 gone"
    assert noted in result["report"]["degraded"]
    assert "the answer rests on layer 1" in result["report"]["degraded"]
