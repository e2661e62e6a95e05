"""Both methods under several event loops: one after the other, side by side, one inside another."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers.graphs import user
from helpers.server import Server

from manyminds import create_agent_forest, create_moa
from manyminds.compiled_method import CompiledMethod
from manyminds.testing import ScriptedChatModel


def moa(model: Any) -> CompiledMethod:
    return create_moa([model, model], layers=2).compile()


def forest(model: Any) -> CompiledMethod:
    return create_agent_forest(model, samples=3, extract="text").compile()


both = pytest.mark.parametrize("build", [moa, forest])


def over_http(server: Server) -> str:
    return f"test-model@{server.url}"


@both
def test_three_runs_in_a_row_then_synchronous_then_asynchronous(build: Any) -> None:
    with Server(lambda body, k: "same") as server:
        app: CompiledMethod = build(over_http(server))
        for _ in range(3):
            assert asyncio.run(app.ainvoke(user()))["answer"] == "same"
        assert app.invoke(user())["answer"] == "same"
        assert asyncio.run(app.ainvoke(user()))["answer"] == "same"
        assert app.invoke(user())["answer"] == "same"
        assert len(server.requests) == 3 * 6


@both
def test_two_threads_with_a_loop_each_and_two_without(build: Any) -> None:
    with Server(lambda body, k: "same") as server, ThreadPoolExecutor(4) as pool:
        app: CompiledMethod = build(over_http(server))
        runs = [
            *(pool.submit(lambda: asyncio.run(app.ainvoke(user()))) for _ in range(2)),
            *(pool.submit(lambda: app.invoke(user())) for _ in range(2)),
        ]
        assert [run.result(20)["answer"] for run in runs] == ["same"] * 4
        assert len(server.requests) == 12


@both
async def test_synchronous_call_while_a_loop_is_running(build: Any) -> None:
    with Server(lambda body, k: "same") as server:
        app: CompiledMethod = build(over_http(server))
        assert (await app.ainvoke(user()))["answer"] == "same"
        assert app.invoke(user())["answer"] == "same"
        assert (await app.ainvoke(user()))["answer"] == "same"


@both
async def test_cancelling_a_run_leaves_no_call_behind(build: Any) -> None:
    begun, ended = asyncio.Event(), 0

    async def hangs(_messages: object, _data: object) -> str:
        nonlocal ended
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended += 1
        return "never"

    model = ScriptedChatModel(hangs)
    task = asyncio.create_task(build(model).ainvoke(user()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == len(model.calls) > 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
