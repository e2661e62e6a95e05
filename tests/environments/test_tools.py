"""LangChain tools as an environment, and the simulated agent in each of ours."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool

from manyminds.environments import ENVIRONMENTS, FINISH, Action
from manyminds.environments.simulated import SimulatedAgent
from manyminds.environments.tools import ToolEnvironment
from manyminds.errors import InputError
from manyminds.reading.actions import read_action


@tool
def weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return f"It rains in {city}."


@tool
def area(width: float, height: float) -> float:
    """Return the area of a rectangle."""
    return width * height


@tool
async def slow(seconds: int) -> int:
    """Wait."""
    await asyncio.sleep(0)
    return seconds


def broken() -> str:
    """Fail."""
    raise RuntimeError("out of order")


def env(**options: Any) -> ToolEnvironment:
    return ToolEnvironment([weather, area, slow, broken], **options)


@pytest.mark.parametrize(
    ("action", "observation"),
    [
        (Action("weather", "Oslo"), "It rains in Oslo."),
        (Action("weather", '{"city": "Oslo"}'), "It rains in Oslo."),
        (Action("weather", "12"), "It rains in 12."),
        (Action("area", '{"width": 2, "height": 3}'), "6.0"),
        (Action("slow", "3"), "3"),
        (Action("area", "2, 3"), "6.0"),
        (
            Action("area", "2 by 3"),
            "Error: give one JSON object with the parameters of area: width",
        ),
        (Action("area", '{"width": "x", "height": 3}'), "Error: width: Input should be"),
        (Action("area", '{"width": 2}'), "Error: height: Field required"),
        (Action("broken", ""), "Error: out of order"),
        (Action("weather", "[" * 9_999), "It rains in [["),
    ],
)
def test_a_tool_is_called_as_a_model_writes_it(action: Action, observation: str) -> None:
    state, _ = env().reset("What?")
    assert env().step(state, action).observation.startswith(observation)


def test_a_number_for_a_text_is_its_text() -> None:
    def send(zip: str, floor: int, note: str | None = None) -> str:
        """Send a parcel."""
        return f"{zip!r} {floor!r} {note!r}"

    place = ToolEnvironment([send])
    given = '{"zip": 1010, "floor": 3, "note": 7.5}'
    step = place.step(place.reset("").state, Action("send", given))
    assert step.observation == "'1010' 3 '7.5'"


def test_tools_are_described_and_end_with_finish() -> None:
    lines = [str(each) for each in env().tools]
    assert lines[0] == "- weather[city]: Say what the weather is like in a city."
    assert lines[1].startswith('- area[{"width": "...", "height": "..."}]: Return the area')
    assert lines[-1].startswith(f"- {FINISH}[answer]")


def begins(question: str, answer: str) -> float:
    return float(question.startswith(answer))


def test_a_reward_of_ones_own() -> None:
    given = env(reward=begins)
    state, _ = given.step(given.reset("What?").state, Action(FINISH, "Wh"))
    assert given.done(state) and given.reward(state) == 1.0
    assert env().reward(state) is None


@pytest.mark.parametrize("tools", [[], [weather, weather]])
def test_wrong_tools(tools: Any) -> None:
    with pytest.raises(InputError, match="give at least one, with names that differ"):
        ToolEnvironment(tools)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_simulated_agent_is_as_good_as_its_skill(name: str) -> None:
    place = ENVIRONMENTS[name]()
    tools = [each.name for each in place.tools]

    def solved(skill: float) -> int:
        agent, count = SimulatedAgent(environment=place, skill=skill), 0
        for task in place.tasks("train", 40):
            (state, _), said = place.reset(task.question), [HumanMessage(task.question)]
            for _ in range(15):
                reply = agent.invoke(said)
                action = read_action(reply.text, tools).action
                assert action is not None and reply.response_metadata["simulated"]
                state, seen = place.step(state, action)
                said += [AIMessage(reply.text), HumanMessage(f"Observation: {seen}")]  # type: ignore[list-item]
                if place.done(state):
                    break
            count += place.reward(state) == 1.0
        return count

    assert solved(1.0) == 40 and solved(0.0) == 0
    assert 3 < solved(0.85) < 40
