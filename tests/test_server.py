"""The server that the other tests rely on, seen through a plain HTTP client."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from helpers.server import Reply, Server

BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "one two"}]}


async def post(server: Server, **more: object) -> aiohttp.ClientResponse:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/chat/completions", json={**BODY, **more}) as response,
    ):
        await response.read()
        return response


async def test_answer_usage_and_log() -> None:
    with Server(lambda body, k: f"answer {k} to {body['messages'][0]['content']}") as server:
        answers = [await (await post(server, temperature=t)).json() for t in (0, 1)]
        assert [a["choices"][0]["message"]["content"] for a in answers] == [
            "answer 0 to one two",
            "answer 1 to one two",
        ]
        assert answers[0]["usage"] == {
            "prompt_tokens": 2,
            "completion_tokens": 5,
            "total_tokens": 7,
        }
        assert [body["temperature"] for body in server.bodies] == [0, 1]
        for request in server.requests:
            assert request.answered is not None and request.answered >= request.arrived
        server.clear()
        again = await (await post(server)).json()
        assert again["id"] == "chatcmpl-0" and len(server.requests) == 1


async def test_n_and_fewer_choices_than_asked_for() -> None:
    with Server(lambda body, k: Reply("a", choices=["x", "y"] if k else None)) as server:
        for expected in (["a", "a", "a"], ["x", "y"]):
            answer = await (await post(server, n=3)).json()
            assert [c["message"]["content"] for c in answer["choices"]] == expected
            assert [c["index"] for c in answer["choices"]] == list(range(len(expected)))


@pytest.mark.parametrize("usage", [False, True])
async def test_stream(usage: bool) -> None:
    with Server(lambda body, k: "three short words") as server:
        options = {"stream_options": {"include_usage": True}} if usage else {}
        response = await post(server, stream=True, **options)
        lines = (await response.text()).split("\n\n")
        assert lines[-2:] == ["data: [DONE]", ""]
        chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
        choices = [c["choices"][0] for c in chunks if c["choices"]]
        words = [choice["delta"].get("content", "") for choice in choices]
        assert words == ["three", " short", " words", ""]
        assert choices[-1]["finish_reason"] == "stop"
        assert ("usage" in chunks[-1]) is usage


async def test_errors_headers_and_latency() -> None:
    slow = Reply("slow down", status=429, headers={"Retry-After": "2"}, code="busy", latency=0.1)
    with Server(lambda body, k: slow) as server:
        began = monotonic()
        response = await post(server)
        assert monotonic() - began >= 0.1
        assert response.status == 429 and response.headers["Retry-After"] == "2"
        error = (await response.json())["error"]
        assert error["message"] == "slow down" and error["code"] == "busy"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reply", [Reply(drop=True), Reply("half of it", half_stream=True)])
async def test_connection_is_lost(reply: Reply, stream: bool) -> None:
    with Server(lambda body, k: reply) as server:
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
            await post(server, stream=stream)
        assert len(server.requests) == 1


async def test_hang_is_logged_and_does_not_hold_up_the_end() -> None:
    with Server(lambda body, k: Reply(hang=True)) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(post(server), 0.1)
        waiting = asyncio.create_task(post(server))
        await asyncio.sleep(0.1)
        began = monotonic()
    assert monotonic() - began < 10
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await waiting
    assert [request.answered for request in server.requests] == [None, None]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(empty=True), ""),
        (Reply(size=10_000_000), "ok" + "." * 9_999_998),
        (Reply("no", finish_reason="content_filter"), "no"),
    ],
)
async def test_unusual_texts(reply: Reply, text: str) -> None:
    with Server(lambda body, k: reply) as server:
        (choice,) = (await (await post(server)).json())["choices"]
        assert choice["message"]["content"] == text
        assert choice["finish_reason"] == reply.finish_reason


async def test_malformed_and_wrong_json() -> None:
    replies = [Reply(malformed=True), Reply(raw={"answer": 42})]
    with Server(lambda body, k: replies[k]) as server:
        with pytest.raises(json.JSONDecodeError):
            await (await post(server)).json()
        assert await (await post(server)).json() == {"answer": 42}


async def test_key_is_asked_for_and_never_logged() -> None:
    with Server(key="sk-secret") as server, pytest.raises(aiohttp.ClientResponseError) as caught:
        async with aiohttp.ClientSession() as session:
            url, key = f"{server.url}/models", {"Authorization": "Bearer sk-secret"}
            async with session.get(url, headers=key) as response:
                assert [m["id"] for m in (await response.json())["data"]] == ["test-model"]
            url = f"{server.url}/chat/completions"
            async with session.post(url, json=BODY, headers=key) as response:
                assert response.status == 200
        (await post(server)).raise_for_status()
    assert caught.value.status == 401
    assert "secret" not in repr(server.requests)


async def test_as_a_process_of_its_own() -> None:
    program = [sys.executable, "-m", "helpers.server", "--port", "0", "--words", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{url}/chat/completions", json=BODY) as response,
        ):
            answer = await response.json()
        process.terminate()
    assert answer["choices"][0]["message"]["content"] == "word word"


async def test_no_answer_before_enough_are_in_flight() -> None:
    with Server(together=3) as server:
        early = [asyncio.create_task(post(server)) for _ in range(2)]
        assert not (await asyncio.wait(early, timeout=0.1))[0]
        assert (await post(server)).status == 200
        assert [(await call).status for call in early] == [200, 200]
        assert server.peak == 3
