"""What recording costs: seconds a call, and memory, with and without a recorder, in one run.

A forest draws samples of a member that answers at once; the same forest runs in turns without a
recorder, with one that does nothing, and with one that writes a file. Exits 1 where a figure falls
short of its target.
"""

import asyncio
import gc
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from rich.console import Console
from rich.table import Table

from manyminds import Context, create_agent_forest, load_run
from manyminds.compiled_method import CompiledMethod
from manyminds.records.jsonl import JsonlRecorder

SAMPLES = 2_048
ROUNDS = 9
MICROSECONDS, KILOBYTES, LOADING = 30.0, 256.0, 1.0
QUESTION = {"messages": [("user", "Which number comes after forty-one? " * 10)]}
ANSWER = "Forty-one and one more make forty-two. " * 10 + "The answer is 42."


class AtOnce(BaseChatModel):
    """Answers at once, so that nothing but our own work is measured."""

    @property
    def _llm_type(self) -> str:
        return "at once"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(ANSWER))])

    async def _agenerate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return self._generate(messages)


def forest(samples: int) -> CompiledMethod:
    return create_agent_forest(AtOnce(), samples=samples).compile()


def seconds(app: CompiledMethod, recorder: JsonlRecorder | None) -> float:
    """Return the processor's seconds, which other programs on the machine do not lengthen."""
    gc.collect()
    began = time.process_time()
    asyncio.run(app.ainvoke(QUESTION, context=Context(recorder=recorder)))
    return time.process_time() - began


def a_call(app: CompiledMethod, folder: Path) -> tuple[float, float, float]:
    """Return microseconds a call: without a recorder, those that one adds, and the noise."""
    plain: list[float] = []
    again: list[float] = []
    written: list[float] = []
    ways: list[tuple[list[float], Callable[[], JsonlRecorder | None]]] = [
        (plain, lambda: None),
        (written, lambda: JsonlRecorder(folder)),
        (again, lambda: None),
    ]
    for turn in range(ROUNDS + 1):
        for times, recorder in ways:
            took = seconds(app, recorder())
            if turn:  # the first round warms up
                times.append(took / SAMPLES * 1e6)
    # Round by round, for a machine is quicker in one minute than in the next.
    rounds = list(zip(plain, written, again, strict=True))
    added = statistics.median(between - (before + after) / 2 for before, between, after in rounds)
    noise = abs(statistics.median(before - after for before, _, after in rounds))
    return statistics.median(plain + again), added, noise


def held(samples: int, folder: Path) -> float:
    """Return the kilobytes that a recorder holds after so many calls of one run."""
    recorder = JsonlRecorder(folder / f"{samples}.jsonl")
    app = forest(samples)
    asyncio.run(app.ainvoke(QUESTION))
    tracemalloc.start()
    asyncio.run(app.ainvoke(QUESTION, context=Context(recorder=recorder)))
    gc.collect()
    records = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(True, "*/manyminds/records/*")]
    )
    tracemalloc.stop()
    recorder.close()
    return sum(trace.size for trace in records.statistics("filename")) / 1024


def loading(folder: Path) -> float:
    """Return the seconds that reading a run of 4,096 calls takes."""
    path = folder / "whole.jsonl"
    recorder = JsonlRecorder(path)
    asyncio.run(forest(4_096).ainvoke(QUESTION, context=Context(recorder=recorder)))
    recorder.close()
    began = time.perf_counter()
    run = load_run(path)
    took = time.perf_counter() - began
    assert len(run.calls) == 4_096
    return took


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        without, added, noise = a_call(forest(SAMPLES), folder)
        few, many = held(256, folder), held(4_096, folder)
        load = loading(folder)
    rows = [
        ("microseconds a call without a recorder", f"{without:.1f}", "", True),
        ("between two runs without one", f"{noise:.1f}", "", True),
        (
            "added by writing a record",
            f"{added:.1f}",
            f"<= {MICROSECONDS:g}",
            added <= MICROSECONDS,
        ),
        ("kB held after 256 calls", f"{few:.0f}", "", True),
        ("kB more after 4,096", f"{many - few:.0f}", f"<= {KILOBYTES:g}", many - few <= KILOBYTES),
        ("seconds to read 4,096 calls", f"{load:.3f}", f"<= {LOADING:g}", load <= LOADING),
    ]
    table = Table("recording", "measured", "target", "")
    for what, figure, target, good in rows:
        table.add_row(what, figure, target, "" if not target else "met" if good else "NOT MET")
    Console(width=100).print(table)
    return 0 if all(good for *_, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
