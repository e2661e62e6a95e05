"""An agent of LangChain as a member: its steps are recorded as ours, and a forest votes over it."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import tool

from manyminds import Member, create_agent_forest, create_moa
from manyminds.export.from_records import from_run
from manyminds.members import Askable
from manyminds.records.reader import load_run
from manyminds.records.record import record
from manyminds.testing import Metadata, ScriptedChatModel, ScriptedReply

agents = pytest.importorskip("langchain.agents")


@tool
def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


def acts(messages: list[BaseMessage], _data: Metadata) -> ScriptedReply:
    if messages[-1].type == "tool":
        return ScriptedReply(f"The answer is {messages[-1].text}.")
    asked = {"name": "multiply", "args": {"a": 6, "b": 7}, "id": "one", "type": "tool_call"}
    return ScriptedReply("I multiply.", tool_calls=[asked])


def agent(model: Any = None) -> Member:
    return Member(agents.create_agent(model or ScriptedChatModel(acts), [multiply]), name="agent")


@every_way
async def test_a_forest_over_agents(way: str) -> None:
    app = create_agent_forest([agent()], samples=5, extract="number").compile()
    result = await call(app, way, user("How much is 6 times 7?"))
    assert result["answer"].endswith("The answer is 42.")
    report = result["report"]
    assert report["calls"] == 10 and report["tokens"] == {"input": 100, "output": 50}
    assert report["missing"] == [] and report["members"]["agent"]["calls"] == 10


async def test_agents_beside_models_in_a_mixture() -> None:
    writer = ScriptedChatModel("42, as both say.")
    members: list[Askable] = [agent(), ScriptedChatModel("42")]
    app = create_moa(members, layers=2, aggregator=writer).compile()
    result = await app.ainvoke(user("How much is 6 times 7?"))
    assert result["answer"] == "42, as both say." and result["report"]["calls"] == 4
    assert "The answer is 42." in writer.calls[0].prompt


def test_every_step_is_recorded_and_becomes_a_trajectory(tmp_path: Path) -> None:
    with record(tmp_path) as recording:
        app = create_agent_forest([agent()], samples=2, extract="number").compile()
        app.invoke(user("How much is 6 times 7?"))
    run = load_run(recording.path)
    assert [len(each.inner) for each in run.calls] == [2, 2]
    trajectories = list(from_run(run, "candidates"))
    assert len(trajectories) == 2
    kinds = [step.class_ for step in trajectories[0].content]
    assert kinds[0] == "text_observation" and "api_action" in kinds
    assert kinds[-1] == "message_action" and trajectories[0].answer == "42"
    assert '"a": 6' in json.dumps(trajectories[0].row())


async def test_an_agent_that_fails_is_a_failed_candidate() -> None:
    def down(_messages: object, data: Metadata) -> Any:
        raise ValueError("down")

    members = [agent(), Member(agents.create_agent(ScriptedChatModel(down), [multiply]), name="no")]
    app = create_agent_forest(members, samples=4, extract="number").compile()
    result = await app.ainvoke(user("How much is 6 times 7?"))
    assert result["answer"].endswith("42.")
    assert {one["member"] for one in result["report"]["missing"]} == {"no"}
    assert isinstance(result["messages"][-1], AIMessage)
