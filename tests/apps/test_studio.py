"""LangGraph Studio's server starts on `langgraph.json` and runs every method of it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from manyminds.apps import studio
from manyminds.members import Member
from manyminds.method_graph import MethodGraph

ROOT = Path(__file__).parents[2]
GRAPHS: list[str] = list(
    json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
)
# Methods whose answer is about something else than the question.
ANSWERS = {"rater": "1", "self-instruct": "- Start with", "ste": "queries were tried"}
QUESTION = "Start with 60. Add 52. What is the result?"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("", ["simulated:small", "simulated:medium", "simulated:large"]),
        (" simulated:small , ,recorded:x.jsonl", ["simulated:small", "recorded:x.jsonl"]),
    ],
)
def test_members(monkeypatch: pytest.MonkeyPatch, named: str, expected: list[str]) -> None:
    monkeypatch.setenv("MANYMINDS_MEMBERS", named)
    assert studio.members() == expected


@pytest.mark.parametrize("name", GRAPHS)
async def test_factory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANYMINDS_MEMBERS", "simulated:mine?skill=0.9")
    graph = await getattr(studio, name.replace("-", "_"))()
    assert isinstance(graph, MethodGraph)
    assert name.replace("-", "_") in vars(studio), "the server looks into the dictionary"
    assert "mine" in graph.members


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def call(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The development server, as a user starts it."""
    command = shutil.which("langgraph", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("install the dependency group `studio` (make slow)")
    folder, port = tmp_path_factory.mktemp("studio"), free_port()
    options = ["--no-browser", "--no-reload", "--port", str(port)]
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [command, "dev", "--config", str(ROOT / "langgraph.json"), *options],
        cwd=folder,
        env={**os.environ, "MANYMINDS_MEMBERS": ""},
        stdout=log,
        stderr=log,
    )
    try:
        for _ in range(120):
            with suppress(OSError):
                call(port, "GET", "/ok")
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_server_runs_a_method(server: int, name: str) -> None:
    body = {
        "assistant_id": name,
        "input": {"messages": [{"role": "user", "content": QUESTION}]},
    }
    # Reading a file or sleeping on the server's event loop would end in an error here.
    result = call(server, "POST", "/runs/wait", body)
    assert ANSWERS.get(name, "112") in result["answer"]
    assert result["report"]["missing"] == []
    assert result["messages"][-1]["content"] == result["answer"]


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
async def test_a_run_never_blocks_the_event_loop(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the server refuses, also for members that the environment cannot describe.
    blockbuster = pytest.importorskip("blockbuster", reason="install the dependency group `studio`")
    pirate = Member("simulated:large", role="a careful pirate")
    monkeypatch.setattr(studio, "members", lambda: [pirate])
    app = (await getattr(studio, name.replace("-", "_"))()).compile()
    with blockbuster.blockbuster_ctx():
        result = await app.ainvoke({"messages": [("user", QUESTION)]})
    assert ANSWERS.get(name, "112") in result["answer"]
