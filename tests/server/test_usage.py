"""Usage in a response is what the models' own servers counted, of every call of every method."""

import itertools
import json
from typing import Any

import pytest
from helpers.registry import NAMES, small
from helpers.server import Reply, Server
from helpers.serving import TOOL, chat, config, served


class Counted:
    """Answers requests, fails every seventh, and adds up the tokens of what it sends."""

    def __init__(self) -> None:
        self.read = self.written = 0
        self._numbers = itertools.count(1)

    def __call__(self, body: Any, _k: int) -> Reply:
        number = next(self._numbers)
        if number % 7 == 0:
            return Reply("busy", status=503, headers={"Retry-After": "0.02"})
        text = "Score: 5. " + "so " * (number % 5) + "Final answer: 4"
        self.read += sum(len(str(one.get("content", "")).split()) for one in body["messages"])
        self.written += len(text.split())
        return Reply(text)


PATHS = {
    "/chat/completions": ("prompt_tokens", "completion_tokens"),
    "/responses": ("input_tokens", "output_tokens"),
    "/messages": ("input_tokens", "output_tokens"),
}


def asked(path: str, *, stream: bool) -> dict[str, Any]:
    if path == "/responses":
        return {"model": "panel", "input": "2 + 2?", "stream": stream}
    more = {"stream_options": {"include_usage": True}} if path.startswith("/chat") else {}
    return chat("2 + 2?", stream=stream, **(more if stream else {}))


async def usage(client: Any, path: str, *, stream: bool) -> tuple[int, int]:
    """Return the tokens that a response tells: read and written; those of an error, too."""
    response = await client.post(path, json=asked(path, stream=stream))
    if response.status_code != 200:  # a method that can read none of these replies
        tokens = response.json()["error"]["manyminds"]["tokens"]
        return tokens["input"], tokens["output"]
    told = response.json()["usage"] if not stream else last_usage(response.text)
    read, written = PATHS[path]
    return told[read], told[written]


def last_usage(text: str) -> dict[str, Any]:
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
    told = [(one.get("response") or one).get("usage") for one in map(json.loads, lines)]
    return next(one for one in reversed(told) if one)


@pytest.mark.parametrize("name", NAMES)
async def test_usage_is_the_sum_of_what_the_endpoint_counted(name: str) -> None:
    # Each method in one of the protocols, all of them whole and streamed.
    path = list(PATHS)[NAMES.index(name) % len(PATHS)]
    for stream in (False, True):
        counted = Counted()
        with Server(counted) as upstream:
            members = [f"{model}@{upstream.url}" for model in "abc"]
            app: Any = small(name, *members).compile()
            async with served(app, config(first_byte=30)) as client:
                told = await usage(client, path, stream=stream)
        assert told == (counted.read, counted.written), f"stream={stream}"


async def test_usage_of_a_turn_with_tools_has_the_panel_and_the_writer() -> None:
    counted = Counted()
    with Server(counted) as upstream:
        app: Any = small("moa", *(f"{model}@{upstream.url}" for model in "ab")).compile()
        async with served(app) as client:
            response = await client.post("/chat/completions", json=chat("2?", tools=[TOOL]))
    told = response.json()
    assert told["manyminds"]["calls"] == 4
    assert told["usage"]["prompt_tokens"] == counted.read
    assert told["usage"]["completion_tokens"] == counted.written
