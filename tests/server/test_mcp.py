"""Ensembles as tools, called by a real MCP client."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import StdioServerParameters
from mcp.client import Client

from manyminds import CompiledMethod, InputError, create_agent_forest
from manyminds.server import mcp as served
from manyminds.server.config import Config, Ensemble
from manyminds.testing import ScriptedChatModel, ScriptedReply

ONE: Any = {"method": "agent-forest", "members": ["simulated:large"], "options": {"samples": 3}}
SUM = "Start with 60. Add 52. What is the result?"


def building(app: CompiledMethod) -> Callable[[Ensemble], CompiledMethod]:
    return lambda _ensemble: app


def config() -> Config:
    return Config.model_validate({"ensembles": {"panel": ONE, "other": ONE}})


async def test_consult_answers_with_progress_and_report() -> None:
    seen: list[float] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with Client(served.create_mcp(config())) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("consult", {"question": SUM}, progress_callback=told)
    assert tools == {"consult", "consult_in_background", "consultation_result"}
    found: Any = result.structured_content
    assert "112" in found["answer"] and found["calls"] == 3 and found["degraded"] is None
    assert seen == [1, 2, 3]


async def test_a_background_job_is_asked_for_until_it_is_done() -> None:
    async with Client(served.create_mcp(config())) as client:
        started: Any = (
            await client.call_tool("consult_in_background", {"question": SUM, "ensemble": "other"})
        ).structured_content
        asked = {"job": started["job"], "wait_seconds": 30}
        found: Any = (await client.call_tool("consultation_result", asked)).structured_content
    assert found["status"] == "answered" and "112" in found["answer"]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("consult", {"question": SUM, "ensemble": "nobody"}, "there are panel, other"),
        ("consult", {"question": "  "}, "there is no question"),
        ("consultation_result", {"job": "x"}, "there is no job"),
    ],
)
async def test_what_cannot_be_done_is_told_to_the_model(
    tool: str, arguments: Any, says: str
) -> None:
    async with Client(served.create_mcp(config())) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error and says in str(result.content)


async def test_a_panel_that_fails_is_an_error_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    down = create_agent_forest(ScriptedChatModel(ValueError("down")), samples=1).compile()
    monkeypatch.setattr("manyminds.server.config.Ensemble.build", building(down))
    async with Client(served.create_mcp(config())) as client:
        result = await client.call_tool("consult", {"question": SUM})
    assert result.is_error and "down" in str(result.content)


async def test_jobs_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = create_agent_forest(ScriptedChatModel(ScriptedReply("x", delay=30)), samples=1)
    monkeypatch.setattr("manyminds.server.config.Ensemble.build", building(slow.compile()))
    panels = served.Panels(config())
    for _ in range(64):
        await panels.start("Why?", "")
    with pytest.raises(InputError, match="wait for one of them"):
        await panels.start("Why?", "")
    for job in panels.jobs.values():
        job.cancel()
    await asyncio.gather(*panels.jobs.values(), return_exceptions=True)


@pytest.mark.integration
async def test_over_standard_input_and_output(tmp_path: Path) -> None:
    path = tmp_path / "ensembles.yaml"
    path.write_text("ensembles: {panel: {method: agent-forest, members: [simulated:large]}}")
    arguments = ["-m", "manyminds", "mcp", "--config", str(path)]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
        result = await client.call_tool("consult", {"question": SUM})
    assert "112" in str(result.content)
