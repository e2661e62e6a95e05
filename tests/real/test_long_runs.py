"""Longer runs with a real model: votes on ordinary questions, many questions, a killed process."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from helpers.real import MEMBER

from manyminds import Member, create_agent_forest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]
ORDINARY = {
    "What is 7 + 5?": "12",
    "What is the capital of France?": "Paris",
    "Is 17 a prime number? Answer yes or no.": "yes",
    "Which is larger, 9 or 4?": "9",
    "Tom has 10 marbles and gives away 3. How many are left?": "7",
    "What color is the sky on a clear day?": "blue",
    "How many days are in a week?": "7",
    "What is the opposite of hot?": "cold",
    "What is 6 times 3?": "18",
    "Which animal barks: a cat, a dog or a fish?": "dog",
}


async def test_ordinary_questions_are_voted_on_by_answer() -> None:
    forest = create_agent_forest(Member(MEMBER, params={"max_tokens": 150}), samples=9).compile()
    by_answer, told = 0, []
    for question in ORDINARY:
        result = await forest.ainvoke({"messages": [("user", question)]})
        ballot, degraded = result["ballot"], result["report"]["degraded"]
        told.append(f"{question} -> {ballot['vote']} {ballot['groups'][:3]} {degraded}")
        by_answer += ballot["vote"] == "majority"
        if ballot["groups"] and ballot["groups"][0]["weight"] * 2 < ballot["voters"]:
            assert degraded and "undecided" in degraded, told[-1]
        if ballot["vote"] != "majority":
            assert degraded and "likeness of wording" in degraded, told[-1]
    assert by_answer >= 8, "\n".join(told)  # nine as a rule; no two runs have the same replies


async def test_fifty_questions_at_once() -> None:
    member = Member(MEMBER, params={"max_tokens": 24}, timeout=600)
    forest = create_agent_forest(member, samples=3, prompt=None).compile()

    async def one(number: int) -> dict[str, Any]:
        question = f"What is {number} + 1? Reply with the number only."
        return await forest.ainvoke({"messages": [("user", question)]})

    results = await asyncio.gather(*(one(n) for n in range(50)), return_exceptions=True)
    answered = [result for result in results if isinstance(result, dict)]
    # One question in ten has three replies that the limit cuts: that is no answer, and said.
    others = [str(result) for result in results if not isinstance(result, dict)]
    assert all("the token limit cut the answer" in other for other in others)
    assert len(answered) >= 35
    assert all(result["report"]["calls"] == 3 for result in answered)


LIFE = """
import asyncio, sys
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from manyminds import Member, create_agent_forest
async def main(path):
    member = Member("local:smollm2", params={"max_tokens": 40}, timeout=600)
    async with AsyncSqliteSaver.from_conn_string(path) as saver:
        forest = create_agent_forest(member, samples=16, prompt=None).compile(checkpointer=saver)
        config = {"configurable": {"thread_id": "one"}}
        state = await forest.aget_state(config)
        begun = bool(state.values)
        given = None if begun else {"messages": [("user", "What is 7 + 5?")]}
        print("begins", begun, flush=True)
        result = await forest.ainvoke(given, config)
        print("done", result["report"]["calls"], len(result["candidates"]), flush=True)
asyncio.run(main(sys.argv[1]))
"""


def written(path: Path, count: int) -> None:
    """Wait until a checkpointer has stored so many writes."""
    for _ in range(600):
        time.sleep(0.1)
        with closing(sqlite3.connect(path)) as database, suppress(sqlite3.Error):
            if database.execute("SELECT COUNT(*) FROM writes").fetchone()[0] >= count:
                return
    raise AssertionError(f"fewer than {count} writes after a minute")


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIFE, str(tmp_path / "run.db")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None and first.stdout.readline() == "begins False\n"
    written(tmp_path / "run.db", 24)  # those of the first step, and some replies
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    begins, done = second.stdout.splitlines()
    assert begins == "begins True" and done == "done 16 16"
