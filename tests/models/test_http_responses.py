"""Responses that are no answer, or larger than one: told in a sentence, never blocking."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from helpers.graphs import a_run, user
from helpers.server import Reply, Server
from langchain_core.messages import AIMessage, HumanMessage

from manyminds import Candidate, Member, create_moa
from manyminds.calls.ask import ask
from manyminds.calls.response import parse
from manyminds.errors import AnswerError, MemberError
from manyminds.models.http_responses import received
from manyminds.models.strings import address, served
from manyminds.reading import reasoning

SSE = {"Content-Type": "text/event-stream"}
LONGEST_BLOCK = 3.0  # seconds of processor time between two beats of the event loop


def completion(count: int = 1, **message: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": "4", **message}, "finish_reason": "stop"}
    return json.dumps({"choices": [choice] * count}).encode()


def call(arguments: str) -> dict[str, Any]:
    return {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}


async def answered(reply: Reply, **options: Any) -> Candidate:
    with Server(lambda _b, _k: reply) as server:
        member = Member(f"m@{server.url}", **{"retries": 0, "timeout": 60, **options})
        return await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")


async def longest_block(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return for how long the event loop did one thing only, and what the work returned.

    Processor time of its thread: other programs may keep the loop waiting as well.
    """
    longest, last = 0.0, time.thread_time()

    async def beat() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.thread_time() - last), time.thread_time()

    beating = asyncio.create_task(beat())
    found = await work()
    await asyncio.sleep(0.02)
    beating.cancel()
    return longest, found


LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "closing tags": (lambda: completion(content="</think>" * 3_000_000), "empty"),
    "angle brackets": (lambda: completion(content="<" * 25_000_000), ""),
    "end tokens": (lambda: completion(content="x" + "</s>" * 6_000_000), ""),
    "choices": (lambda: completion(300_000), "malformed"),
    "keys": (lambda: b'{"a": 1, %s}' % b",".join(b'"%d":1' % n for n in range(10**6)), "malformed"),
    "tool calls": (lambda: completion(tool_calls=[call("{" * 9)] * 100_000), "malformed"),
    "one tool call": (lambda: completion(tool_calls=[call('"' + "9" * 25_000_000)]), ""),
}


@pytest.mark.timed
@pytest.mark.parametrize("case", LARGE.values(), ids=LARGE)
async def test_a_response_of_30_mb_does_not_block(case: tuple[Callable[[], bytes], str]) -> None:
    make, kind = case
    content = make()
    await answered(Reply("warm"))
    blocked, got = await longest_block(lambda: answered(Reply(raw=content)))
    assert blocked < LONGEST_BLOCK
    said = "" if got["error"] is None else got["error"]["kind"]
    assert said.startswith(kind) and len(got["text"]) < 201_000


async def test_an_event_of_many_mb_is_cut_and_many_small_ones_are_not() -> None:
    def event(choices: int) -> bytes:
        delta = {"index": 0, "delta": {"content": "x" * 9}, "finish_reason": None}
        return b"data: " + json.dumps({"choices": [delta] * choices}).encode() + b"\n\n"

    end = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

    async def answer(raw: bytes) -> Any:
        def reply(body: Any, _k: int) -> Reply:
            return Reply(raw=raw, headers=SSE) if body.get("stream") else Reply("4")

        with Server(reply) as server:
            app = create_moa([Member(f"m@{server.url}", retries=0)], layers=2).compile()
            last: Any = {}
            async for mode, part in app.astream(user(), stream_mode=["messages", "values"]):
                last = part if mode == "values" else last
            return last

    assert "larger than 4 MB" in str((await answer(event(90_000) + end))["report"]["missing"])
    assert (await answer(event(1) * 500 + end))["answer"] == "x" * 4_500


def test_a_long_reply_keeps_its_beginning_and_its_answer() -> None:
    thoughts = "is it 5? " * 300_000
    reply = parse(AIMessage(f"<think>{thoughts}</think>It is 4."), max_chars=1_000)
    assert reply.text == "It is 4." and reply.reasoning is not None
    assert len(reply.reasoning) < 410_000 and reply.reasoning.startswith("is it 5?")
    told = parse(AIMessage("4", additional_kwargs={"reasoning_content": thoughts}))
    assert told.reasoning is not None and len(told.reasoning) < 410_000
    assert parse("It is 4." + "x" * 2_000_000, max_chars=10).text.startswith("It is 4.xx\n[cut")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a</think>b</THINK >c", ("a</think>b", "c")),
        ("a</think>b</thin>c", ("a", "b</thin>c")),
        ("a</b></thought>c</i>", ("a</b>", "c</i>")),
        ("x<|channel|>final<|message|>a<|channel|>other", ("x", "a<|channel|>other")),
    ],
)
def test_the_last_mark_ends_the_reasoning(text: str, right: tuple[str, str]) -> None:
    assert reasoning.split(text) == right


async def test_tool_calls_longer_than_an_answer_are_malformed() -> None:
    with pytest.raises(AnswerError, match="tool calls of a reply are longer"):
        parse(AIMessage("4", tool_calls=[{"name": "f", "args": {"a": "x" * 300_000}, "id": "1"}]))


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "application/xhtml+xml"])
async def test_a_web_page_is_told_as_one(kind: str) -> None:
    page = b"<!doctype html><title>Sign in</title>The answer is 4."
    got = await answered(Reply(raw=page, headers={"Content-Type": kind}))
    assert got["error"] is not None and got["error"]["kind"] == "malformed"
    assert "web page" in got["error"]["message"] and got["text"] == ""


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("streamed", [False, True])
async def test_no_redirect_takes_a_prompt_or_key_to_another_host(
    status: int, streamed: bool
) -> None:
    with Server() as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost") + "/chat/completions"
        moved = Reply(raw=b"", status=status, headers={"Location": elsewhere})
        params = {"extra_headers": {"api-key": "s3cr3t-abcdef"}}
        got = await answered(moved, params=params)
        assert not other.requests
    assert got["error"] is not None and "redirects to http://localhost" in got["error"]["message"]


async def test_a_redirect_on_the_same_host_that_keeps_the_request_is_followed() -> None:
    with Server() as other:
        moved = Reply(raw=b"", status=307, headers={"Location": f"{other.url}/chat/completions"})
        assert (await answered(moved))["text"] == "answer 0"


@pytest.mark.parametrize(
    "url",
    [
        *("http://h:99999/v1", "http://h:x/v1", "http://h:0/v1", "http://:80/v1", "http:///v1"),
        *("http://[::1/v1", f"http://{'a' * 300}/v1", "http://ho\x00st/v1", "http://\u202eh/v1"),
    ],
)
def test_an_address_that_is_none_is_refused_at_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MemberError, match="is no address"):
        Member(f"m@{url}")
    if "\x00" not in url:
        monkeypatch.setenv("VLLM_BASE_URL", url)
        with pytest.raises(MemberError, match="is no address"):
            Member("vllm:m")


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("[::]:11434", "http://localhost:11434/v1"),
        ("[::1]:11434", "http://[::1]:11434/v1"),
        ("http://[::]:5/", "http://localhost:5//v1".replace("5//", "5/")),
        ("0.0.0.0", "http://localhost:11434/v1"),
    ],
)
def test_ollama_may_listen_on_ipv6(given: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", given)
    assert address("ollama") == right
    monkeypatch.setenv("OLLAMA_HOST", "[::1")
    with pytest.raises(MemberError, match="no usable host or port"):
        address("ollama")


async def test_what_never_left_is_not_called_a_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.invalid:1")
    member = Member("m@https://example.invalid/v1", retries=0, timeout=20)
    got = await ask(member, [HumanMessage("Why?")], a_run(), role="proposer")
    assert got["error"] is not None and got["error"]["kind"] == "connection"
    assert "no response came" in got["error"]["message"] and "ftp" in got["error"]["message"]


async def test_a_server_of_this_machine_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.invalid:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    got = await asyncio.to_thread(lambda: asyncio.run(answered(Reply("It is 4."))))
    assert got["text"] == "It is 4."  # in a loop with a client of its own


def test_a_server_that_trickles_or_never_ends_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", "http://127.0.0.1:9/v1")

    class Trickling:
        def read1(self, _size: int) -> bytes:
            time.sleep(0.05)
            return b" "

        def __enter__(self) -> "Trickling":
            return self

        def __exit__(self, *_error: object) -> None: ...

    class Opener:
        @classmethod
        def built(cls, *_handlers: object) -> "Opener":
            return cls()

        def open(self, *_args: object, **_options: object) -> Trickling:
            return Trickling()

    monkeypatch.setattr("urllib.request.build_opener", Opener.built)
    began = time.monotonic()
    assert served("vllm") == [] and time.monotonic() - began < 30


def test_nobody_asks_for_statuses_outside_a_request() -> None:
    assert received.get() is None
