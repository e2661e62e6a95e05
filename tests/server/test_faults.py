"""Fault schedules through the server: a true status, an error object, and the requests counted."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from helpers.faults import ERROR_TEXT, KEY, Faults, Schedule
from helpers.registry import NAMES, QUESTION, small
from helpers.server import Server
from helpers.serving import config

from manyminds.server.application import create_app
from manyminds.server.config import Config

_STATUSES = {200, 400, 429, 502, 503, 504}
_AT_ONCE = 5


def application(schedules: list[Schedule]) -> Any:
    """Return an application with an ensemble for each schedule."""
    ensembles = {
        f"s{one.seed}": config()
        .ensembles["panel"]
        .model_copy(update={"budget": one.context.budget})
        for one in schedules
    }
    made = create_app(Config(ensembles=ensembles, first_byte=0.2))
    made.state.server.apps |= {
        f"s{one.seed}": small(NAMES[one.seed % len(NAMES)], *one.members).compile()
        for one in schedules
    }
    return made


async def check(client: httpx.AsyncClient, schedule: Schedule, faults: Faults) -> None:
    what = f"{NAMES[schedule.seed % len(NAMES)]}, seed {schedule.seed}"
    streamed = bool(schedule.seed % 2)
    asked = {"model": f"s{schedule.seed}", "messages": [{"role": "user", "content": QUESTION}]}
    path = ("/chat/completions", "/messages")[schedule.seed % 3 == 2]
    response = await client.post(path, json={**asked, "stream": streamed})
    assert response.status_code in _STATUSES, f"{what}: {response.status_code} {response.text}"
    assert KEY not in response.text, what
    if streamed and response.status_code == 200:
        lines = [line[6:] for line in response.text.splitlines() if line.startswith("data: ")]
        failed = "error" in json.loads(lines[-1]) if lines[-1] != "[DONE]" else False
        frames = [json.loads(line) for line in lines if line != "[DONE]"]
        last = next(one for one in reversed(frames) if "error" in one or "manyminds" in one)
        assert not (failed and "[DONE]" in lines), what
    else:
        last = response.json()
    if "error" in last:
        assert last["error"]["message"] and last["error"]["code"], what
        spent = last["error"].get("manyminds", {"requests": 0, "calls": 0})
    else:
        spent = last["manyminds"]
        # A member may think of the words of an error: only what it answers counts.
        said = [one for one in last.get("content") or [] if one["type"] != "thinking"]
        said += [
            choice["message"]["content"]
            for choice in last.get("choices", [])
            if "message" in choice
        ]
        assert ERROR_TEXT not in json.dumps(said), what
    await asyncio.sleep(0.05)  # for what is still on its way to the server
    # A request that was cut the moment it was sent counts, and may never have left.
    arrived = faults.arrived[schedule.seed]
    assert arrived <= spent["requests"] <= arrived + spent["calls"], f"{what}: {spent}, {arrived}"


async def run(seeds: range) -> None:
    faults = Faults()
    with Server(faults) as server:
        for at in range(seeds.start, seeds.stop, _AT_ONCE):
            some = [
                Schedule(seed, server.url) for seed in range(at, min(at + _AT_ONCE, seeds.stop))
            ]
            transport = httpx.ASGITransport(application(some))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost/v1", timeout=60
            ) as client:
                await asyncio.gather(*(check(client, one, faults) for one in some))
    assert not faults.leaked


async def test_a_few_schedules() -> None:
    await run(range(15))


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_hundred_schedules() -> None:
    await run(range(15, 115))
