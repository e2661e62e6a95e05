"""Parameters of clients, usual and odd: honoured, passed on, named as ignored, or refused."""

import gzip
import json
from typing import Any

import httpx
import pytest
from helpers.server import Reply, Server
from helpers.serving import TOOL, chat, chunks, config, moa, served

from manyminds import Member, create_agent_forest
from manyminds.server.config import Config
from manyminds.testing import ScriptedChatModel

USER: Any = {"role": "user", "content": "Why?"}
CALLED: Any = {
    "role": "assistant",
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}}],
}
RESULT: Any = {"role": "tool", "tool_call_id": "c", "content": "2"}
SCHEMA: Any = {"type": "object", "properties": {"a": {"type": "integer"}}}
ADD = {"type": "function", "function": {"name": "add"}}
WRONG: list[Any] = [0, -2, "5", True, 1.5, []]
LIMITS = [("max_tokens", one) for one in WRONG] + [("max_completion_tokens", 0)]
PATHS = {"chat": "/chat/completions", "responses": "/responses", "messages": "/messages"}


def body(protocol: str, **more: Any) -> dict[str, Any]:
    said = {"input": "Why?"} if protocol == "responses" else {"messages": [USER]}
    return {"model": "panel", **said, **more}


def broken(arguments: str) -> Any:
    function = {"name": "add", "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"id": "c", "function": function}]}


def seen(kind: str, **part: Any) -> list[Any]:
    return [{"role": "user", "content": [{"type": kind, **part}]}]


# ---- refused, each with a sentence that names what to change

CHAT: list[tuple[dict[str, Any], str]] = [
    *(({"n": n}, "one answer") for n in (0, 2, -1)),
    ({"n": "x"}, "n: "),
    ({"logprobs": True}, "no probabilities"),
    ({"top_logprobs": 2}, "no probabilities"),
    ({"seed": 2**70}, "seed: "),
    ({"seed": 1.5}, "seed: "),
    *(({"stop": stop}, "stop: ") for stop in ("", [""], 5, [1], ["x"] * 65, "x" * 1001)),
    ({"audio": {"voice": "x"}}, "in text"),
    ({"modalities": ["text", "audio"]}, "in text"),
    ({"functions": [{"name": "x"}]}, "tools"),
    *(
        ({"response_format": form}, "response_format: ")
        for form in ("json", {"type": "x"}, {}, {"type": "json_schema"})
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}},
        "name of letters",
    ),
    ({"tool_choice": "required"}, "needs `tools`"),
    ({"tool_choice": {"type": "function", "function": {"name": "add"}}}, "tool_choice: "),
    *(
        ({"tools": [TOOL], "tool_choice": choice}, "auto, none, required, add")
        for choice in ("x", 5, {}, {"type": "web_search"}, {"function": {"name": "other"}})
    ),
    *(
        ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "allowed_tools": some}}, says)
        for some, says in (
            ({"mode": "none", "tools": [ADD]}, "auto, none, required, add"),
            ({"mode": "auto"}, "needs a list of `tools`"),
            ({"mode": "auto", "tools": [{**ADD, "function": {"name": "x"}}]}, "`tools` has add"),
        )
    ),
    *(({name: limit}, f"{name}: give a whole number") for name, limit in LIMITS),
    *(
        ({"tools": [tool]}, "tools[0]: ")
        for tool in (
            {},
            {"type": "function"},
            {"type": "function", "function": {"name": "a b"}},
            {"type": "function", "function": {"name": "a", "parameters": []}},
            {"type": "function", "function": {"name": "a", "description": 5}},
            {"type": "custom"},
            {"type": "custom", "custom": {"name": "a b"}},
        )
    ),
    ({"tools": "x"}, "tools: "),
    ({"stream_options": 3}, "stream_options: "),
    ({"messages": [5]}, "messages.0: "),
    ({"messages": [USER, {"role": "assistant", "content": "Be"}]}, "cannot continue"),
    *(
        ({"messages": [{"role": role, "content": said}]}, "no question: send a message of the user")
        for role, said in (("user", None), ("user", " "), ("user", []), ("system", "Be brief."))
    ),
    ({"messages": [USER, RESULT]}, "no tool call has the id 'c'"),
    ({"messages": [RESULT]}, "no tool call has the id 'c'"),
    ({"messages": [USER, CALLED, USER], "tools": [TOOL]}, "has no result"),
    ({"messages": [USER, CALLED, RESULT, RESULT]}, "no tool call has the id 'c'"),
    ({"messages": [USER, {"role": "tool", "content": "2"}]}, "tool_call_id"),
    ({"messages": [USER, broken("{"), RESULT]}, "no JSON object"),
    ({"messages": [USER, broken("5"), RESULT]}, "no JSON object"),
    ({"messages": [{"role": "function", "name": "x", "content": "2"}]}, "role `tool`"),
    ({"messages": [{"role": "user", "content": 5}]}, "list of parts"),
    ({"messages": [{"role": "user", "content": "x", "name": 5}]}, "`name`"),
    ({"messages": [{"role": "user", "content": ["x"]}]}, "needs a type"),
    ({"messages": seen("text")}, "needs a `text`"),
    *(
        ({"messages": seen("image_url", image_url={"url": url})}, "needs a `url`")
        for url in (None, "", "file:///etc/passwd", 5)
    ),
]
RESPONSES: list[tuple[dict[str, Any], str]] = [
    ({"input": []}, "there is none"),
    ({"input": [5]}, "input.0: "),
    ({"input": [{"type": "item_reference", "id": "x"}]}, "'item_reference'"),
    ({"background": True}, "background: "),
    ({"prompt": {"id": "x"}}, "prompt: "),
    ({"top_logprobs": 2}, "no probabilities"),
    ({"conversation": {"a": 1}}, "give its id"),
    ({"conversation": "c"}, "keeps no conversations"),
    ({"text": {"format": {"type": "json_schema"}}}, "text.format: "),
    ({"text": {"format": {"type": "grammar"}}}, "text.format: "),
    ({"tool_choice": "required"}, "needs `tools`"),
    ({"tool_choice": {"type": "web_search"}}, "tool_choice: "),
    ({"input": seen("input_image", file_id="x")}, "needs a `url`"),
    ({"input": seen("input_file", file_id="x")}, "'input_file'"),
    (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": "2"}]},
        "no tool call has the id 'c'",
    ),
]
MESSAGES: list[tuple[dict[str, Any], str]] = [
    ({"stop_sequences": [""]}, "stop_sequences: "),
    ({"tool_choice": {"type": "any"}}, "needs `tools`"),
    ({"output_config": {"format": {"type": "x"}}}, "output_config.format: "),
    ({"system": 5}, "system: "),
    ({"messages": seen("document", source={})}, "'document'"),
    ({"messages": seen("image", source={"type": "file", "file_id": "x"})}, "needs a `url`"),
    ({"messages": seen("image", source={"type": "base64"})}, "needs a `url`"),
    ({"messages": seen("tool_result", tool_use_id="c", content="2")}, "no tool call has the id"),
    ({"messages": [USER, {"role": "assistant", "content": "Be"}]}, "cannot continue"),
]
REFUSED = [
    (protocol, *one)
    for protocol, cases in (("chat", CHAT), ("responses", RESPONSES), ("messages", MESSAGES))
    for one in cases
]


@pytest.mark.parametrize(("protocol", "given", "says"), REFUSED)
async def test_what_an_ensemble_cannot_do_is_refused_before_any_call(
    protocol: str, given: dict[str, Any], says: str
) -> None:
    model = ScriptedChatModel("x")
    async with served(create_agent_forest(model, samples=1).compile()) as client:
        response = await client.post(PATHS[protocol], json=body(protocol, **given))
    assert response.status_code == 400, response.text
    told = response.json()
    assert says in told["error"]["message"] and "\n" not in told["error"]["message"]
    assert told["error"]["type"] == "invalid_request_error"
    assert (told.get("type") == "error") == (protocol == "messages")
    assert not model.calls


async def test_bodies_of_odd_clients() -> None:
    async with served(moa()) as client:
        whole = json.dumps(body("chat")).encode()
        marked = await client.post("/chat/completions", content=b"\xef\xbb\xbf" + whole)
        slash = await client.post("/chat/completions/", content=whole)
        packed = {"content-encoding": "gzip"}
        zipped = await client.post("/messages", content=gzip.compress(whole), headers=packed)
        bad = [
            await client.post("/chat/completions", content=content)
            for content in (b"", b"[]", b"null", b"\xff", b"{", b"[" * 100_000, b'{"model": 5}')
        ]
    assert (marked.status_code, slash.status_code, zipped.status_code) == (200, 200, 415)
    assert zipped.json()["error"]["type"] == "invalid_request_error"
    assert "gzip" in zipped.json()["error"]["message"]
    for response in bad:
        assert response.status_code == 400 and response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "status", "form"),
    [
        ("/embeddings", 404, "OpenAI"),
        ("/messages/batches", 404, "Anthropic"),
        ("/responses/resp-1/cancel", 404, "OpenAI"),
        ("/models", 405, "OpenAI"),
    ],
)
async def test_paths_that_are_not_served_have_an_error_object(
    path: str, status: int, form: str
) -> None:
    async with served(moa()) as client:
        response = await client.post(path, json={})
        client.headers["host"] = "evil.example"
        elsewhere = await client.post(path, json={})
    for found, code in ((response, status), (elsewhere, 403)):
        assert found.status_code == code and found.json()["error"]["message"]
        assert (found.json().get("type") == "error") == (form == "Anthropic")


# ---- passed on to the writer, and to the writer alone


def answered(sent: Any, _k: int) -> Reply:
    if not sent.get("tools"):
        return Reply('{"a": 1}' if "response_format" in sent else "the end of it")
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return Reply(raw={"id": "x", "object": "chat.completion", "model": "w", "choices": [choice]})


async def ask(protocol: str, given: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Ask a panel of two members; return the response and what its models were sent."""
    with Server(answered) as upstream:
        members = [f"m@{upstream.url}", f"k@{upstream.url}"]
        one = {"method": "moa", "members": members, "options": {"layers": 2}}
        async with served(None, Config.model_validate({"ensembles": {"panel": one}})) as client:
            response = await client.post(PATHS[protocol], json=body(protocol, **given))
    assert response.status_code == 200, response.text
    return response.json(), upstream.bodies


STRICT = {"name": "x", "schema": SCHEMA, "strict": True}
ITEM_TOOL = {"type": "function", "name": "add", "parameters": SCHEMA}
OWN_TOOL = {"name": "add", "input_schema": SCHEMA}


@pytest.mark.parametrize(
    ("protocol", "given", "sent"),
    [
        ("chat", {"response_format": {"type": "json_object"}}, {"type": "json_object"}),
        (
            "chat",
            {"response_format": {"type": "json_schema", "json_schema": STRICT}},
            {"type": "json_schema", "json_schema": STRICT},
        ),
        (
            "responses",
            {"text": {"format": {"type": "json_schema", **STRICT}}},
            {"type": "json_schema", "json_schema": STRICT},
        ),
        *(
            (
                "messages",
                given,
                {"type": "json_schema", "json_schema": {**STRICT, "name": "answer"}},
            )
            for given in (
                {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
                {"output_format": {"type": "json_schema", "schema": SCHEMA}},
            )
        ),
    ],
)
async def test_output_schemas_of_all_protocols_go_to_the_writer(
    protocol: str, given: dict[str, Any], sent: Any
) -> None:
    told, bodies = await ask(protocol, given)
    assert '{"a": 1}' in str(told) or '{\\"a\\": 1}' in str(told)
    assert bodies[-1]["response_format"] == sent
    assert not any("response_format" in one for one in bodies[:-1])
    assert "ignored" not in told["manyminds"]


@pytest.mark.parametrize(
    ("protocol", "given", "choice", "parallel"),
    [
        ("chat", {"tools": [TOOL]}, None, None),
        ("chat", {"tools": [TOOL], "tool_choice": "required"}, "required", None),
        ("chat", {"tools": [TOOL], "tool_choice": ADD, "parallel_tool_calls": False}, ADD, False),
        (
            "responses",
            {"tools": [ITEM_TOOL], "tool_choice": {"type": "function", "name": "add"}},
            ADD,
            None,
        ),
        (
            "messages",
            {
                "tools": [OWN_TOOL],
                "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            },
            "required",
            False,
        ),
        (
            "messages",
            {"tools": [OWN_TOOL], "tool_choice": {"type": "tool", "name": "add"}},
            ADD,
            None,
        ),
    ],
)
async def test_the_choice_of_a_tool_goes_to_the_writer(
    protocol: str, given: dict[str, Any], choice: Any, parallel: Any
) -> None:
    told, bodies = await ask(protocol, given)
    assert "add" in str(told.get("choices") or told.get("output") or told["content"])
    assert bodies[-1].get("tool_choice") == choice
    assert bodies[-1].get("parallel_tool_calls") == parallel
    assert not any("tools" in one for one in bodies[:-1])


@pytest.mark.parametrize("protocol", list(PATHS))
async def test_no_tool_may_be_called_where_the_client_says_none(protocol: str) -> None:
    tool = {"chat": TOOL, "responses": ITEM_TOOL, "messages": OWN_TOOL}[protocol]
    choice: Any = {"type": "none"} if protocol == "messages" else "none"
    told, bodies = await ask(protocol, {"tools": [tool], "tool_choice": choice})
    assert "the end of it" in str(told) and not any("tools" in one for one in bodies)


async def test_a_developers_message_is_a_system_message() -> None:
    asked = [{"role": "developer", "content": "Be brief."}, USER]
    _, bodies = await ask("chat", {"messages": asked})
    assert [one["role"] for one in bodies[0]["messages"]] == ["system", "user"]


async def test_sound_goes_to_the_members_as_it_is() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    _, bodies = await ask("chat", {"messages": [{"role": "user", "content": [sound]}]})
    assert bodies[0]["messages"][-1]["content"] == [sound]


async def test_a_picture_in_a_tools_result_is_read_in_responses() -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}
    items = [
        {"role": "user", "content": "Look."},
        {"type": "function_call", "call_id": "c", "name": "add", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": [picture]},
    ]
    _, bodies = await ask("responses", {"input": items})
    (sent,) = bodies  # a turn that ends with a tool's result goes to the writer
    url = {"url": "data:image/png;base64,AAAA", "detail": "low"}
    assert sent["messages"][-1]["content"] == [{"type": "image_url", "image_url": url}]


# ---- named as ignored, or without a meaning


@pytest.mark.parametrize(
    ("protocol", "given", "names"),
    [
        ("chat", {"temperature": 0, "top_k": 3, "odd": {}}, ["temperature", "top_k", "odd"]),
        ("chat", {"store": True, "web_search_options": {}}, ["store", "web_search_options"]),
        (
            "responses",
            {"reasoning": {"effort": "low"}, "text": {"verbosity": "low"}},
            ["text.verbosity"],
        ),
        ("responses", {"tools": [{"type": "web_search"}]}, ["tools: web_search"]),
        ("messages", {"thinking": {"type": "enabled"}}, ["thinking"]),
        ("messages", {"output_config": {"effort": "low"}}, ["output_config.effort"]),
    ],
)
async def test_what_has_no_meaning_for_an_ensemble_is_named(
    protocol: str, given: dict[str, Any], names: list[str]
) -> None:
    told, bodies = await ask(protocol, given)
    assert set(names) <= set(told["manyminds"]["ignored"])
    assert not [one for one in bodies for name in given if one.get(name) == given[name]]


@pytest.mark.parametrize(
    ("protocol", "given"),
    [
        (
            "chat",
            {"user": "ann", "metadata": {}, "service_tier": "auto", "n": 1, "logprobs": False},
        ),
        ("chat", {"tool_choice": "auto", "parallel_tool_calls": True, "seed": -5}),
        ("chat", {"response_format": {"type": "text"}, "modalities": ["text"]}),
        ("chat", {"max_tokens": -1, "max_completion_tokens": None}),
        ("responses", {"store": True, "include": ["reasoning.encrypted_content"]}),
        ("messages", {"metadata": {"user_id": "x"}, "tool_choice": {"type": "auto"}}),
    ],
)
async def test_what_changes_nothing_is_taken_in_silence(
    protocol: str, given: dict[str, Any]
) -> None:
    told, _ = await ask(protocol, given)
    assert "ignored" not in told["manyminds"]


async def test_a_seed_of_the_client_drives_the_run() -> None:
    answers: list[str] = []
    members = [Member(ScriptedChatModel(text), name=text) for text in "abcdefgh"]
    app = create_agent_forest(members, samples=1).compile()  # the seed draws the member
    async with served(app) as client:
        for seed in (7, 7, *range(-8, 8)):
            told = (await client.post("/chat/completions", json=chat(seed=seed))).json()
            answers.append(told["choices"][0]["message"]["content"])
    assert answers[0] == answers[1] and len(set(answers)) > 2


# ---- stop sequences


@pytest.mark.parametrize(
    ("text", "stops", "left"),
    [
        ("one two three", [" two"], "one"),
        ("one two three", "three", "one two "),
        ("one two three", ["four"], "one two three"),
        ("one two three", ["three four", "wo thre"], "one t"),
        ("abc", ["abc", "b"], "a"),
        ("one\n\nQ: two", ["\n\n", "Q:"], "one"),
        ("one two tw", ["two three"], "one two tw"),
    ],
)
async def test_an_answer_ends_at_a_stop_sequence(text: str, stops: Any, left: str) -> None:
    async with served(moa(text)) as client:
        whole = (await client.post("/chat/completions", json=chat(stop=stops))).json()
        asked = chat(stop=stops, stream=True, stream_options={"include_usage": True})
        *parts, last, _ = await chunks(client, "/chat/completions", asked)
        listed = [stops] if isinstance(stops, str) else stops
        given = body("messages", stop_sequences=listed)
        message = (await client.post("/messages", json=given)).json()
        *_, ending, _ = await chunks(client, "/messages", {**given, "stream": True})
    assert whole["choices"][0]["message"]["content"] == left
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert "".join(c["delta"].get("content") or "" for p in parts for c in p["choices"]) == left
    assert last["usage"] == whole["usage"]  # of the whole run
    reason = "end_turn" if left == text else "stop_sequence"
    assert message["stop_reason"] == ending["delta"]["stop_reason"] == reason
    assert message["content"][0]["text"] == left
    assert (message["stop_sequence"] in listed) == (left != text)


async def test_the_vote_of_a_method_ends_at_a_stop_sequence_too() -> None:
    app = create_agent_forest(ScriptedChatModel("Yes. Because."), samples=3).compile()
    async with served(app) as client:
        told = (await client.post("/chat/completions", json=chat(stop=["."]))).json()
    assert told["choices"][0]["message"]["content"] == "Yes"


# ---- replies of the writer that a client cannot read


def called(arguments: str) -> Any:
    """Return a model's server whose tool calls have these arguments, streamed or not."""
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": arguments}}

    def reply(sent: Any, _k: int) -> Reply:
        if not sent.get("tools"):
            return Reply("in words")
        if sent.get("stream"):
            delta = {"role": "assistant", "tool_calls": [{"index": 0, **call}]}
            ends = [(delta, None), ({}, "tool_calls")]
            frames = [
                {"choices": [{"index": 0, "delta": d, "finish_reason": why}]} for d, why in ends
            ]
            return Reply(events=[*frames, "[DONE]"])
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return Reply(raw={"id": "x", "object": "chat.completion", "choices": [choice]})

    return reply


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("choice", ["auto", "required"])
async def test_half_a_tool_call_is_never_a_tool_call(streamed: bool, choice: str) -> None:
    with Server(called('{"path": "/home/ann')) as upstream:
        one = {"method": "moa", "members": [{"model": f"m@{upstream.url}", "retries": 0}]}
        conf = Config.model_validate({"ensembles": {"panel": one}, "first_byte": 20})
        async with served(None, conf) as client:
            asked = chat(tools=[TOOL], tool_choice=choice, stream=streamed)
            response = await client.post("/chat/completions", json=asked)
    assert '"tool_calls"' not in response.text
    if choice == "auto":
        assert "in words" in response.text and "malformed" in response.text
    else:  # words are no answer to a client that asked for a call
        assert response.status_code == 502 and response.json()["error"]["code"] == "no_answer"


@pytest.mark.parametrize(
    "failure",
    [
        Reply("down", status=500),
        Reply("in words"),
        Reply("'response_format' is not supported", status=400, code="unsupported_parameter"),
    ],
)
async def test_words_are_no_answer_to_a_client_that_asked_for_json(failure: Reply) -> None:
    def reply(sent: Any, _k: int) -> Reply:
        return failure if "response_format" in sent else Reply("in words")

    with Server(reply) as upstream:
        one = {"method": "moa", "members": [{"model": f"m@{upstream.url}", "retries": 0}]}
        async with served(None, Config.model_validate({"ensembles": {"panel": one}})) as client:
            asked = chat(response_format={"type": "json_object"})
            response = await client.post("/chat/completions", json=asked)
    assert response.status_code == 502 and "in words" not in response.text


async def test_words_are_no_answer_to_a_client_that_asked_for_a_call() -> None:
    app = create_agent_forest(ScriptedChatModel("in words"), samples=1).compile()
    async with served(app) as client:
        asked = chat(tools=[TOOL], tool_choice="required")
        response = await client.post("/chat/completions", json=asked)
    assert response.status_code == 502
    assert "asked for a call of a tool" in response.json()["error"]["message"]


async def test_a_large_body_and_deep_nesting_are_refused() -> None:
    async with served(moa(), config(max_body_bytes=20_000)) as client:
        for path in PATHS.values():
            large: httpx.Response = await client.post(path, content=b" " * 20_001)
            assert large.status_code == 413 and large.json()["error"]["message"]
            deep = await client.post(path, content=b'{"model":' + b"[" * 15_000)
            assert deep.status_code == 400 and deep.json()["error"]["message"]
