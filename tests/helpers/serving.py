"""Applications of the server and requests to them, without a socket."""

import json
import socket
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import uvicorn

from manyminds import create_agent_forest, create_moa
from manyminds.server.application import create_app
from manyminds.server.config import Config
from manyminds.testing import ScriptedChatModel

TOOL: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}
CALL: Any = {"name": "add", "args": {"a": 2}, "id": "call-1"}
KEY = "mm-test-key"


def config(**more: Any) -> Config:
    one: dict[str, Any] = {
        "method": "moa",
        "members": ["simulated:small"],
        "options": {"layers": 2},
    }
    return Config.model_validate({"ensembles": {"panel": one}, **more})


def moa(writer: Any = "the end of it") -> Any:
    proposers = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    return create_moa(proposers, aggregator=ScriptedChatModel(writer), layers=2).compile()


def written_by(panel: Any, model: ScriptedChatModel) -> Any:
    """Return an ensemble whose tools and output schemas go to `model`."""
    app: Any = create_agent_forest(panel, samples=2).compile()
    app.builder.members = create_agent_forest(model, samples=1).members
    return app


def served(app: Any, conf: Config | None = None) -> httpx.AsyncClient:
    """Return a client of an application whose one ensemble is `app`."""
    application = create_app(conf or config())
    if app is not None:
        application.state.server.apps["panel"] = app
    transport = httpx.ASGITransport(application, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost/v1", timeout=30)


def said(*messages: Any) -> dict[str, Any]:
    return {"model": "panel", "messages": list(messages)}


def chat(text: str = "Why?", **more: Any) -> dict[str, Any]:
    return {"model": "panel", "messages": [{"role": "user", "content": text}], **more}


async def chunks(client: httpx.AsyncClient, path: str, body: Any) -> list[Any]:
    response = await client.post(path, json=body)
    assert response.status_code == 200, response.text
    frames = [line[6:] for line in response.text.splitlines() if line.startswith("data: ")]
    return [frame if frame == "[DONE]" else json.loads(frame) for frame in frames]


def free_port() -> int:
    """Return a port that is free at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_server(application: Any, port: int = 0) -> Generator[str]:
    """Serve an application over real HTTP, in a thread; give its base URL."""
    port = port or free_port()
    made = uvicorn.Server(uvicorn.Config(application, port=port, log_level="error"))
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    while not made.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        made.should_exit = True
        thread.join(10)
        made.force_exit = True
        thread.join(20)
