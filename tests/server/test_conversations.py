"""Conversations in a database: the client sends what is new, whichever process answers."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.postgres import postgres_folder
from helpers.server import Reply, Server
from helpers.serving import KEY, chat, config, free_port, run_server, served

from manyminds import create_agent_forest
from manyminds.server.application import create_app
from manyminds.server.config import hash_of
from manyminds.server.database import opened
from manyminds.testing import ScriptedChatModel

IN_THREAD = {"x-manyminds-thread": "t-1"}


def test_a_named_conversation_goes_on_in_sqlite(tmp_path: Path) -> None:
    member = ScriptedChatModel(["one", "two", "three", "four"])
    keys = [{"name": name, "sha256": hash_of(KEY + name)} for name in ("ann", "bob")]
    application = create_app(config(database=f"sqlite:{tmp_path / 'c.db'}", keys=keys))
    application.state.server.apps["panel"] = create_agent_forest(member, samples=1).compile()
    with run_server(application) as url, httpx.Client(base_url=url, timeout=30) as client:
        client.headers.update({"authorization": f"Bearer {KEY}ann", **IN_THREAD})
        first = client.post("/chat/completions", json=chat("1?"), headers={"x-request-id": "a"})
        for stream in (False, True):  # its response was lost: it is the same turn
            again = {**chat("1?"), "stream": stream}
            lost = client.post("/chat/completions", json=again, headers={"x-request-id": "a"})
            assert lost.status_code == 200 and len(member.calls) == 1
            assert first.json()["manyminds"]["run"] in lost.text
            if not stream:
                assert lost.json()["choices"] == first.json()["choices"]
        asked = {"model": "panel", "input": "2?", "conversation": {"id": "t-1"}}
        del client.headers["x-manyminds-thread"]
        second = client.post("/responses", json={**asked, "instructions": "Be brief."})
        client.headers["authorization"] = f"Bearer {KEY}bob"
        client.post("/chat/completions", json=chat("3?"), headers=IN_THREAD)
        bad = client.post("/chat/completions", json=chat(), headers={"x-manyminds-thread": "a b"})
    assert first.status_code == second.status_code == 200, second.text
    texts = [[text for kind, text in one.texts if kind != "system"] for one in member.calls]
    assert texts[0] == ["1?"] and texts[-1] == ["3?"]  # another key, another conversation
    assert texts[-2][-1] == "2?" and texts[-2].count("1?") == 1 and "one" in texts[-2]
    assert bad.status_code == 400


async def test_many_conversations_at_once_do_not_lock_sqlite(tmp_path: Path) -> None:
    application = create_app(config(database=f"sqlite:{tmp_path / 'c.db'}"))
    with run_server(application) as url:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            answers = await asyncio.gather(
                *(
                    client.post(
                        "/chat/completions",
                        json=chat(f"Start with {n}. Add 1. What is the result?"),
                        headers={"x-manyminds-thread": f"t-{n}"},
                    )
                    for n in range(24)
                )
            )
    assert {answer.status_code for answer in answers} == {200}


async def test_without_a_database_no_conversation_is_kept() -> None:
    app = create_agent_forest(ScriptedChatModel("x"), samples=1).compile()
    async with served(app) as client:
        response = await client.post("/chat/completions", json=chat(), headers=IN_THREAD)
    assert response.status_code == 400 and "all messages" in response.json()["error"]["message"]


@contextmanager
def process(file: Path) -> Generator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run `manyminds serve`; give its base URL and the process."""
    port = free_port()
    program = [sys.executable, "-m", "manyminds", "serve", "--config", str(file)]
    with subprocess.Popen([*program, "--port", str(port)], stdout=subprocess.DEVNULL) as running:
        url = f"http://127.0.0.1:{port}/v1"
        try:
            for _ in range(600):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/ready")
                    break
                except httpx.TransportError:
                    assert running.poll() is None, "the server has ended"
                    time.sleep(0.1)
            yield url, running
        finally:
            running.kill()


def post(url: str, text: str, **headers: str) -> Any:
    given = {**IN_THREAD, **headers}
    response = httpx.post(f"{url}/chat/completions", json=chat(text), headers=given, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]["message"]["content"]


@pytest.mark.integration
@pytest.mark.skipif(os.name == "nt", reason="kills a process")
def test_two_processes_behind_one_postgresql_serve_one_conversation(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="needs langgraph-checkpoint-postgres")
    stuck = threading.Event()

    def answered(body: Any, _k: int) -> Reply:
        last = body["messages"][-1]["content"]
        asked.append((body["model"], last, len(body["messages"])))
        waits = "third" in str(last) and body["model"] == "b" and not stuck.is_set()
        return Reply(f"{body['model']} says yes", hang=waits)

    asked: list[tuple[str, str, int]] = []
    with postgres_folder() as place, Server(answered) as upstream:
        file = tmp_path / "c.yaml"
        members = f"['a@{upstream.url}', 'b@{upstream.url}']"
        file.write_text(
            f"database: 'postgresql://test@/postgres?host={place}'\n"
            f"ensembles: {{panel: {{method: moa, members: {members}, options: {{layers: 2}}}}}}\n"
        )
        with process(file) as (one, first), process(file) as (two, _):
            assert post(one, "first?") == "a says yes"
            assert post(two, "second?") == "a says yes"
            layer = [size for model, last, size in asked if last == "second?" and model == "b"]
            assert layer == [3]  # the other process's turn comes before the question
            dying = threading.Thread(target=lambda: _try(one, "third?", "r-3"))
            dying.start()
            while ("b", "third?", 5) not in asked:
                time.sleep(0.02)
            time.sleep(1.0)  # for the answer of the other member to be kept
            first.send_signal(signal.SIGKILL)
            dying.join(30)
            stuck.set()
            assert post(two, "third?", **{"x-request-id": "r-3"}) == "a says yes"
    third = [model for model, last, size in asked if last == "third?" and size == 5]
    assert sorted(third) == ["a", "b", "b"]  # what was answered is not asked again


@pytest.mark.integration
def test_processes_that_start_together_find_one_set_of_tables() -> None:
    pytest.importorskip("psycopg", reason="needs langgraph-checkpoint-postgres")

    async def start(address: str) -> None:
        async with opened(address) as database:
            assert await database.checkpointer.aget({"configurable": {"thread_id": "t"}}) is None

    async def together(address: str) -> None:
        await asyncio.gather(*(start(address) for _ in range(4)))

    with postgres_folder() as place:
        asyncio.run(together(f"postgresql://test@/postgres?host={place}"))


def _try(url: str, text: str, id: str) -> None:
    with suppress(httpx.TransportError):
        post(url, text, **{"x-request-id": id})
