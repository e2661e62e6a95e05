"""The engine: what its server can do, how it stops, and what a fork does to it."""

import asyncio
import os
import subprocess
import sys
import time
from typing import Any, cast
from urllib.request import Request, urlopen

import pytest
from helpers.real import MEMBER, busy, client, get, running
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel

from manyminds import create_agent_forest
from manyminds.members import Member
from manyminds.models.local import engine_model
from manyminds.models.local_engine import close_engines

QUESTION = "What is the capital of France?"


async def idle(seconds: float = 20.0) -> float:
    """Wait until no slot works; return the seconds that took."""
    began = time.monotonic()
    while await asyncio.to_thread(busy):
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def test_one_engine_a_model_with_its_slots_and_context() -> None:
    model, started = running()
    assert running()[1] is started
    slots = get("/slots")
    assert len(slots) == model.concurrency == Member(MEMBER).concurrency == 4
    assert {slot["n_ctx"] for slot in slots} == {model.context}


def test_strangers_are_refused() -> None:
    request = Request(f"{running()[1].url}/chat/completions", b"{}", method="POST")
    with pytest.raises(OSError, match="401"):
        urlopen(request, timeout=10)


async def test_langchains_client_gets_tokens_usage_and_logprobs() -> None:
    async with client(stream_usage=True) as model:
        chunks = [chunk async for chunk in model.astream(QUESTION)]
    assert len([chunk for chunk in chunks if chunk.content]) > 2
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.usage_metadata is not None and 0 < whole.usage_metadata["output_tokens"] <= 24
    async with client(logprobs=True, top_logprobs=2, max_tokens=4) as model:
        told = await model.ainvoke(QUESTION)
    tokens = told.response_metadata["logprobs"]["content"]
    assert len(tokens) == 4 and all(token["logprob"] <= 0 for token in tokens)


async def test_n_gives_different_replies() -> None:
    async with client(n=3, temperature=1.5, max_tokens=12) as model:
        result = await model.agenerate([[HumanMessage(QUESTION)]])
    assert len({generation.text for generation in result.generations[0]}) > 1


async def test_our_client_counts_all_samples_and_takes_more_than_there_are_slots() -> None:
    model = engine_model(f"{MEMBER}?max_tokens=5").chat_model()
    result = await model.agenerate([[HumanMessage(QUESTION)]], n=6, extra_body={"ignore_eos": True})
    messages = [cast("AIMessage", one.message) for one in cast("Any", result.generations[0])]
    used = [message.usage_metadata for message in messages]
    assert len(used) == 6 and used[1:] == [None] * 5
    assert used[0] is not None and used[0]["output_tokens"] == 30
    assert len({message.text for message in messages}) > 1


async def test_a_schema_holds_the_model_to_its_form() -> None:
    class City(BaseModel):
        city: str
        certain: bool

    async with client(max_tokens=64) as model:
        structured = model.with_structured_output(City, method="json_schema")
        assert isinstance(await structured.ainvoke(QUESTION), City)


@pytest.mark.parametrize("samples", [1, 4])
async def test_an_abandoned_request_stops_the_engine(samples: int) -> None:
    await idle()
    model = engine_model(f"{MEMBER}?max_tokens=2000").chat_model()
    options: dict[str, Any] = {"n": samples, "extra_body": {"ignore_eos": True}}
    call = asyncio.create_task(model.agenerate([[HumanMessage("Tell a long story.")]], **options))
    while await asyncio.to_thread(busy) < samples:
        await asyncio.sleep(0.05)
        assert not call.done()
    call.cancel()
    assert await idle() < 10  # 2,000 tokens would take minutes


async def test_a_run_that_is_cancelled_stops_the_engine() -> None:
    await idle()
    options = {"max_tokens": 2_000, "ignore_eos": True}
    forest = create_agent_forest(Member(MEMBER, params=options), samples=4).compile()
    run = asyncio.create_task(forest.ainvoke({"messages": [("user", "Tell a long story.")]}))
    while await asyncio.to_thread(busy) < 4:  # four at once
        await asyncio.sleep(0.05)
        assert not run.done()
    run.cancel()
    assert await idle() < 10


async def test_a_prompt_beyond_the_context_is_named() -> None:
    forest = create_agent_forest(Member(MEMBER, params={"max_tokens": 4}), samples=2)
    question = "What is 7 + 5? " * 1_000
    with pytest.raises(Exception, match="context") as told:
        await forest.compile().ainvoke({"messages": [("user", question)]})
    assert "context_too_long" in str(told.value)


def test_the_engine_stops_and_starts_again() -> None:
    _, first = running(f"{MEMBER}?slots=1&context=256")
    assert first is not running()[1]
    close_engines()
    with pytest.raises(OSError):
        urlopen(f"{first.url}/models", timeout=5)
    assert get("/health") == {"status": "ok"}


IN_A_PROCESS = """
import asyncio, os, signal, sys
from manyminds.models.local import engine_model
signal.alarm(120)
model = engine_model("local:smollm2?max_tokens=4")
async def reply():
    return await model.chat_model().ainvoke("What is 7 + 5?")
def tokens():
    return asyncio.run(reply()).usage_metadata["output_tokens"]
asked = tokens()
child = os.fork()
if child == 0:
    print("child", tokens(), flush=True)  # an engine of its own
    print("leaves", end="")
    sys.exit(7)
idle = os.fork()
if idle == 0:
    sys.exit(8)  # has the parent's engine, and never asks
codes = [os.waitpid(each, 0)[1] >> 8 for each in (child, idle)]
print("parent", asked, tokens(), *codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_gets_an_engine_of_its_own_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["child 4", "leavesparent 4 4 7 8"], done.stderr
    assert done.stderr == "" and done.returncode == 0


def test_weights_that_are_broken_fail_one_member_only(tmp_path: Any) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(10_000))
    forest = create_agent_forest(f"local:{broken}", samples=1)
    with pytest.raises(Exception, match="llama.cpp cannot load"):
        forest.compile().invoke({"messages": [("user", QUESTION)]})
