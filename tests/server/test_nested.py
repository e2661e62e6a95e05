"""An ensemble whose last stage is another one: its writer's tokens are the response's."""

from typing import Any

import pytest
from helpers.server import Body, Reply, Server
from helpers.serving import chunks, moa, served

from manyminds import create_moa
from manyminds.graphs.cascade import create_cascade
from manyminds.testing import ScriptedChatModel, ScriptedReply

WORDS = "the end of it"
LONG = " ".join(["word"] * 40)
ASKED: Any = {
    "/chat/completions": {"messages": [{"role": "user", "content": "Why?"}]},
    "/responses": {"input": "Why?"},
    "/messages": {"messages": [{"role": "user", "content": "Why?"}], "max_tokens": 100},
}


def torn() -> ScriptedChatModel:
    numbers = iter(range(1, 100))
    return ScriptedChatModel(lambda _m, _d: f"The answer is {next(numbers)}.")


def cascade(last: Any, depth: int) -> Any:
    for _ in range(depth):
        last = create_cascade([torn(), last]).compile()
    return last


def pieces(path: str, parts: list[Any]) -> list[str]:
    """Return the pieces of text in the frames of a stream."""
    if path == "/chat/completions":
        found = [c["delta"].get("content") for p in parts[:-1] for c in p["choices"]]
    elif path == "/responses":
        found = [p["delta"] for p in parts if p.get("type") == "response.output_text.delta"]
    else:
        found = [
            p["delta"]["text"]
            for p in parts
            if p.get("type") == "content_block_delta" and p["delta"]["type"] == "text_delta"
        ]
    return [text for text in found if text]


@pytest.mark.parametrize("path", list(ASKED))
@pytest.mark.parametrize("depth", [1, 2])
async def test_the_writer_inside_is_streamed_by_tokens(path: str, depth: int) -> None:
    async with served(cascade(moa(WORDS), depth)) as client:
        parts = await chunks(client, path, {"model": "panel", "stream": True, **ASKED[path]})
    assert pieces(path, parts) == ["the ", "end ", "of ", "it"]


async def test_what_the_writer_inside_says_before_it_breaks_off_was_shown() -> None:
    broken = ScriptedReply("one two three", id="broken", breaks_after=2)
    body = {"model": "panel", "stream": True, **ASKED["/chat/completions"]}
    async with served(cascade(moa(broken), 2)) as client:
        parts = await chunks(client, "/chat/completions", body)
    assert pieces("/chat/completions", parts)[:2] == ["one ", "two "]


async def test_an_earlier_stage_that_stands_is_one_piece() -> None:
    app = create_cascade([ScriptedChatModel("The answer is 4."), moa(WORDS)]).compile()
    body = {"model": "panel", "stream": True, **ASKED["/chat/completions"]}
    async with served(app) as client:
        parts = await chunks(client, "/chat/completions", body)
    assert pieces("/chat/completions", parts) == ["The answer is 4."]


def obeying(body: Body, _k: int) -> Reply:
    most = body.get("max_tokens")
    return Reply(LONG if most is None else " ".join(LONG.split()[:most]), finish_reason="length")


@pytest.mark.parametrize("stream", [False, True])
async def test_the_limit_of_tokens_is_the_inner_writers(stream: bool) -> None:
    body = {"model": "panel", "stream": stream, "max_tokens": 7, **ASKED["/chat/completions"]}
    with Server(obeying) as upstream:
        inner = create_moa([f"m@{upstream.url}"], aggregator=f"k@{upstream.url}", layers=2)
        async with served(cascade(inner.compile(), 2)) as client:
            if stream:
                parts = await chunks(client, "/chat/completions", body)
                text, last = "".join(pieces("/chat/completions", parts)), parts[-2]["choices"][0]
            else:
                last = (await client.post("/chat/completions", json=body)).json()["choices"][0]
                text = last["message"]["content"]
        limits = [request.body.get("max_tokens") for request in upstream.requests]
    assert limits == [None, 7]
    assert text == " ".join(LONG.split()[:7]) and last["finish_reason"] == "length"


async def test_an_answer_in_parts_is_one_answer() -> None:
    members = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    writer = ScriptedChatModel(["part one", "part two"] * 2)
    inner = create_moa(members, aggregator=writer, layers=2, chunk=1).compile()
    for app in (inner, cascade(inner, 1)):
        body = {"model": "panel", "stream": True, **ASKED["/chat/completions"]}
        async with served(app) as client:
            parts = await chunks(client, "/chat/completions", body)
        assert "".join(pieces("/chat/completions", parts)) == "part one\n\npart two"


async def test_a_part_that_broke_off_begins_again_with_what_was_written() -> None:
    members = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    lost = ScriptedChatModel(
        [ScriptedReply("part one"), ScriptedReply("lost words", breaks_after=1)]
    )
    app = create_moa(
        members, aggregator=[lost, ScriptedChatModel("part two")], layers=2, chunk=1
    ).compile()
    body = {"model": "panel", "stream": True, **ASKED["/chat/completions"]}
    async with served(app) as client:
        parts = await chunks(client, "/chat/completions", body)
    text = "".join(pieces("/chat/completions", parts))
    before, _, after = text.partition("[The reply above was broken off. It begins again:]")
    assert before.strip() == "part one\n\nlost"
    assert after.strip() == "part one\n\npart two"
