"""Answers that are requested as streams, from a server of ours over HTTP."""

from typing import Any, cast

import pytest
from helpers.server import Behaviour, Reply, Server
from langchain_core.messages import AIMessage, HumanMessage

from manyminds.calls.failures import kind_of
from manyminds.models.openai import openai_chat_model


async def answers(reply: Behaviour, **options: Any) -> tuple[list[AIMessage], list[dict[str, Any]]]:
    """Ask a server once; return the messages, and the requests that it got."""
    with Server(reply) as server:
        model = openai_chat_model("m", base_url=server.url, streamed=True)
        result = await model.agenerate([[HumanMessage("hello there")]], **options)
        made = [cast("Any", one).message for one in result.generations[0]]
        return made, server.bodies


async def test_the_whole_answer_comes_with_its_usage() -> None:
    made, requests = await answers(lambda body, k: "one two three")
    assert [message.text for message in made] == ["one two three"]
    assert requests[0]["stream"] is True
    assert made[0].usage_metadata is not None and made[0].usage_metadata["output_tokens"] == 3
    assert made[0].response_metadata["finish_reason"] == "stop"


async def test_samples_are_requests_of_their_own_and_counted_once() -> None:
    made, requests = await answers(lambda body, k: f"answer {k}", n=3)
    assert sorted(message.text for message in made) == ["answer 0", "answer 1", "answer 2"]
    assert len(requests) == 3
    used = [message.usage_metadata for message in made]
    assert used[1:] == [None, None] and used[0] is not None and used[0]["output_tokens"] == 6


async def test_a_schema_goes_into_the_request_as_it_is() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    made, requests = await answers(lambda body, k: "{}", response_format=form)
    assert made[0].text == "{}" and requests[0]["response_format"] == form


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(Reply("too long to be whole", half_stream=True), "connection", id="half"),
        pytest.param(Reply("x " * 9, finish_reason=""), "connection", id="no finish reason"),
    ],
)
async def test_an_answer_that_is_not_whole_is_none(reply: Reply, kind: str) -> None:
    with pytest.raises(Exception) as told:
        await answers(lambda body, k: reply)
    assert kind_of(told.value) == kind


async def test_a_length_that_was_reached_is_told() -> None:
    made, _ = await answers(lambda body, k: Reply("First, we", finish_reason="length"))
    assert made[0].response_metadata["finish_reason"] == "length"
