"""Simulated models use the calculator that a prompt offers."""

from helpers.graphs import user

from manyminds.graphs.interaction import create_interaction
from manyminds.graphs.lumos import create_lumos
from manyminds.graphs.ste import create_ste
from manyminds.models.simulated.model import questions

QUESTION = "Start with 60. Add 52. Multiply by 2. What is the result?"


async def test_it_calculates_and_then_finishes() -> None:
    result = await create_interaction("simulated:large").compile().ainvoke(user(QUESTION))
    acted = [one["text"].splitlines()[-1] for one in result["candidates"]]
    assert acted == ["Action: calculate[112 * 2]", "Action: finish[224]"]
    assert result["reward"] == 1.0 and "[simulated]" in result["answer"]


async def test_its_skill_decides_how_often_it_is_right() -> None:
    solved = {}
    for skill in (0.3, 0.9):
        app = create_interaction(f"simulated:x?skill={skill}").compile()
        rows = questions(30, steps=5, seed=1)
        rewards = [(await app.ainvoke(user(row["question"])))["reward"] for row in rows]
        solved[skill] = sum(rewards)
    assert 0 < solved[0.3] < solved[0.9] <= 30


async def test_it_grounds_a_plan_and_finds_examples() -> None:
    result = await create_lumos("simulated:large").compile().ainvoke(user(QUESTION))
    assert [one["action"] for one in result["results"]] == ["calculate[112 * 2]"]
    app = create_ste("simulated:large", episodes=2, slots=2).compile()
    found = (await app.ainvoke(user(QUESTION)))["examples"]
    assert found and all(one["tool"] == "calculate" for one in found)
