"""A run that is cancelled stops every call at once, leaves nothing behind, and can go on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import user
from helpers.lives import THREAD
from helpers.server import Body, Reply, Server
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from manyminds import create_agent_forest, create_debate, create_moa, create_smoa
from manyminds.method_graph import MethodGraph

PROMPTLY = 10.0  # seconds; the calls in flight would take 30
METHODS: dict[str, Callable[[list[str]], MethodGraph]] = {
    "moa": lambda members: create_moa(members, layers=2),
    "smoa": lambda members: create_smoa(members, layers=3),
    "debate": lambda members: create_debate(members, rounds=2, consensus=False),
    "agent-forest": lambda members: create_agent_forest(members, samples=9, extract="text"),
}
each_method = pytest.mark.parametrize("name", list(METHODS))


def quick_then_slow(body: Body, k: int) -> Reply:
    """Answer one model at once, and leave the others waiting."""
    return Reply("The answer is 42.", latency=0.0 if body["model"] == "quick" else 30.0)


def at_once(_body: Body, _k: int) -> str:
    return "The answer is 42."


async def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        await asyncio.sleep(0.01)


async def cancelled(running: "asyncio.Task[Any]") -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def members(server: Server) -> list[str]:
    return [f"{name}@{server.url}" for name in ("quick", "slow", "slower")]


@pytest.mark.parametrize("how", ["cancelled", "closed"])
@each_method
async def test_every_call_stops_at_once_and_the_run_can_go_on(name: str, how: str) -> None:
    before = asyncio.all_tasks()
    with Server(quick_then_slow) as server:
        app = METHODS[name](members(server)).compile(
            checkpointer=InMemorySaver(), store=InMemoryStore()
        )
        quick = [0]

        def waiting() -> bool:
            bodies = server.bodies
            quick[0] = sum(body["model"] == "quick" for body in bodies)
            return server.busy == len(bodies) - quick[0] >= 2

        if how == "cancelled":
            running = asyncio.create_task(app.ainvoke(user(), THREAD))
            await until(waiting)
            await asyncio.sleep(0.1)
            began = time.monotonic()
            await cancelled(running)
        else:
            stream: Any = app.astream(user(), THREAD, stream_mode="custom")
            async for event in stream:
                if event["event"] == "answered":
                    break
            await until(waiting)
            await asyncio.sleep(0.1)
            began = time.monotonic()
            await stream.aclose()
        await until(lambda: server.busy == 0)
        assert time.monotonic() - began < PROMPTLY
        await until(lambda: asyncio.all_tasks() <= before | _idle())
        server.reply = at_once
        server.clear()
        result = await app.ainvoke(None, THREAD)
        again = sum(body["model"] == "quick" for body in server.bodies)
    assert "42" in result["answer"] and result["report"]["missing"] == []
    assert again == result["report"]["members"]["quick"]["calls"] - quick[0]


def _idle() -> set["asyncio.Task[Any]"]:
    """Return the tasks of LangGraph's own stores and writers, which wait for work."""
    return {task for task in asyncio.all_tasks() if "langgraph" in repr(task.get_coro())}


async def test_a_timeout_of_the_callers_is_a_cancellation() -> None:
    with Server(quick_then_slow) as server:
        app = METHODS["moa"](members(server)).compile()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(app.ainvoke(user()), 0.3)
        await until(lambda: server.busy == 0, PROMPTLY)


@pytest.mark.integration
def test_an_interrupt_on_the_command_line(tmp_path: Path) -> None:
    with Server(quick_then_slow) as server:
        chosen = [part for member in members(server) for part in ("--member", member)]
        command = [sys.executable, "-m", "manyminds", "ask", "--method", "moa", *chosen, "Why?"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NO_COLOR": "1"}
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            asyncio.run(until(lambda: server.busy == 2, 30))
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=30)
            assert time.monotonic() - began < 2 * PROMPTLY
        asyncio.run(until(lambda: server.busy == 0, PROMPTLY))
    assert process.returncode != 0
    assert "Traceback" not in told
