"""Every method against members that misbehave at random, over real HTTP."""

import asyncio
import logging
import time
from collections.abc import Iterator
from math import isfinite
from typing import Any, cast

import pytest
from helpers.faults import ERROR_TEXT, KEY, Faults, Schedule, texts
from helpers.graphs import user
from helpers.registry import NAMES, QUESTION, small
from helpers.server import Server
from langgraph.types import StreamMode

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import BudgetError, QuorumError
from manyminds.runs.usage import UsageRow, totals

_AT_ONCE = 5
_SECONDS_OVER = 20.0  # on a busy machine; a run that does not end takes forever
# What was cut the moment it was sent counts as a request and may never have left.
_MAY_NOT_HAVE_LEFT = ("timeout", "cancelled")


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def server(faults: Faults) -> Iterator[Server]:
    with Server() as healthy:
        # The first call imports the client, which takes longer than these runs may.
        asyncio.run(small("spp", f"m@{healthy.url}").compile().ainvoke(user()))
    with Server(faults) as running:
        yield running


def batches(count: int, first: int = 0, at_once: int = _AT_ONCE) -> list[range]:
    """Return seeds, a few runs at a time; a seed decides on the method, too."""
    end = first + count
    return [range(at, min(at + at_once, end)) for at in range(first, end, at_once)]


async def _result(app: CompiledMethod, schedule: Schedule) -> dict[str, Any]:
    """Run a graph in the way that the seed says: asynchronously, synchronously, or streamed."""
    way = ("ainvoke", "invoke", "messages", "stream")[schedule.seed % 4]
    if way == "ainvoke":
        found: dict[str, Any] = await app.ainvoke(user(QUESTION), context=schedule.context)
        return found
    if way == "messages":
        last: dict[str, Any] = {}
        modes: list[StreamMode] = ["messages", "values"]
        given, context = user(QUESTION), schedule.context
        async for mode, part in app.astream(given, context=context, stream_mode=modes):
            last = cast("dict[str, Any]", part) if mode == "values" else last
        return last
    return await asyncio.to_thread(_synchronously, app, schedule, way)


def _synchronously(app: CompiledMethod, schedule: Schedule, way: str) -> dict[str, Any]:
    if way == "invoke":
        result: dict[str, Any] = app.invoke(user(QUESTION), context=schedule.context)
        return result
    states: Iterator[Any] = app.stream(
        user(QUESTION), context=schedule.context, stream_mode="values"
    )
    return cast("dict[str, Any]", list(states)[-1])


async def outcome(schedule: Schedule, what: str) -> tuple[UsageRow, str]:
    """Run a schedule's method; return what it has spent, and all it says of what went wrong."""
    app = small(NAMES[schedule.seed % len(NAMES)], *schedule.members).compile()
    try:
        result = await _result(app, schedule)
    except (QuorumError, BudgetError) as error:
        return totals(error.spent or {}), str(error)
    report = result["report"]
    answers = [result["answer"], *(c["text"] for c in result.get("candidates", []))]
    assert result["answer"].strip() and not any(ERROR_TEXT in text for text in answers), what
    lost = [one for one in report["missing"] if one["kind"] != "cancelled"]
    assert report["degraded"] or not lost, what
    spent = totals(report["spent"])
    figures = [spent["input_tokens"], spent["output_tokens"], spent["cost"], spent["seconds"]]
    assert all(isfinite(figure) and figure >= 0 for figure in figures), what
    assert spent["input_tokens"] < 10**9, what
    assert report["requests"] == spent["requests"], what
    return spent, " ".join(texts([report["degraded"], report["notes"], report["missing"]]))


async def check(schedule: Schedule, faults: Faults) -> None:
    what = f"{NAMES[schedule.seed % len(NAMES)]}, seed {schedule.seed}"
    budget, began = schedule.context.budget, time.monotonic()
    spent, said = await outcome(schedule, what)
    took = time.monotonic() - began
    assert budget is not None and budget.seconds is not None
    assert took <= budget.seconds + _SECONDS_OVER, f"{what}: {took:.2f} s"
    assert KEY not in said and said.isprintable(), f"{what}: {said!a}"
    await asyncio.sleep(0.02)  # for what is still on its way to the server
    counted, arrived = spent["requests"], faults.arrived[schedule.seed]
    unsure = sum(spent["failed"].get(kind, 0) for kind in _MAY_NOT_HAVE_LEFT)
    assert arrived <= counted <= arrived + unsure, f"{what}: {counted=}, {arrived=}"


async def check_all(
    seeds: range, server: Server, faults: Faults, log: pytest.LogCaptureFixture
) -> None:
    before = asyncio.all_tasks()
    await asyncio.gather(*(check(Schedule(seed, server.url), faults) for seed in seeds))
    assert not asyncio.all_tasks() - before
    assert not faults.leaked
    assert not [record for record in log.records if record.levelno >= logging.WARNING]


@pytest.mark.filterwarnings("ignore:manyminds")  # of a recorder or a cache that failed
@pytest.mark.parametrize("seeds", batches(100), ids=str)
async def test_a_run_ends_in_time_with_an_answer_or_a_clear_error(
    seeds: range, server: Server, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    await check_all(seeds, server, faults, caplog)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:manyminds")
@pytest.mark.parametrize("seeds", batches(2_000, first=100, at_once=50), ids=str)
async def test_so_do_two_thousand_more(
    seeds: range, server: Server, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    await check_all(seeds, server, faults, caplog)
