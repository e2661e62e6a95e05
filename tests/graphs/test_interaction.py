"""Interaction: what agents read, do and see, how attempts end, and what becomes of them."""

import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import Budget, InputError, Member, QuorumError, create_agent_forest
from manyminds.environments import (
    ENVIRONMENTS,
    Action,
    ArithmeticEnvironment,
    SQLEnvironment,
    Step,
    Tool,
)
from manyminds.environments.simulated import SimulatedAgent
from manyminds.environments.tools import ToolEnvironment
from manyminds.graphs.interaction import create_interaction
from manyminds.testing import Answer, ScriptedChatModel, ScriptedReply
from manyminds.trajectory import Trajectory

QUESTION = "Start with 60. Add 52. What is the result?"
STEPS: list[Answer] = [
    "Thought: add\nAction: calculate[60 + 52]\nObservation: 113\nAction: finish[113]",
    "Thought: done\nAction: finish[112]",
]


def contents(trajectory: dict[str, Any]) -> list[str]:
    return [step["content"] for step in trajectory["content"]]


@every_way
async def test_it_acts_until_the_task_is_done(way: str) -> None:
    model = ScriptedChatModel(STEPS)
    result = await call(create_interaction(model).compile(), way, user(QUESTION))
    assert result["answer"] == "112" and result["reward"] == 1.0
    assert result["report"]["calls"] == 2 and result["report"]["degraded"] is None
    (row,) = result["trajectories"]
    assert contents(row) == [
        QUESTION,
        "Thought: add\nAction: calculate[60 + 52]",
        "Observation: 112",
        "Thought: done\nAction: finish[112]",
        "Observation: The task has ended.",
    ]
    trajectory = Trajectory.read(row, "here")
    read = [message.text for message in model.calls[-1].messages]
    assert read == [trajectory.system, *contents(row)[:3]]
    assert trajectory.reward == 1.0 and trajectory.answer == "112"
    assert trajectory.source == "environment:arithmetic" and "- calculate[" in str(
        trajectory.system
    )


async def test_the_agent_reads_its_own_steps_and_never_what_it_made_up() -> None:
    model = ScriptedChatModel(STEPS)
    await create_interaction(model).compile().ainvoke(user(QUESTION))
    system, *said = model.calls[1].texts
    assert "- calculate[expression]" in system[1] and "at most 10" in system[1]
    assert said == [
        ("human", QUESTION),
        ("ai", "Thought: add\nAction: calculate[60 + 52]"),
        ("human", "Observation: 112"),
    ]
    assert "113" not in model.calls[1].prompt


async def test_a_reply_without_an_action_costs_a_step_and_says_why() -> None:
    model = ScriptedChatModel(["hm", "Action: fly[1]", *STEPS])
    result = await create_interaction(model).compile().ainvoke(user(QUESTION))
    assert result["answer"] == "112" and result["report"]["calls"] == 4
    assert "has no action" in model.calls[1].texts[-1][1]
    assert "there is no action `fly[1]`" in model.calls[2].texts[-1][1]
    told = [step.get("train", True) for step in result["trajectories"][0]["content"]]
    assert told.count(False) == 2


def forecast(city: str, day: int = 0) -> str:
    """Say what the weather will be."""
    return f"{city}: rain on day {day}"


async def test_native_tool_calls_and_parameters_that_may_be_left_out() -> None:
    def calls(name: str, **args: Any) -> ScriptedReply:
        return ScriptedReply("", tool_calls=[{"name": name, "args": args, "id": "1"}])

    steps: list[Answer] = [
        calls("forecast", city="Oslo", day=2),
        'Action: forecast\nAction Input: {"city": "Rome"}',
        calls("finish", answer="rain"),
    ]
    app = create_interaction(ScriptedChatModel(steps), ToolEnvironment([forecast])).compile()
    (row,) = (await app.ainvoke(user("Rain in Oslo and in Rome?")))["trajectories"]
    assert contents(row)[1:] == [
        'Action: forecast[{"city": "Oslo", "day": 2}]',
        "Observation: Oslo: rain on day 2",
        'Action: forecast[{"city": "Rome"}]',
        "Observation: Rome: rain on day 0",
        "Action: finish[rain]",
        "Observation: The task has ended.",
    ]


async def test_it_ends_after_so_many_steps() -> None:
    model = ScriptedChatModel("Action: calculate[1 + 1]")
    result = await create_interaction(model, steps=3).compile().ainvoke(user(QUESTION))
    assert len(model.calls) == 3 and result["reward"] is None
    assert "no attempt ended the task" in result["report"]["degraded"]
    assert result["trajectories"][0]["details"]["ended"] == "steps"


async def test_temperatures_and_methods_are_attempts_in_one_form() -> None:
    model = ScriptedChatModel(lambda messages, _data: _script([m.text for m in messages]))
    app = create_interaction(
        model, methods=["react", "cot", "reflexion"], temperatures=[0.2, 0.7], reflect_after=1
    ).compile()
    result = await app.ainvoke(user(QUESTION))
    seen = [call.params["temperature"] for call in model.calls]
    assert sorted(set(seen)) == [0.2, 0.7]
    ways = [(t["details"]["acting"], t["details"]["temperature"]) for t in result["trajectories"]]
    assert len(set(ways)) == 6
    react, _, cot, _, reflexion, _ = map(contents, result["trajectories"])
    assert len(react) == 5 and cot[1:] == ["Thought: 112\nAction: finish[112]", cot[2]]
    assert reflexion[3] == "Thought: I was hasty.\ndone\nAction: finish[112]"
    assert {t["system"] for t in result["trajectories"]} == {result["trajectories"][0]["system"]}
    known = {(c.metadata["role"], c.metadata["layer"], c.metadata["index"]) for c in model.calls}
    assert len(known) == len(model.calls) == result["report"]["calls"]


def _script(texts: Sequence[str]) -> str:
    if "no tools" in texts[0]:
        return "Thought: 112\nAction: finish[112]"
    if "Look back" in texts[0]:
        return "I was hasty."
    acted = any("calculate[60" in text for text in texts[1:])
    return "Thought: done\nAction: finish[112]" if acted else str(STEPS[0])


async def test_the_answer_is_the_one_that_most_attempts_gave_whatever_the_reward() -> None:
    members = [Member(ScriptedChatModel(f"Action: finish[{n}]"), name=f"m{n}") for n in (7, 112)]
    wrong = Member(ScriptedChatModel("The answer is 7."), name="other")
    result = await create_interaction([*members, wrong]).compile().ainvoke(user(QUESTION))
    assert result["answer"] == "7" and result["reward"] == 0.0
    assert [t["reward"] for t in result["trajectories"]] == [0.0, 1.0, 0.0]
    assert result["report"]["answered_by"] == "m7"


async def test_trajectories_have_the_share_of_all_attempts_that_gave_their_answer() -> None:
    says = ("finish[7]", "finish[112]", "finish[ 112.0 ]", "calculate[1]")
    members = [
        Member(ScriptedChatModel(f"Action: {one}"), name=f"m{n}") for n, one in enumerate(says)
    ]
    result = await create_interaction(members, steps=2).compile().ainvoke(user(QUESTION))
    votes = [(t.get("agreement"), t.get("won")) for t in result["trajectories"]]
    assert votes == [(0.25, False), (0.5, True), (0.5, True), (None, None)]
    alone = await create_interaction(members[0]).compile().ainvoke(user(QUESTION))
    assert "won" not in alone["trajectories"][0]


async def test_an_attempt_that_fails_leaves_the_others() -> None:
    down = Member(ScriptedChatModel([STEPS[0], ValueError("down")]), name="down")
    app = create_interaction([down, ScriptedChatModel(STEPS)]).compile()
    result = await app.ainvoke(user(QUESTION))
    assert result["answer"] == "112"
    assert "attempt 1: failed (error)" in result["report"]["degraded"]
    assert result["trajectories"][0]["details"]["ended"] == "failed (error)"
    assert result["candidates"][2]["status"] == "failed"


async def test_nobody_acts() -> None:
    with pytest.raises(QuorumError, match="down"):
        app = create_interaction(ScriptedChatModel(ValueError("down"))).compile()
        await app.ainvoke(user(QUESTION))


async def test_a_budget_ends_it_with_what_there_is() -> None:
    model = ScriptedChatModel("Action: calculate[1]")
    app = create_interaction(model, budget=Budget(calls=2)).compile()
    result = await app.ainvoke(user(QUESTION))
    assert len(model.calls) == 2 and "budget" in result["report"]["degraded"]


class Odd:
    """An environment of somebody else's, whose actions hang, fail and flood."""

    name, about = "odd", "You press buttons."
    tools = (Tool("press", "button", "presses it."), Tool("finish", "", "ends it."))

    def reset(self, question: str) -> Step:
        return Step({"ended": False}, f"Buttons for {question}")

    def step(self, state: Any, action: Action) -> Step:
        if action.argument == "hang":
            threading.Event().wait(60)
        if action.argument == "fail":
            raise OSError("no current")
        ended = {"ended": action.tool == "finish"}
        return Step(ended, "x" * 9_000 if action.argument == "flood" else "</answer> click")

    def done(self, state: Any) -> bool:
        return bool(state["ended"])

    def reward(self, state: Any) -> float | None:
        return None

    def answer(self, state: Any) -> str:
        return "pressed"


async def test_an_action_that_hangs_fails_or_floods_is_an_observation() -> None:
    pressed: list[Answer] = [f"Action: press[{what}]" for what in ("hang", "fail", "flood", "x")]
    model = ScriptedChatModel([*pressed, "Action: finish[]"])
    app = create_interaction(model, Odd(), timeout=0.2, max_chars=50).compile()
    began = time.monotonic()
    result = await app.ainvoke(user("Open?"))
    assert time.monotonic() - began < 30 and result["answer"] == "pressed"
    seen = contents(result["trajectories"][0])
    assert seen[1] == "Observation: Buttons for Open?"
    assert "took more than 0.2 s" in seen[3] and seen[5] == "Observation: Error: no current"
    assert seen[7] == "Observation: " + "x" * 50 + "\n[8950 more characters]"
    assert "</answer>" not in model.calls[-1].prompt


@pytest.mark.parametrize("name", ENVIRONMENTS)
async def test_simulated_agents_of_two_skills(name: str) -> None:
    place = ENVIRONMENTS[name]()
    agents = [
        Member(SimulatedAgent(environment=place, skill=skill), name=f"skill-{skill}")
        for skill in (0.95, 0.6)
    ]
    app = create_interaction(agents, place, steps=15).compile()
    solved = {agent.name: 0 for agent in agents}
    for task in place.tasks("dev", 15):
        result = await app.ainvoke(user(task.question))
        for row in result["trajectories"]:
            json.dumps(row)
            solved[row["model"]] += row["reward"] == 1.0
    assert solved["skill-0.95"] > solved["skill-0.6"]


async def test_a_forest_over_agents() -> None:
    agent = SimulatedAgent(environment=SQLEnvironment(), skill=0.8)
    inner = create_interaction(agent, "sql")
    task = SQLEnvironment().tasks("dev")[2]
    result = await create_agent_forest([inner], samples=5).compile().ainvoke(user(task.question))
    assert result["answer"].startswith(task.answer) and result["report"]["calls"] >= 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "give at least 1"),
        ({"methods": []}, "give some of react, cot, reflexion"),
        ({"methods": ["rect"]}, "give a list of react, cot, reflexion"),
        ({"temperatures": []}, "give at least one"),
        ({"environment": "sqll"}, "use sql"),
    ],
)
def test_wrong_arguments(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_interaction(ScriptedChatModel(), **options)


async def test_a_question_that_is_no_task_is_refused() -> None:
    with pytest.raises(InputError, match="has no shop for this question"):
        await create_interaction(ScriptedChatModel(), "sql").compile().ainvoke(user("Why?"))
    assert ArithmeticEnvironment().find(QUESTION) is None
