"""Who calls a client's tools: one policy for every method."""

import json
from typing import Any

import pytest
from helpers.registry import NAMES, small
from helpers.server import Reply, Server
from helpers.serving import TOOL, chat, chunks, served

from manyminds import create_moa

CALLED: Any = {"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}}
RESULT: Any = [
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "tool_calls": [CALLED]},
    {"role": "tool", "tool_call_id": "c", "content": "2"},
]
VOTERS = {"agent-forest", "best-of-n", "debate", "debategpt", "rsa"}


def answered(sent: Any, _k: int) -> Reply:
    """Call the tool with the argument that the model is named after; `b` and `c` agree."""
    if not sent.get("tools"):
        return Reply("Score: 5\nFinal answer: 4")
    value = {"a": 1}.get(sent["model"], 2)
    function = {"name": "add", "arguments": f'{{"a": {value}}}'}
    message: Any = {"role": "assistant", "content": None}
    message["tool_calls"] = [{"id": f"c-{sent['model']}", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return Reply(raw={"id": "x", "object": "chat.completion", "choices": [choice]})


@pytest.mark.parametrize("name", NAMES)
async def test_members_of_a_method_that_votes_vote_on_the_tool_and_else_one_writer_calls_it(
    name: str,
) -> None:
    with Server(answered) as upstream:
        app: Any = small(name, *(f"{model}@{upstream.url}" for model in "abc")).compile()
        async with served(app) as client:
            first = await client.post("/chat/completions", json=chat(tools=[TOOL]))
            with_tools = [one["model"] for one in upstream.bodies if "tools" in one]
            upstream.clear()
            goes_on = chat(tools=[TOOL], messages=RESULT)
            second = await client.post("/chat/completions", json=goes_on)
            after_result = [one["model"] for one in upstream.bodies]
    assert first.status_code == second.status_code == 200, first.text + second.text
    choice = first.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    votes = name in VOTERS
    assert sorted(with_tools) == (["a", "b", "c"] if votes else ["a"])
    called = choice["message"]["tool_calls"][0]["function"]["arguments"]
    assert called == ('{"a": 2}' if votes else '{"a": 1}')
    assert after_result == ["a"]  # the panel and the vote are skipped


async def test_the_role_that_writes_the_answer_calls_the_tools() -> None:

    with Server(answered) as upstream:
        members = [f"{model}@{upstream.url}" for model in "ab"]
        app = create_moa(members, aggregator=f"c@{upstream.url}", layers=2).compile()
        async with served(app) as client:
            await client.post("/chat/completions", json=chat(tools=[TOOL]))
    assert [one["model"] for one in upstream.bodies if "tools" in one] == ["c"]


CUSTOM: Any = {
    "name": "patch",
    "description": "Change a file.",
    "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /.+/"}},
}
PATCH = "*** Begin\n+a"


def patching(sent: Any, _k: int) -> Reply:
    if not sent.get("tools"):
        return Reply("Patch it.")
    function = {"name": "patch", "arguments": json.dumps({"input": PATCH})}
    message: Any = {"role": "assistant", "content": None}
    message["tool_calls"] = [{"index": 0, "id": "c", "type": "function", "function": function}]
    kind = "delta" if sent.get("stream") else "message"
    choice = {"index": 0, kind: message, "finish_reason": "tool_calls"}
    whole = {"id": "x", "object": "chat.completion", "choices": [choice]}
    return Reply(events=[whole, "[DONE]"]) if sent.get("stream") else Reply(raw=whole)


async def test_a_custom_tool_is_called_with_a_text_in_chat_completions() -> None:
    called = {"id": "c", "type": "custom", "custom": {"name": "patch", "input": PATCH}}
    with Server(patching) as upstream:
        app: Any = create_moa([f"a@{upstream.url}"], layers=2).compile()
        async with served(app) as client:
            asked = chat(tools=[{"type": "custom", "custom": CUSTOM}, TOOL])
            whole = (await client.post("/chat/completions", json=asked)).json()
            frames = await chunks(client, "/chat/completions", {**asked, "stream": True})
            result = {"role": "tool", "tool_call_id": "c", "content": "done"}
            reply = {"role": "assistant", "tool_calls": [called]}
            before = upstream.bodies[-1]
            goes_on = {**asked, "messages": [*asked["messages"], reply, result]}
            assert (await client.post("/chat/completions", json=goes_on)).status_code == 200
    choice = whole["choices"][0]
    assert (choice["message"]["tool_calls"], choice["finish_reason"]) == ([called], "tool_calls")
    deltas = [one["choices"][0]["delta"] for one in frames[:-1]]
    streamed = next(delta["tool_calls"] for delta in deltas if "tool_calls" in delta)
    assert streamed == [{"index": 0, **called}]
    told = next(one["function"] for one in before["tools"] if one["function"]["name"] == "patch")
    assert list(told["parameters"]["properties"]) == ["input"] and told["description"]
    assert "start: /.+/" in told["parameters"]["properties"]["input"]["description"]
    sent = upstream.bodies[-1]["messages"][-2]["tool_calls"][0]["function"]
    assert json.loads(sent["arguments"]) == {"input": PATCH}


async def test_a_custom_tool_is_called_with_a_text_in_responses() -> None:
    with Server(patching) as upstream:
        app: Any = create_moa([f"a@{upstream.url}"], layers=2).compile()
        async with served(app) as client:
            choice = {"type": "custom", "name": "patch"}
            asked: Any = {"model": "panel", "tools": [{"type": "custom", **CUSTOM}]}
            asked |= {"input": "Why?", "tool_choice": choice}
            whole = (await client.post("/responses", json=asked)).json()
            frames = await chunks(client, "/responses", {**asked, "stream": True})
            call = {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": PATCH}
            output = {"type": "custom_tool_call_output", "call_id": "c", "output": "done"}
            items = [{"role": "user", "content": "Why?"}, call, output]
            again = await client.post("/responses", json={**asked, "input": items})
    assert again.status_code == 200, again.text
    item = whole["output"][-1]
    assert {**item, **call} == item and whole["tools"][0]["type"] == "custom"
    kinds = [one["type"].removeprefix("response.") for one in frames]
    delta, done = kinds.index("custom_tool_call_input.delta"), kinds.index("output_item.done")
    assert frames[delta]["delta"] == PATCH and kinds[delta + 1] == "custom_tool_call_input.done"
    assert frames[done]["item"] == item and delta < done


@pytest.mark.parametrize("protocol", ["chat", "responses"])
@pytest.mark.parametrize("mode", ["auto", "required"])
async def test_only_the_tools_that_a_choice_allows_reach_the_writer(
    protocol: str, mode: str
) -> None:
    with Server(answered) as upstream:
        app: Any = create_moa([f"a@{upstream.url}"], layers=2).compile()
        async with served(app) as client:
            function = TOOL["function"]
            if protocol == "chat":
                some = {"mode": mode, "tools": [{"type": "function", "function": {"name": "add"}}]}
                choice: Any = {"type": "allowed_tools", "allowed_tools": some}
                tools = [TOOL, {"type": "function", "function": {"name": "other"}}]
                asked = chat(tools=tools, tool_choice=choice)
            else:
                some = {"mode": mode, "tools": [{"type": "function", "name": "add"}]}
                tools = [{"type": "function", **function}, {"type": "function", "name": "other"}]
                asked = {"model": "panel", "input": "Why?", "tools": tools}
                asked |= {"tool_choice": {"type": "allowed_tools", **some}}
            path = "/chat/completions" if protocol == "chat" else "/responses"
            response = await client.post(path, json=asked)
    assert response.status_code == 200, response.text
    sent = upstream.bodies[-1]
    assert [one["function"]["name"] for one in sent["tools"]] == ["add"]
    assert sent["tool_choice"] == mode
