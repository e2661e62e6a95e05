"""A client's limit of tokens: what is written under it, what is cut, and what the client reads."""

from typing import Any

import pytest
from helpers.server import Body, Reply, Server
from helpers.serving import TOOL, chunks, served

from manyminds.server.answer_limit import shortened
from manyminds.server.config import Config

WORDS = " ".join(["word"] * 40)
ASKED: Any = {
    "/chat/completions": {"messages": [{"role": "user", "content": "Why?"}]},
    "/responses": {"input": "Why?"},
    "/messages": {"messages": [{"role": "user", "content": "Why?"}]},
}
NAMES = [
    ("/chat/completions", "max_tokens"),
    ("/chat/completions", "max_completion_tokens"),
    ("/responses", "max_output_tokens"),
    ("/messages", "max_tokens"),
]


def ensemble(method: str, url: str, **options: Any) -> Any:
    one = {"method": method, "members": [f"m@{url}", f"k@{url}"], "options": options}
    if method in ("chain-of-thought", "agent-forest"):
        one["members"] = [f"m@{url}"]
    return served(None, Config.model_validate({"ensembles": {"panel": one}}))


def ending(told: Any) -> tuple[str, str]:
    """Return the text and the reason of a response in any protocol."""
    if "choices" in told:
        return told["choices"][0]["message"]["content"], told["choices"][0]["finish_reason"]
    if "output" in told:
        text = told["output"][0]["content"][0]["text"]
        return text, (told["incomplete_details"] or {"reason": told["status"]})["reason"]
    return told["content"][0]["text"], told["stop_reason"]


CUT = {"/chat/completions": "length", "/responses": "max_output_tokens", "/messages": "max_tokens"}


def obeying(body: Body, _k: int) -> Reply:
    most = body.get("max_tokens")
    if most is None:
        return Reply(WORDS)
    return Reply(" ".join(WORDS.split()[:most]), finish_reason="length")


@pytest.mark.parametrize(("path", "name"), NAMES)
async def test_the_writer_alone_gets_the_limit_and_the_client_reads_that_it_was_reached(
    path: str, name: str
) -> None:
    with Server(obeying) as upstream:
        async with ensemble("moa", upstream.url, layers=2) as client:
            body = {"model": "panel", **ASKED[path], name: 7}
            told = (await client.post(path, json=body)).json()
    assert [one.get("max_tokens") for one in upstream.bodies] == [None, None, 7]
    assert ending(told) == (" ".join(["word"] * 7), CUT[path])
    assert told["manyminds"]["degraded"] is None and "ignored" not in told["manyminds"]
    tokens = told["usage"].get("completion_tokens") or told["usage"]["output_tokens"]
    assert tokens == 40 + 40 + 7


async def test_a_writer_with_tools_gets_the_limit_and_its_panel_does_not() -> None:
    with Server(obeying) as upstream:
        async with ensemble("moa", upstream.url, layers=2) as client:
            body = {"model": "panel", **ASKED["/chat/completions"], "tools": [TOOL]}
            response = await client.post("/chat/completions", json={**body, "max_tokens": 7})
    assert ending(response.json()) == (" ".join(["word"] * 7), "length")
    assert [one.get("max_tokens") for one in upstream.bodies] == [None, None, None, 7]
    assert "tools" in upstream.bodies[-1]


async def test_a_stream_ends_where_the_limit_is_reached() -> None:
    with Server(obeying) as upstream:
        async with ensemble("moa", upstream.url, layers=2) as client:
            body = {"model": "panel", **ASKED["/chat/completions"], "max_tokens": 7}
            frames = await chunks(client, "/chat/completions", {**body, "stream": True})
    text = "".join(one["choices"][0]["delta"].get("content", "") for one in frames[:-1])
    assert text == " ".join(["word"] * 7)
    assert frames[-2]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_vote_reads_whole_answers_and_the_one_that_it_chose_is_cut(stream: bool) -> None:
    text = f"{WORDS}\nFinal answer: 4"
    with Server(lambda _body, _k: Reply(text)) as upstream:
        async with ensemble("agent-forest", upstream.url, samples=3) as client:
            body = {"model": "panel", **ASKED["/chat/completions"], "max_tokens": 10}
            if stream:
                frames = await chunks(client, "/chat/completions", {**body, "stream": True})
                said = "".join(one["choices"][0]["delta"].get("content", "") for one in frames[:-1])
                reason, about = frames[-2]["choices"][0]["finish_reason"], frames[-2]["manyminds"]
            else:
                told = (await client.post("/chat/completions", json=body)).json()
                (said, reason), about = ending(told), told["manyminds"]
    assert not any("max_tokens" in one for one in upstream.bodies)
    assert text.startswith(said) and reason == "length" and 40 <= len(said) <= 60
    assert about["ballot"]["groups"][0]["answer"] == "4" and about["tokens"]["output"] == 43 * 3


async def test_the_end_of_a_proposers_answer_is_not_the_end_of_the_answer() -> None:
    def cut(body: Body, _k: int) -> Reply:
        return Reply("ok", finish_reason="length" if body["model"] == "k" else "stop")

    with Server(cut) as upstream:
        async with ensemble("moa", upstream.url, layers=2) as client:
            body = {"model": "panel", **ASKED["/chat/completions"]}
            told = (await client.post("/chat/completions", json=body)).json()
    assert ending(told) == ("ok", "stop")
    assert "cut by its token limit" in told["manyminds"]["degraded"]


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 32000. This model supports at most 4096 completion tokens",
        "This model's maximum context length is 4096 tokens. However, you requested 32012 tokens "
        "(12 in the messages, 32000 in the completion). Please reduce the length of the messages.",
        "`max_tokens` must be less than or equal to `8192`, and is 32000",
    ],
)
async def test_a_limit_that_is_more_than_the_model_can_write_is_left_out(message: str) -> None:
    def refusing(body: Body, _k: int) -> Reply:
        return Reply(message, status=400) if body.get("max_tokens", 0) > 4_096 else Reply("ok")

    with Server(refusing) as upstream:
        async with ensemble("moa", upstream.url, layers=2) as client:
            body = {"model": "panel", **ASKED["/messages"]}
            for limit in (32_000, 32_000, 9):
                told = (await client.post("/messages", json={**body, "max_tokens": limit})).json()
                assert ending(told) == ("ok", "end_turn") and told["manyminds"]["degraded"] is None
    sent = [one.get("max_tokens") for one in upstream.bodies]
    assert sent == [None, None, 32_000, None, None, None, None, None, None, 9]


async def test_a_limit_that_leaves_no_room_for_an_answer_is_the_clients_error() -> None:
    with Server(lambda _body, _k: Reply(empty=True, finish_reason="length")) as upstream:
        async with ensemble("chain-of-thought", upstream.url) as client:
            body = {"model": "panel", **ASKED["/chat/completions"]}
            given = await client.post("/chat/completions", json={**body, "max_tokens": 3})
            plain = await client.post("/chat/completions", json=body)
    error = given.json()["error"]
    assert (given.status_code, error["code"]) == (400, "max_tokens")
    assert "limit of 3 tokens" in error["message"] and error["manyminds"]["calls"] == 1
    assert plain.status_code == 502


def test_a_text_is_cut_by_its_bytes() -> None:
    assert shortened("a" * 80, 10, written=10) is None  # the endpoint counted
    assert shortened("a" * 80, 10, written=20) == "a" * 40
    assert shortened("a" * 80, 10, written=0) == "a" * 40  # nobody counted
    assert shortened("a" * 30, 10, written=900) is None  # the rest was hidden reasoning
    assert shortened("a" * 80, 10, written=40, reasoning="b" * 80) == "a" * 40
    assert shortened("\u4f60\u597d" * 9, 2, written=0) == "\u4f60\u597d"
