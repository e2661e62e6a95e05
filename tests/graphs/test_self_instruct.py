"""Self-instruct: tasks that are new, that the environment takes, and no more than asked for."""

import json
from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import Budget, InputError, Member, QuorumError
from manyminds.environments import SQLEnvironment
from manyminds.graphs.self_instruct import create_self_instruct
from manyminds.testing import Answer, ScriptedChatModel

TASKS = [
    "A farmer has 12 cows and buys 7 more. How many cows are there?",
    "What does a kilogram of apples at 3 dollars for 500 grams cost?",
    "How long is the longest side of a triangle with sides 3, 4 and a right angle?",
]


def writer(*tasks: str) -> ScriptedChatModel:
    said: list[Answer] = [json.dumps({"query": task}) for task in tasks]
    return ScriptedChatModel(said)


@every_way
async def test_it_writes_tasks_that_differ(way: str) -> None:
    model = writer(TASKS[0], TASKS[0] + " Now.", *TASKS[1:])
    app = create_self_instruct(model, tasks=3, environment=None).compile()
    result = await call(app, way, user("Word problems."))
    assert result["tasks"] == TASKS and result["refused"] == {"repeat": 1}
    assert result["answer"] == "\n".join(f"- {task}" for task in TASKS)
    assert result["report"]["calls"] == 4 and model.calls[0].params["temperature"] == 1.0


async def test_examples_are_shown_and_not_repeated() -> None:
    model = writer(TASKS[0], TASKS[1])
    app = create_self_instruct(model, examples=[TASKS[0]], tasks=1, environment=None).compile()
    result = await app.ainvoke(user("Word problems."))
    assert result["tasks"] == [TASKS[1]] and f"- {TASKS[0]}" in model.calls[0].prompt


async def test_the_environment_has_to_take_them() -> None:
    task = SQLEnvironment().tasks("train")[5].question
    model = writer("How warm is it?", task)
    result = await create_self_instruct(model, tasks=1, environment="sql").compile().ainvoke(user())
    assert result["tasks"] == [task]
    assert result["refused"] == {"no task of the environment": 1}
    assert "- sql[query]" in model.calls[0].prompt


async def test_it_gives_up_and_says_what_is_missing() -> None:
    model = writer(TASKS[0])
    app = create_self_instruct(model, tasks=3, environment=None).compile()
    result = await app.ainvoke(user())
    assert len(model.calls) == 6 and result["tasks"] == TASKS[:1]
    assert result["report"]["degraded"] == "1 of 3 tasks were written (refused: repeat 5)"
    app = create_self_instruct(model, tasks=9, environment=None, budget=Budget(calls=3)).compile()
    assert "1 of 9 tasks" in (await app.ainvoke(user()))["report"]["degraded"]


async def test_writers_that_fail() -> None:
    down = Member(ScriptedChatModel(ValueError("down")), name="down")
    app = create_self_instruct([down, writer(*TASKS)], tasks=3, environment=None).compile()
    assert (await app.ainvoke(user()))["tasks"] == TASKS
    with pytest.raises(QuorumError, match="down"):
        await create_self_instruct(down).compile().ainvoke(user())


@pytest.mark.parametrize("options", [{"tasks": 0}, {"most_alike": 0}, {"most_alike": 101}])
def test_wrong_arguments(options: Any) -> None:
    with pytest.raises(InputError, match="give at least 1"):
        create_self_instruct(ScriptedChatModel(), **options)
