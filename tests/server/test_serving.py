"""Ensembles as models: protocols, admission, failures and clients, over real HTTP."""

import asyncio
import json
import socket
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from helpers.server import Reply, Server
from helpers.serving import (
    CALL,
    KEY,
    TOOL,
    chat,
    chunks,
    config,
    moa,
    run_server,
    said,
    served,
    written_by,
)
from langchain_openai import ChatOpenAI
from openai.types.chat import ChatCompletionChunk
from pydantic import SecretStr

from manyminds import create_agent_forest, create_moa
from manyminds.errors import DataError
from manyminds.graphs.fusion import KEYS, create_fusion
from manyminds.server.application import create_app
from manyminds.server.config import Config, hash_of, read_config
from manyminds.testing import ScriptedChatModel, ScriptedReply

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


# ---- Chat Completions


async def test_a_whole_answer_has_the_usage_of_all_calls_and_the_report() -> None:
    async with served(moa()) as client:
        response = await client.post("/chat/completions", json=chat())
    body = response.json()
    assert body["choices"][0]["message"]["content"] == "the end of it"
    assert body["choices"][0]["finish_reason"] == "stop" and body["model"] == "panel"
    assert body["usage"]["total_tokens"] == 45 and body["manyminds"]["calls"] == 3
    assert (
        body["manyminds"]["answered_by"] == "scripted-3"
    )  # the writer, in the vendor's block only
    assert response.headers["x-manyminds-run"] == body["manyminds"]["run"]


async def test_what_a_method_reports_is_in_the_response() -> None:
    lists = {key: ["so it is"] for key in KEYS}
    panel = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    analyst = ScriptedChatModel(json.dumps(lists))
    fusion = create_fusion(panel, analyst=analyst, writer=ScriptedChatModel("the end"))
    async with served(fusion.compile()) as client:
        body = (await client.post("/chat/completions", json=chat())).json()
    assert body["manyminds"]["analysis"] == lists
    forest = create_agent_forest(ScriptedChatModel("The answer is 7."), samples=3)
    async with served(forest.compile()) as client:
        body = (await client.post("/chat/completions", json=chat())).json()
    (group,) = body["manyminds"]["ballot"]["groups"]
    assert (group["answer"], group["votes"]) == ("7", 3)


async def test_a_stream_is_valid_chunks_of_one_id_and_ends_with_the_usage() -> None:
    asked = chat(stream=True, stream_options={"include_usage": True})
    async with served(moa()) as client:
        *parts, last = await chunks(client, "/chat/completions", asked)
    assert last == "[DONE]"
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    for part in parts:
        ChatCompletionChunk.model_validate(part, strict=True)
    assert len({part["id"] for part in parts}) == 1
    texts = [c["delta"].get("content") for part in parts for c in part["choices"]]
    assert "".join(text or "" for text in texts) == "the end of it" and len(parts) > 5
    assert parts[-1]["choices"] == [] and parts[-1]["usage"]["prompt_tokens"] == 30
    assert parts[-2]["choices"][0]["finish_reason"] == "stop"


async def test_a_tool_call_is_streamed_with_index_id_and_reason() -> None:
    model = ScriptedChatModel(ScriptedReply("", tool_calls=[CALL]))
    app = written_by(ScriptedChatModel("panel says 2"), model)
    async with served(app) as client:
        *parts, _ = await chunks(client, "/chat/completions", chat(tools=[TOOL], stream=True))
        whole = (await client.post("/chat/completions", json=chat(tools=[TOOL]))).json()
        turn = [
            {"role": "user", "content": "Why?"},
            whole["choices"][0]["message"],
            {"role": "tool", "tool_call_id": "call-1", "content": "2"},
        ]
        before = len(model.calls)
        await client.post("/chat/completions", json=chat(tools=[TOOL], messages=turn))
    calls = [
        c["delta"]["tool_calls"][0]
        for p in parts
        for c in p["choices"]
        if "tool_calls" in c["delta"]
    ]
    assert calls[0]["index"] == 0 and calls[0]["id"] == "call-1"
    assert json.loads(calls[0]["function"]["arguments"]) == {"a": 2}
    assert parts[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "add"
    assert "panel says 2" in model.calls[0].prompt  # the writer sees the panel's answer
    assert [kind for kind, _ in model.calls[before].texts] == ["human", "ai", "tool"]


async def test_the_output_schema_reaches_the_writer_only() -> None:
    panel, writer = ScriptedChatModel("2"), ScriptedChatModel('{"a": 2}')
    app = written_by(panel, writer)
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    async with served(app) as client:
        body = (await client.post("/chat/completions", json=chat(response_format=form))).json()
    assert body["choices"][0]["message"]["content"] == '{"a": 2}'
    assert writer.calls[0].params["response_format"] == form
    assert all("response_format" not in call.params for call in panel.calls)


async def test_parameters_of_a_single_model_are_named_as_ignored() -> None:
    async with served(moa()) as client:
        body = (await client.post("/chat/completions", json=chat(temperature=0, top_p=0.5))).json()
    assert body["manyminds"]["ignored"] == ["temperature", "top_p"]


async def test_an_image_reaches_the_members_as_it_is() -> None:
    member = ScriptedChatModel("a cat")
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    async with served(create_agent_forest(member, samples=1).compile()) as client:
        asked = {"model": "panel", "messages": [{"role": "user", "content": content}]}
        assert (await client.post("/chat/completions", json=asked)).status_code == 200
    assert member.calls[0].messages[-1].content == content


# ---- Responses


async def test_responses_as_a_whole_and_as_events_in_order() -> None:
    async with served(moa()) as client:
        asked = {"model": "panel", "input": "Why?", "instructions": "Be brief."}
        whole = (await client.post("/responses", json=asked)).json()
        events = await chunks(client, "/responses", {**asked, "stream": True})
    assert whole["output"][0]["content"][0]["text"] == "the end of it"
    assert whole["usage"]["total_tokens"] == 45
    kinds = list(dict.fromkeys(event["type"].removeprefix("response.") for event in events))
    assert kinds == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.done", "content_part.done", "output_item.done"),
        "completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == "the end of it"


async def test_reasoning_that_is_known_at_the_end_only_has_a_place_of_its_own() -> None:
    late = ScriptedReply("so it is</think>the end of it")  # the prompt's template has the first tag
    asked = {"model": "panel", "input": "Why?", "stream": True}
    async with served(moa(late)) as client:
        events = await chunks(client, "/responses", asked)
    added = [one for one in events if one["type"] == "response.output_item.added"]
    assert [one["output_index"] for one in added] == [0, 1]
    assert [one["item"]["type"] for one in added] == ["message", "reasoning"]
    assert events[-1]["type"] == "response.completed"


async def test_responses_take_items_and_give_function_calls() -> None:
    model = ScriptedChatModel(ScriptedReply("", tool_calls=[CALL]))
    app = written_by(ScriptedChatModel("x"), model)
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "2?"}]},
        {"type": "function_call", "call_id": "c", "name": "add", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "2"},
    ]
    tools = [{"type": "function", **TOOL["function"]}]
    async with served(app) as client:
        asked = {"model": "panel", "input": items, "tools": tools}
        whole = (await client.post("/responses", json=asked)).json()
        events = await chunks(client, "/responses", {**asked, "stream": True})
    assert whole["output"][0]["type"] == "function_call" and whole["output"][0]["name"] == "add"
    assert [kind for kind, _ in model.calls[0].texts] == ["human", "ai", "tool"]
    assert [event["type"].removeprefix("response.") for event in events] == [
        *("created", "in_progress", "output_item.added", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done", "completed"),
    ]


async def test_a_stateless_server_refuses_previous_response_id() -> None:
    async with served(moa()) as client:
        asked = {"model": "panel", "input": "Why?", "previous_response_id": "resp-1"}
        response = await client.post("/responses", json=asked)
    assert response.status_code == 400
    assert "send the conversation" in response.json()["error"]["message"]


# ---- status


async def test_models_health_readiness_and_metrics() -> None:
    conf = config()
    conf.ensembles["panel"].context_length = 8192
    async with served(moa(), conf) as client:
        (model,) = (await client.get("/models")).json()["data"]
        assert model["id"] == "panel" and model["context_length"] == model["max_model_len"] == 8192
        assert (await client.get("/models/panel")).json() == model
        assert (await client.get("/models/other")).status_code == 404
        assert (await client.get("http://localhost/health")).json() == {"status": "ok"}
        assert (await client.get("http://localhost/ready")).status_code == 200
        await client.post("/chat/completions", json=chat())
        text = (await client.get("http://localhost/metrics")).text
    assert 'manyminds_requests_total{model="panel",status="200"} 1.0' in text
    assert 'manyminds_tokens_total{model="panel",side="input"} 30.0' in text
    assert "manyminds_open_requests 0.0" in text


# ---- refusals


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (
            {"model": "other", "messages": [{"role": "user", "content": "x"}]},
            404,
            "model_not_found",
        ),
        ({"messages": []}, 400, "invalid_request"),
        (said(), 400, "invalid_request"),
        (said({"content": "x"}), 400, "invalid_request"),
        (
            {"model": "panel", "messages": [{"role": "king", "content": "x"}]},
            400,
            "invalid_request",
        ),
        (
            {"model": "panel", "messages": [{"role": "user", "content": " "}]},
            400,
            "invalid_request",
        ),
        (said("x"), 400, "invalid_request"),
        (chat(n=3), 400, "invalid_request"),
        ([], 400, "invalid_request"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_cannot_be_done_has_a_status_and_an_error_object(
    body: Any, status: int, code: str, streamed: bool
) -> None:
    asked = {**body, "stream": True} if streamed and isinstance(body, dict) else body
    async with served(moa()) as client:
        response = await client.post("/chat/completions", json=asked)
    assert response.status_code == status, response.text
    assert response.json()["error"]["code"] == code and response.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"model": "\\ud83d"}'])
async def test_a_body_that_is_not_json_is_a_400(body: bytes) -> None:
    async with served(moa()) as client:
        assert (await client.post("/chat/completions", content=body)).status_code == 400


async def test_a_request_that_is_too_large_is_a_413() -> None:
    async with served(moa(), config(max_body_bytes=100)) as client:
        response = await client.post("/chat/completions", json=chat("x" * 200))
    assert response.status_code == 413


async def test_keys_are_asked_for() -> None:
    key = {"name": "ann", "sha256": hash_of(KEY)}
    async with served(moa(), config(keys=[key])) as client:
        for wrong in ("", "Bearer", "Bearer no", f"Basic {KEY}", KEY):
            client.headers["authorization"] = wrong
            for path in ("/models", "/models/panel", "http://localhost/metrics"):
                assert (await client.get(path)).status_code == 401
            response = await client.post("/chat/completions", json=chat())
            assert response.status_code == 401 and KEY not in response.text
        client.headers["authorization"] = f"Bearer {KEY}"
        assert (await client.post("/chat/completions", json=chat())).status_code == 200


async def test_a_key_that_asks_too_often_is_told_when_to_try_again() -> None:
    key = {"name": "ann", "sha256": hash_of(KEY), "requests_per_minute": 6}
    async with served(moa(), config(keys=[key])) as client:
        client.headers["authorization"] = f"Bearer {KEY}"
        first, second, third = [
            await client.post("/chat/completions", json=chat()) for _ in range(3)
        ]
    assert first.status_code == 200 and third.status_code == 429
    assert 1 <= int(third.headers["retry-after"]) <= 10 and second.status_code in (200, 429)


async def test_a_key_whose_budget_is_spent_gets_insufficient_quota() -> None:
    key = {"name": "ann", "sha256": hash_of(KEY), "budget": {"calls": 6}}
    async with served(moa(), config(keys=[key])) as client:
        client.headers["authorization"] = f"Bearer {KEY}"
        statuses = [
            (await client.post("/chat/completions", json=chat())).status_code for _ in range(3)
        ]
    assert statuses == [200, 200, 429]


async def test_without_keys_only_localhost_is_served() -> None:
    async with served(moa()) as client:
        response = await client.get("http://evil.example/v1/models")
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (
            Reply("maximum context length is 10", status=400, code="context_length_exceeded"),
            400,
            "context_length_exceeded",
        ),
        (Reply("boom", status=500), 502, "no_answer"),
        (Reply("no key", status=401), 502, "no_answer"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_run_that_fails_has_a_true_status(
    failure: Reply, status: int, code: str, streamed: bool
) -> None:
    with Server(lambda body, k: failure) as upstream:
        one = {"method": "agent-forest", "members": [{"model": f"m@{upstream.url}", "retries": 0}]}
        conf = Config.model_validate({"ensembles": {"panel": one}, "first_byte": 20})
        application = create_app(conf)
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost/v1") as client:
            response = await client.post("/chat/completions", json=chat(stream=streamed))
    assert response.status_code == status, response.text
    assert response.json()["error"]["code"] == code


@pytest.mark.parametrize("path", ["/chat/completions", "/responses", "/messages"])
async def test_an_error_after_the_first_byte_is_said_and_never_done(path: str) -> None:
    def fail(_state: Any) -> Any:
        raise ValueError("late")

    graph = create_moa([ScriptedChatModel("a")], aggregator=ScriptedChatModel("the end"), layers=2)
    graph.insert("late", fail, after="aggregator")
    async with served(graph.compile()) as client:
        asked = {"model": "panel", "input": "Why?"} if path == "/responses" else chat()
        parts = await chunks(client, path, {**asked, "stream": True})
    assert "the" in str(parts[:-1]) and "[DONE]" not in parts
    ended = {part["type"] for part in parts if "type" in part}
    assert not ended & {"response.completed", "message_stop", "message_delta"}
    last = parts[-1]
    if path != "/chat/completions":
        assert last["type"] == ("error" if path == "/messages" else "response.failed")
    error = last["error"] if "error" in last else last["response"]["error"]
    assert error["code"] == "internal_error"
    assert "late" not in error["message"]  # the log has it, the client does not


async def test_a_degraded_answer_is_refused_where_that_is_asked_for() -> None:
    app = create_moa(
        [ScriptedChatModel("a"), ScriptedChatModel(ValueError("down"))],
        aggregator=ScriptedChatModel("the end"),
        layers=2,
    ).compile()
    async with served(app) as client:
        assert (await client.post("/chat/completions", json=chat())).status_code == 200
        client.headers["x-manyminds-refuse-degraded"] = "1"
        for streamed in (False, True):
            response = await client.post("/chat/completions", json=chat(stream=streamed))
            assert response.status_code == 503 and response.json()["error"]["code"] == "degraded"
    conf = config()
    conf.ensembles["panel"].refuse_degraded = True  # for all its clients
    async with served(app, conf) as client:
        response = await client.post("/chat/completions", json=chat())
        assert response.status_code == 503 and response.json()["error"]["code"] == "degraded"


# ---- over real HTTP


def test_the_openai_package_and_chatopenai_are_served(live: Any) -> None:
    url = live(moa())
    client = openai.OpenAI(base_url=url, api_key="x", max_retries=0)
    asked: Any = chat()
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].message.content == "the end of it"
    assert whole.usage is not None and whole.usage.total_tokens == 45
    with client.responses.stream(model="panel", input="Why?") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == "the end of it"
    model = ChatOpenAI(model="panel", base_url=url, api_key=SecretStr("x"), stream_usage=True)
    parts = list(model.stream("Why?"))
    assert "".join(part.text for part in parts) == "the end of it"
    assert sum(p.usage_metadata["total_tokens"] for p in parts if p.usage_metadata) == 45
    with pytest.raises(openai.NotFoundError, match="there is no model"):
        client.chat.completions.create(**asked | {"model": "x"})


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_that_goes_cancels_the_run(live: Any, streamed: bool) -> None:
    ended = threading.Event()
    started = threading.Event()

    async def slow(messages: Any, metadata: Any) -> str:
        started.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.set()
            raise
        return "late"

    url = live(create_agent_forest(ScriptedChatModel(slow), samples=1).compile())
    with pytest.raises(httpx.TimeoutException):
        httpx.post(f"{url}/chat/completions", json=chat(stream=streamed), timeout=1.0)
    assert started.is_set() and ended.wait(10)


def test_a_silent_stream_is_kept_alive_with_comments(live: Any) -> None:
    async def slow(messages: Any, metadata: Any) -> str:
        await asyncio.sleep(1)
        return "late"

    app = create_agent_forest(ScriptedChatModel(slow), samples=1).compile()
    url = live(app, config(keep_alive=0.2, first_byte=0.1))
    with httpx.stream("POST", f"{url}/chat/completions", json=chat(stream=True), timeout=20) as got:
        lines = list(got.iter_lines())
    assert sum(line == ": keep-alive" for line in lines) >= 2 and lines[-2] == "data: [DONE]"


def test_an_ensemble_that_calls_itself_is_refused(live: Any) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    one = {
        "method": "agent-forest",
        "members": [{"model": f"panel@http://127.0.0.1:{port}/v1", "retries": 0}],
        "options": {"samples": 1},
    }
    application = create_app(Config.model_validate({"ensembles": {"panel": one}}))
    with run_server(application, port) as url:
        response = httpx.post(f"{url}/chat/completions", json=chat(), timeout=30)
    assert response.status_code >= 400 and "calls itself" in response.json()["error"]["message"]


async def test_many_at_once_are_all_answered() -> None:
    async with served(moa()) as client:
        answers = await asyncio.gather(
            *(client.post("/chat/completions", json=chat(f"{n}?")) for n in range(64))
        )
    assert {answer.status_code for answer in answers} == {200}


# ---- the configuration


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file"),
        ("ensembles: {}", "ensembles"),
        ("ensembles: {a: {method: moa}}", "ensembles.a.members"),
        ("ensembles: {a: {method: moa, members: [x], wrong: 1}}", "ensembles.a.wrong"),
        ("a: &x [1]\nb: *x", "no YAML aliases"),
        ("[" * 1200, "not YAML"),
        ("a: [", "not YAML"),
        ("a: 2020-99-99", "not YAML"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=says):
        read_config(path)
