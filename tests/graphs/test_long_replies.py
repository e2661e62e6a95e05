"""Replies of 190,000 characters are read and voted on in threads, not on the event loop."""

import asyncio
import itertools
import time
from typing import Any

import pytest
from helpers.registry import NAMES, small
from langchain_core.messages import BaseMessage

from manyminds import create_cascade
from manyminds.method_graph import MethodGraph
from manyminds.reading.answers import Extractor
from manyminds.testing import ScriptedChatModel, ScriptedReply

CHARACTERS = 190_000
MOST = 0.25  # seconds of processor time between two beats of the loop
UNITS = {
    "text": "The quick brown fox @ jumps over the lazy dog and then it goes home. ",
    "json": '{"answer": @, "list": [1, 2, 3]}, ',
    "digits": "1 2 3 4 5 6 7 8 9 0 @ ",
    "latex": "$\\frac{x+@}{y}$ ",
}


def writers(kind: str) -> list[ScriptedChatModel]:
    """Return eight models whose replies are long and differ."""
    drawn = itertools.count()

    def reply(_messages: list[BaseMessage], _data: dict[str, Any]) -> ScriptedReply:
        unit = UNITS[kind].replace("@", str(next(drawn) % 8))
        return ScriptedReply((unit * (CHARACTERS // len(unit) + 1))[:CHARACTERS], delay=0.01)

    return [ScriptedChatModel(reply) for _ in range(8)]


async def longest_turn(graph: MethodGraph) -> float:
    """Run a method and return the processor time that the loop's thread took between two beats.

    It is not the time of a clock: other programs and threads do not count.
    """
    longest, before, over = 0.0, time.thread_time(), False

    async def beat() -> None:
        nonlocal longest, before
        while not over:
            now = time.thread_time()
            longest, before = max(longest, now - before), now
            await asyncio.sleep(0.002)

    beats = asyncio.create_task(beat())
    try:
        await graph.compile().ainvoke("What is 2 + 2?")
    except Exception as error:  # most long replies are no verdict, no role and no action
        assert type(error).__name__ == "QuorumError"
    finally:
        over = True
        await beats
    return longest


@pytest.mark.timed
@pytest.mark.parametrize("name", ["council", "debate", "smoa"])
async def test_long_replies_do_not_hold_up_the_event_loop(name: str) -> None:
    assert await longest_turn(small(name, *writers("json")[:4])) < MOST


@pytest.mark.slow
@pytest.mark.parametrize("kind", UNITS)
@pytest.mark.parametrize("name", NAMES)
async def test_no_method_holds_up_the_event_loop(name: str, kind: str) -> None:
    assert await longest_turn(small(name, *writers(kind))) < MOST


@pytest.mark.timed
@pytest.mark.parametrize("extract", ["final", "math", "boxed", "literal"])
async def test_a_cascade_votes_beside_the_event_loop(extract: str) -> None:
    models = writers("text")
    graph = create_cascade([models[:4], models[4:]], samples=4, extract=extract)
    assert await longest_turn(graph) < MOST


@pytest.mark.timed
async def test_a_cascade_compares_answers_beside_the_event_loop() -> None:
    def slow(_one: str, _other: str) -> bool:
        end = time.thread_time() + 0.3
        while time.thread_time() < end:
            pass
        return False

    kind = Extractor("own", lambda text: text, lambda answer: answer, slow)
    models = [ScriptedChatModel(text) for text in ("a", "b", "c", "d")]
    graph = create_cascade([models[:2], models[2:]], samples=2, extract=kind)
    assert await longest_turn(graph) < MOST
