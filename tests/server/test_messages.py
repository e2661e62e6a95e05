"""Anthropic's Messages, through the anthropic package and as plain HTTP."""

from typing import Any

import pytest
from helpers.serving import (
    CALL,
    KEY,
    chunks,
    config,
    moa,
    served,
    written_by,
)

from manyminds import create_agent_forest
from manyminds.server.config import hash_of
from manyminds.testing import ScriptedChatModel, ScriptedReply

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TOOL: Any = {"name": "add", "description": "Add.", "input_schema": {"type": "object"}}
ASKED: Any = {
    "model": "panel",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Why?"}],
}


async def test_a_whole_answer_and_its_events_say_the_same() -> None:
    async with served(moa()) as client:
        whole = (await client.post("/messages", json={**ASKED, "system": "Be brief."})).json()
        events = await chunks(client, "/messages", {**ASKED, "stream": True})
    assert whole["content"] == [{"type": "text", "text": "the end of it"}]
    assert whole["stop_reason"] == "end_turn" and whole["role"] == "assistant"
    assert whole["usage"]["input_tokens"] == 30 and whole["manyminds"]["calls"] == 3
    assert "ignored" not in whole["manyminds"]
    kinds = list(dict.fromkeys(event["type"] for event in events))
    assert kinds == [
        *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
        *("message_delta", "message_stop"),
    ]
    texts = [event["delta"]["text"] for event in events if event["type"].endswith("block_delta")]
    assert "".join(texts) == "the end of it" and len(texts) > 2
    assert events[-2]["usage"]["output_tokens"] == 15


async def test_thoughts_and_tool_calls_are_blocks_of_their_own() -> None:
    thought = {"additional_kwargs": {"reasoning_content": "Hm."}}
    model = ScriptedChatModel(ScriptedReply("", tool_calls=[CALL], fields=thought))
    async with served(written_by(ScriptedChatModel("x"), model)) as client:
        asked = {**ASKED, "tools": [TOOL], "tool_choice": {"type": "any"}}
        whole = (await client.post("/messages", json=asked)).json()
        events = await chunks(client, "/messages", {**asked, "stream": True})
    assert [block["type"] for block in whole["content"]] == ["thinking", "tool_use"]
    assert whole["stop_reason"] == "tool_use" and whole["content"][1]["input"] == {"a": 2}
    opened = [e["content_block"]["type"] for e in events if e["type"] == "content_block_start"]
    assert opened == ["thinking", "tool_use"]
    assert [e["index"] for e in events if e["type"] == "content_block_stop"] == [0, 1]


async def test_a_tools_result_and_a_picture_reach_the_writer() -> None:
    model = ScriptedChatModel("a cat")
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    picture = {"type": "image", "source": source}
    turn = [
        {"role": "user", "content": [{"type": "text", "text": "What?"}, picture]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": ""},
                {"type": "tool_use", "id": "c", "name": "add", "input": {"a": 2}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "2"}]},
    ]
    async with served(written_by(ScriptedChatModel("x"), model)) as client:
        asked = {**ASKED, "messages": turn, "tools": [TOOL]}
        response = await client.post("/messages", json=asked)
    assert response.status_code == 200, response.text
    assert [kind for kind, _ in model.calls[0].texts] == ["human", "ai", "tool"]
    assert model.calls[0].messages[0].content[1] == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,AAAA"},
    }


async def test_failures_have_anthropics_form() -> None:
    key = {"name": "ann", "sha256": hash_of(KEY)}
    async with served(moa(), config(keys=[key])) as client:
        wrong = await client.post("/messages", json=ASKED)
        assert wrong.status_code == 401
        assert wrong.json()["error"]["type"] == "authentication_error"
        client.headers["x-api-key"] = KEY
        assert (await client.post("/messages", json=ASKED)).status_code == 200
        other = await client.post("/messages", json={**ASKED, "model": "x"})
        assert other.status_code == 404 and other.json()["type"] == "error"
        odd = [{"role": "user", "content": [{"type": "video"}]}]
        assert (await client.post("/messages", json={**ASKED, "messages": odd})).status_code == 400


async def test_tokens_are_estimated_without_a_run() -> None:
    model = ScriptedChatModel("x")
    async with served(create_agent_forest(model, samples=1).compile()) as client:
        asked = {"model": "panel", "messages": [{"role": "user", "content": "x" * 4000}]}
        response = await client.post("/messages/count_tokens", json=asked)
        bad = await client.post("/messages/count_tokens", json={"model": "panel"})
    assert 1000 <= response.json()["input_tokens"] <= 1020 and not model.calls
    assert bad.status_code == 400 and bad.json()["type"] == "error"


def test_the_anthropic_package_is_served(live: Any) -> None:
    anthropic = pytest.importorskip("anthropic", reason="pip install anthropic")
    base = live(moa()).removesuffix("/v1")
    client = anthropic.Anthropic(base_url=base, api_key="x", max_retries=0)
    message = client.messages.create(**ASKED)
    assert message.content[0].text == "the end of it" and message.usage.input_tokens == 30
    with client.messages.stream(**ASKED) as stream:
        assert "".join(stream.text_stream) == "the end of it"
        assert stream.get_final_message().usage.output_tokens == 15
    assert client.messages.count_tokens(model="panel", messages=ASKED["messages"]).input_tokens > 1
    (model,) = client.models.list()
    assert (model.id, model.type, model.display_name) == ("panel", "model", "panel")
    with pytest.raises(anthropic.NotFoundError, match="there is no model"):
        client.messages.create(**{**ASKED, "model": "x"})


def test_the_anthropic_package_reads_tool_calls(live: Any) -> None:
    anthropic = pytest.importorskip("anthropic", reason="pip install anthropic")
    model = ScriptedChatModel(ScriptedReply("", tool_calls=[CALL]))
    base = live(written_by(ScriptedChatModel("x"), model)).removesuffix("/v1")
    client = anthropic.Anthropic(base_url=base, api_key="x", max_retries=0)
    for streamed in (False, True):
        if streamed:
            with client.messages.stream(**ASKED, tools=[TOOL]) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**ASKED, tools=[TOOL])
        assert message.stop_reason == "tool_use"
        assert (message.content[-1].name, message.content[-1].input) == ("add", {"a": 2})
