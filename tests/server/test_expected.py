"""What clients of an ensemble expect of tools, reasoning, usage, limits and the end of a server."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.server import Reply, Server
from helpers.serving import (
    CALL,
    KEY,
    TOOL,
    chat,
    chunks,
    config,
    free_port,
    moa,
    served,
    written_by,
)
from langchain_core.messages import AIMessage, HumanMessage

from manyminds import Member, create_agent_forest, create_moa
from manyminds.calls.sendable import alternating
from manyminds.prices import Price
from manyminds.server.application import create_app
from manyminds.server.config import Config, hash_of
from manyminds.testing import ScriptedChatModel, ScriptedReply

THOUGHT = {"additional_kwargs": {"reasoning_content": "Two and two."}}


def call(name: str, **args: Any) -> ScriptedReply:
    return ScriptedReply("", tool_calls=[{"name": name, "args": args, "id": "call-1"}])


def voted(*replies: Any) -> Any:
    """Return a panel whose turns with tools are voted on by writers with these replies."""
    app: Any = create_agent_forest(ScriptedChatModel("panel says"), samples=1).compile()
    writers = [Member(ScriptedChatModel(one), name=f"w{k}") for k, one in enumerate(replies)]
    plain = app.builder.with_tools

    def with_writers(tools: Any, params: Any, _writer: Any) -> Any:
        return plain(tools, params, writers)

    app.builder.with_tools = with_writers
    return app


# ---- tools and output schemas


@pytest.mark.parametrize(
    ("replies", "name", "args"),
    [
        ([call("add", a=1), call("find", q="x"), call("find", q="y")], "find", {"q": "x"}),
        ([call("add", a=1), call("add", a=2), call("add", a=2)], "add", {"a": 2}),
        ([call("add", a=1, b=2), call("add", b=2, a=1), call("add", a=3)], "add", {"a": 1, "b": 2}),
        ([call("add", a=1), "no tool", call("add", a=1)], "add", {"a": 1}),
        ([call("add", a=1), call("find", q="x")], "add", {"a": 1}),  # a tie: the first
        ([ValueError("down"), call("add", a=1), ValueError("down")], "add", {"a": 1}),
    ],
)
async def test_writers_vote_on_the_tool_and_then_on_its_arguments(
    replies: Any, name: str, args: Any
) -> None:
    async with served(voted(*replies)) as client:
        body = (await client.post("/chat/completions", json=chat(tools=[TOOL]))).json()
        *parts, _ = await chunks(client, "/chat/completions", chat(tools=[TOOL], stream=True))
    function = body["choices"][0]["message"]["tool_calls"][0]["function"]
    assert function["name"] == name and json.loads(function["arguments"]) == args
    assert body["choices"][0]["finish_reason"] == "tool_calls"
    streamed = [
        c["delta"]["tool_calls"] for p in parts for c in p["choices"] if "tool_calls" in c["delta"]
    ]
    assert [one[0]["function"] for one in streamed] == [function]


async def test_the_vote_on_tools_is_in_the_report() -> None:
    replies = [call("add", a=1), call("add", a=1), "in words"]
    async with served(voted(*replies)) as client:
        body = (await client.post("/chat/completions", json=chat(tools=[TOOL]))).json()
    groups = body["manyminds"]["ballot"]["groups"]
    assert [(one["answer"], one["votes"]) for one in groups] == [("add", 2), ("text", 1)]


async def test_structured_answers_of_several_writers_are_voted_on_field_by_field() -> None:
    replies = ['{"a": 1, "b": 2}', '{"a": 1, "b": 3}', '{"a": 4, "b": 3}']
    async with served(voted(*replies)) as client:
        form = {"type": "json_object"}
        body = (await client.post("/chat/completions", json=chat(response_format=form))).json()
    assert json.loads(body["choices"][0]["message"]["content"]) == {"a": 1, "b": 3}


async def test_a_configuration_names_several_writers() -> None:
    call: Any = {"id": "c", "type": "function"}
    call["function"] = {"name": "add", "arguments": '{"a": 2}'}
    raw: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 0, "model": "w"}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    raw["choices"] = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
    with Server(lambda body, _k: Reply(raw=raw)) as upstream:
        conf = config()
        conf.ensembles["panel"].writer = [f"w@{upstream.url}", f"v@{upstream.url}"]
        async with served(moa(), conf) as client:
            body = (await client.post("/chat/completions", json=chat(tools=[TOOL]))).json()
    assert body["manyminds"]["calls"] == 5  # three of the panel, two writers
    assert [sent["tools"][0]["function"]["name"] for sent in upstream.bodies] == ["add", "add"]
    assert body["choices"][0]["message"]["tool_calls"][0]["function"] == call["function"]


async def test_a_writer_that_takes_no_tools_is_a_clear_refusal() -> None:
    async with served(None) as client:  # a simulated model
        response = await client.post("/chat/completions", json=chat(tools=[TOOL]))
    assert response.status_code == 400
    assert "takes no tools" in response.json()["error"]["message"]


async def test_a_graph_for_the_same_tools_is_compiled_once() -> None:
    app: Any = written_by(ScriptedChatModel("x"), ScriptedChatModel("y"))
    built: list[Any] = []
    plain = app.builder.with_tools

    def noted(*given: Any) -> Any:
        built.append(given)
        return plain(*given)

    app.builder.with_tools = noted
    async with served(app) as client:
        for text in ("1?", "2?", "3?"):
            await client.post("/chat/completions", json=chat(text, tools=[TOOL]))
        assert len(built) == 1
        await client.post("/chat/completions", json=chat(tools=[TOOL], tool_choice="required"))
        assert len(built) == 2


async def test_nothing_is_left_out_in_silence() -> None:
    async with served(moa()) as client:
        old = await client.post("/chat/completions", json=chat(functions=[TOOL["function"]]))
        assert old.status_code == 400 and "tools" in old.json()["error"]["message"]
        asked = {"model": "panel", "input": "x", "tools": [{"type": "web_search"}]}
        body = (await client.post("/responses", json=asked)).json()
        assert body["manyminds"]["ignored"] == ["tools: web_search"]
        body = (await client.post("/chat/completions", json=chat(top_k=3, user="ann"))).json()
        assert body["manyminds"]["ignored"] == ["top_k"]


async def test_a_picture_in_a_tools_result_reaches_the_panel_in_a_later_turn() -> None:
    member = ScriptedChatModel("a cat")
    picture: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    turn = [
        {"role": "user", "content": "Look."},
        {
            "role": "assistant",
            "tool_calls": [{**TOOL, "id": "c", "function": {"name": "add", "arguments": "{}"}}],
        },
        {
            "role": "tool",
            "tool_call_id": "c",
            "content": [{"type": "text", "text": "seen"}, picture],
        },
        {"role": "user", "content": "What is it?"},
    ]
    app = create_agent_forest(member, samples=1).compile()
    async with served(app) as client:
        response = await client.post("/chat/completions", json=chat(messages=turn, tools=[TOOL]))
    assert response.status_code == 200, response.text
    assert picture in list(member.calls[0].messages[-2].content)


# ---- reasoning


@pytest.mark.parametrize(
    "reply", [ScriptedReply("four", fields=THOUGHT), "<think>Two and two.</think>four"]
)
async def test_reasoning_is_in_both_fields(reply: Any) -> None:
    async with served(moa(reply)) as client:
        whole = (await client.post("/chat/completions", json=chat())).json()
        *parts, _ = await chunks(client, "/chat/completions", chat(stream=True))
        asked = {"model": "panel", "input": "?"}
        response = (await client.post("/responses", json=asked)).json()
        events = await chunks(client, "/responses", {**asked, "stream": True})
    message = whole["choices"][0]["message"]
    assert message["content"] == "four"
    assert message["reasoning_content"] == message["reasoning"] == "Two and two."
    deltas = [choice["delta"] for part in parts for choice in part["choices"]]
    for field in ("reasoning_content", "reasoning"):
        assert "".join(delta.get(field, "") for delta in deltas) == "Two and two."
    assert "".join(delta.get("content") or "" for delta in deltas) == "four"
    assert [item["type"] for item in response["output"]] == ["reasoning", "message"]
    assert response["output"][0]["summary"][0]["text"] == "Two and two."
    indices = {e["item_id"][:2]: e["output_index"] for e in events if "item_id" in e}
    assert indices == {"rs": 0, "ms": 1}


async def test_reasoning_of_an_endpoint_is_streamed_before_the_answer() -> None:
    deltas = [{"reasoning_content": "Two "}, {"reasoning_content": "and two."}, {"content": "four"}]
    sent: list[Any] = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
    ]
    sent.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})

    def answered(body: Any, _k: int) -> Reply:
        return Reply(events=[*sent, "[DONE]"]) if body.get("stream") else Reply("a")

    with Server(answered) as upstream:
        one = {"method": "moa", "members": [f"m@{upstream.url}"], "options": {"layers": 2}}
        async with served(None, Config.model_validate({"ensembles": {"panel": one}})) as client:
            *parts, _ = await chunks(client, "/chat/completions", chat(stream=True))
    shown = [choice["delta"] for part in parts for choice in part["choices"]]
    assert [d["reasoning"] for d in shown if "reasoning" in d] == ["Two ", "and two."]
    assert [d["content"] for d in shown if d.get("content")] == ["four"]


# ---- usage, models, messages


async def test_the_cost_of_all_calls_is_a_field_of_the_usage() -> None:
    member = Member(ScriptedChatModel("a"), price=Price(input=1.0, output=2.0))
    async with served(create_agent_forest(member, samples=3).compile()) as client:
        response = await client.post("/chat/completions", json=chat())
        asked = chat(stream=True, stream_options={"include_usage": True})
        *_, last, _ = await chunks(client, "/chat/completions", asked)
    assert response.json()["usage"]["cost"] == pytest.approx(3 * (10 + 2 * 5) / 1e6)
    assert last["usage"] == response.json()["usage"]
    assert json.loads(response.headers["x-manyminds-report"])["calls"] == 3


async def test_the_context_is_the_smallest_among_the_members() -> None:
    sizes = [{"model": "simulated:small", "context": n} for n in (8192, 4096)]
    one = {"method": "moa", "members": sizes}
    unknown = {"method": "moa", "members": [sizes[0], "simulated:small"]}
    own = {**one, "context_length": 2048}
    conf = Config.model_validate({"ensembles": {"a": one, "b": unknown, "c": own}})
    async with served(moa(), conf) as client:
        listed = (await client.get("/models")).json()["data"]
    assert [one.get("context_length") for one in listed] == [4096, None, 2048]


def test_the_context_is_looked_up_where_langchain_knows_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = ScriptedChatModel("a", profile={"max_input_tokens": 32_000})
    app = create_agent_forest(model, samples=1).compile()
    assert config().ensembles["panel"].context(app) == 32_000


ADJACENT = [
    {"role": "user", "content": "One."},
    {"role": "user", "content": [{"type": "text", "text": "Two?"}]},
]


@pytest.mark.parametrize("name", ["moa", "smoa", "agent-forest", "debate", "self-refine", "spp"])
async def test_no_member_is_sent_two_messages_of_the_user_in_a_row(name: str) -> None:
    def answered(body: Any, _k: int) -> str:
        roles = [message["role"] for message in body["messages"]]
        seen.append(any(a == b == "user" for a, b in zip(roles, roles[1:], strict=False)))
        return "Final answer: 4"

    seen: list[bool] = []
    single = name in ("self-refine", "spp")
    with Server(answered) as upstream:
        members = [f"m@{upstream.url}", f"k@{upstream.url}"][: 1 if single else 2]
        conf = Config.model_validate({"ensembles": {"panel": {"method": name, "members": members}}})
        async with served(None, conf) as client:
            response = await client.post("/chat/completions", json=chat(messages=ADJACENT))
    assert response.status_code == 200, response.text
    assert seen and not any(seen)


def test_messages_of_one_turn_are_joined_and_others_stay() -> None:
    one, two, named = HumanMessage("a"), HumanMessage("b"), HumanMessage("c", name="Ann")
    called = AIMessage("", tool_calls=[CALL])
    assert [m.content for m in alternating([one, two, AIMessage("x")])] == ["a\n\nb", "x"]
    kept: list[Any] = [one, named, called, AIMessage("x"), one]
    assert alternating(kept) is kept
    picture = HumanMessage([{"type": "image_url", "image_url": {"url": "u"}}])
    (joined,) = alternating([one, picture])
    assert isinstance(joined.content, list) and len(joined.content) == 2


# ---- recursion


async def test_ensembles_may_not_call_each_other_without_end() -> None:
    async with served(moa()) as client:
        client.headers["x-manyminds-path"] = ",".join(f"s{n}/panel" for n in range(8))
        response = await client.post("/chat/completions", json=chat())
    assert response.status_code == 400 and response.json()["error"]["code"] == "recursion"


# ---- what failed and cut runs cost


def half_failing() -> Any:
    """Return an ensemble of which one member answers, and that needs two."""
    members = [ScriptedChatModel("a"), ScriptedChatModel(ValueError("down"))]
    return create_moa(members, aggregator=ScriptedChatModel("x"), layers=2, quorum=2).compile()


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_error_says_what_the_run_has_cost(streamed: bool) -> None:
    async with served(half_failing(), config(first_byte=20)) as client:
        response = await client.post("/chat/completions", json=chat(stream=streamed))
        metrics = (await client.get("http://localhost/metrics")).text
    assert response.status_code == 502
    spent = response.json()["error"]["manyminds"]
    assert spent["calls"] == 2 and spent["tokens"] == {"input": 10, "output": 5}
    assert 'manyminds_calls_total{model="panel"} 2.0' in metrics


async def test_a_keys_budget_holds_over_runs_that_are_open_at_once() -> None:
    async def slow(_messages: Any, _metadata: Any) -> str:
        asked.append(1)
        await asyncio.sleep(0.05)
        return "a"

    asked: list[int] = []
    key = {"name": "ann", "sha256": hash_of(KEY), "budget": {"calls": 20}}
    app = create_agent_forest(ScriptedChatModel(slow), samples=5).compile()
    async with served(app, config(keys=[key])) as client:
        client.headers["authorization"] = f"Bearer {KEY}"
        statuses = [
            response.status_code
            for response in await asyncio.gather(
                *(client.post("/chat/completions", json=chat(f"{n}?")) for n in range(10))
            )
        ]
        last = await client.post("/chat/completions", json=chat())
    assert len(asked) == 20 and set(statuses) == {200, 429}
    assert last.status_code == 429 and last.json()["error"]["code"] == "insufficient_quota"


def test_a_run_that_is_cut_counts_against_its_key(live: Any) -> None:
    async def slow(_messages: Any, metadata: Any) -> str:
        if metadata["draw"]:
            await asyncio.sleep(30)
        return "a"

    key = {"name": "ann", "sha256": hash_of(KEY), "budget": {"calls": 4}}
    app = create_agent_forest(ScriptedChatModel(slow), samples=4).compile()
    url = live(app, config(keys=[key]))
    headers = {"authorization": f"Bearer {KEY}"}
    with pytest.raises(httpx.TimeoutException):
        httpx.post(f"{url}/chat/completions", json=chat(), headers=headers, timeout=1.0)
    time.sleep(0.5)  # for the server to notice
    again = httpx.post(f"{url}/chat/completions", json=chat(), headers=headers, timeout=20)
    assert again.json()["error"]["code"] == "insufficient_quota"
    text = httpx.get(url.replace("/v1", "/metrics"), headers=headers).text
    assert "manyminds_open_requests 0.0" in text
    assert 'manyminds_tokens_total{model="panel",side="input"} 10.0' in text


def test_a_key_with_a_budget_in_dollars_needs_prices_at_the_start() -> None:
    key = {"name": "ann", "sha256": hash_of(KEY), "budget": {"dollars": 1}}
    one = {"method": "moa", "members": ["unknown@http://127.0.0.1:9/v1"]}
    with pytest.raises(ValueError, match="price"):
        create_app(Config.model_validate({"ensembles": {"panel": one}, "keys": [key]}))


def test_processes_share_the_limits_of_a_key() -> None:
    key = {"name": "a", "sha256": hash_of(KEY), "requests_per_minute": 60}
    conf = config(keys=[{**key, "budget": {"calls": 10, "dollars": 3}}])
    (part,) = conf.share(4).keys
    assert part.requests_per_minute == 15 and part.budget is not None
    assert part.budget.calls == 2 and part.budget.dollars == 0.75
    with pytest.raises(ValueError, match="cannot share"):
        conf.share(11)


# ---- operation


async def test_a_log_line_names_the_request_and_holds_no_key_or_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = {"name": "ann", "sha256": hash_of(KEY)}
    with caplog.at_level(logging.INFO, logger="manyminds.server"):
        async with served(moa(), config(keys=[key])) as client:
            client.headers["authorization"] = f"Bearer {KEY}"
            response = await client.post(
                "/chat/completions", json=chat("secret text"), headers={"x-request-id": "r-1"}
            )
            client.headers["authorization"] = f"Bearer {KEY}x"
            await client.post("/chat/completions", json=chat("secret text"))
    lines = [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == "manyminds.server"
    ]
    assert response.headers["x-request-id"] == "r-1"
    assert [(one["status"], one["key"]) for one in lines] == [(200, "ann"), (401, None)]
    assert lines[0]["request"] == "r-1" and lines[0]["calls"] == 3 and lines[0]["model"] == "panel"
    assert KEY not in caplog.text and "secret text" not in caplog.text


def test_a_client_that_goes_while_a_stream_begins_leaves_nothing_open(live: Any) -> None:
    async def slow(_messages: Any, _metadata: Any) -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "late"

    cancelled = threading.Event()
    url = live(
        create_agent_forest(ScriptedChatModel(slow), samples=1).compile(), config(first_byte=1)
    )
    with pytest.raises(httpx.TimeoutException):
        httpx.post(f"{url}/chat/completions", json=chat(stream=True), timeout=0.4)
    assert cancelled.wait(10)
    time.sleep(0.1)
    text = httpx.get(url.replace("/v1", "/metrics")).text
    assert "manyminds_open_requests 0.0" in text and 'status="499"' in text


@pytest.mark.integration
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_stop_lets_open_requests_end_and_takes_no_new_ones(tmp_path: Path) -> None:
    slow = Reply("the end", latency=1.5)
    with Server(lambda _body, _k: slow) as upstream:
        file = tmp_path / "c.yaml"
        file.write_text(
            "ensembles: {panel: {method: agent-forest, options: {samples: 1}, "
            f"members: ['m@{upstream.url}']}}}}\n"
        )
        program = [sys.executable, "-m", "manyminds", "serve", "--config", str(file), "--port"]
        port = str(free_port())
        with subprocess.Popen([*program, port], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split(" at ")[1].split()[0]
            _wait_for(url)
            with httpx.Client(timeout=20) as kept:
                assert kept.get(url.replace("/v1", "/ready")).status_code == 200
                got: list[httpx.Response] = []
                ask = threading.Thread(
                    target=lambda: got.append(
                        httpx.post(f"{url}/chat/completions", json=chat(), timeout=20)
                    )
                )
                ask.start()
                while not upstream.requests:
                    time.sleep(0.01)
                process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                with pytest.raises(httpx.ConnectError):
                    httpx.get(url.replace("/v1", "/health"))
            ask.join(20)
            assert process.wait(20) is not None
    assert got[0].json()["choices"][0]["message"]["content"] == "the end"


async def test_a_server_that_drains_refuses_with_retry_after() -> None:
    async with served(moa()) as client:
        client._transport.app.state.server.draining = True  # type: ignore[attr-defined]
        ready = await client.get("http://localhost/ready")
        response = await client.post("/chat/completions", json=chat())
    assert ready.status_code == 503 and ready.json() == {"status": "draining"}
    assert response.status_code == 503 and response.headers["retry-after"] == "5"


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(url.replace("/v1", "/health"))
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
