"""Jury: how often each member is asked, and what the foreman reads."""

import pytest
from jury import create_jury

from manyminds.testing import ScriptedChatModel

QUESTION = {"messages": [("user", "What is 6 * 7?")]}


async def test_jurors_that_agree_need_no_foreman() -> None:
    jurors = [ScriptedChatModel("Final answer: 42") for _ in range(3)]
    result = await create_jury(jurors).compile().ainvoke(QUESTION)
    assert result["answer"] == "Final answer: 42" and result["report"]["calls"] == 3


@pytest.mark.parametrize("rounds", [1, 3])
async def test_the_foreman_decides(rounds: int) -> None:
    jurors = [ScriptedChatModel(f"Final answer: {n}") for n in range(3)]
    foreman = ScriptedChatModel("Final answer: 2")
    app = create_jury(jurors, foreman=foreman, rounds=rounds).compile()
    result = await app.ainvoke(QUESTION)
    assert result["answer"] == "Final answer: 2" and len(foreman.calls) == 1
    assert result["report"]["calls"] == 3 * rounds + 1
    assert "Final answer: 1" in foreman.calls[0].prompt
