"""What a graph adds to plain `asyncio.gather` when it fans out over many samples.

A chat model that answers after 200 ms is asked N times, at most 256 at once: by hand with
`asyncio.gather` over `model.ainvoke`, and as an Agent Forest. Both run in turns in one process;
the medians are compared. Prints each figure next to its target; exits 1 where one falls short.
"""

import asyncio
import gc
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from rich.console import Console
from rich.table import Table

from manyminds import create_agent_forest

LATENCY = 0.2
CONCURRENCY = 256
TARGETS = {6: 1.05, 64: 1.20, 1024: 1.25, 4096: 1.30}
QUESTION = "What is six times seven?"


class Slow(BaseChatModel):
    """Answers after a while, as a remote model does."""

    latency: float = LATENCY

    @property
    def _llm_type(self) -> str:
        return "slow"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        time.sleep(self.latency)
        return _answer()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self.latency:
            await asyncio.sleep(self.latency)
        return _answer()


def _answer() -> ChatResult:
    usage = {"input_tokens": 8, "output_tokens": 6, "total_tokens": 14}
    message = AIMessage(content="The answer is 42.", usage_metadata=usage)
    return ChatResult(generations=[ChatGeneration(message=message)])


async def by_hand(model: Slow, samples: int) -> None:
    places = asyncio.Semaphore(CONCURRENCY)

    async def one() -> BaseMessage:
        async with places:
            return await model.ainvoke([HumanMessage(QUESTION)])

    await asyncio.gather(*(one() for _ in range(samples)))


def forest(model: Slow, samples: int) -> Any:
    return create_agent_forest(model, samples=samples, concurrency=CONCURRENCY).compile()


ASKED = {"messages": [("user", QUESTION)]}


async def seconds(run: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


def compare(samples: int, repeats: int) -> tuple[float, float]:
    model = Slow()
    app = forest(model, samples)
    plain: list[float] = []
    ours: list[float] = []
    for _ in range(repeats):
        plain.append(asyncio.run(seconds(lambda: by_hand(model, samples))))
        ours.append(asyncio.run(seconds(lambda: app.ainvoke(ASKED))))
    return statistics.median(plain), statistics.median(ours)


def synchronous(samples: int) -> float:
    model = Slow()
    app = forest(model, samples)
    app.invoke(ASKED)
    began = time.perf_counter()
    app.invoke(ASKED)
    ours = time.perf_counter() - began
    return ours / asyncio.run(seconds(lambda: by_hand(model, samples)))


def own_code(samples: int = 2048, *, collect: bool) -> float:
    """Microseconds of processor time a call next to `model.ainvoke`, inside the running graph.

    The same calls by hand in a node of a graph are taken off, in turns; the least of each counts.
    With the garbage collector on, its passes over all that is imported fall to either at random.
    """
    model = Slow(latency=0.0)
    app, one = forest(model, samples), forest(model, 1)
    works: list[Callable[[], Awaitable[object]]] = [
        lambda: app.ainvoke(ASKED),
        lambda: one.ainvoke(ASKED),
        lambda: _inside_a_node(model, samples),
    ]
    least = [float("inf")] * len(works)
    for _ in range(9):
        for place, work in enumerate(works):
            gc.collect()
            if not collect:
                gc.disable()
            began = time.process_time()
            asyncio.run(_awaited(work()))
            least[place] = min(least[place], time.process_time() - began)
            gc.enable()
    return (least[0] - least[1] - least[2]) / samples * 1e6


async def _inside_a_node(model: Slow, samples: int) -> object:
    """The same calls by hand, in a node with the same configuration: what LangChain costs."""
    from langgraph.constants import TAG_NOSTREAM
    from langgraph.graph import START, MessagesState, StateGraph

    async def node(state: MessagesState) -> dict[str, Any]:
        config: Any = {
            "tags": ["sampler", "slow", TAG_NOSTREAM],
            "metadata": dict.fromkeys(
                ("run", "member", "role", "index", "draw", "layer", "attempt", "question_id"), 1
            ),
        }
        places = asyncio.Semaphore(CONCURRENCY)

        async def one() -> BaseMessage:
            async with places:
                return await model.ainvoke(state["messages"], config, temperature=1.0)

        await asyncio.gather(*(one() for _ in range(samples)))
        return {}

    graph = StateGraph(MessagesState)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    return await graph.compile().ainvoke({"messages": [HumanMessage(QUESTION)]})


async def _awaited(work: Awaitable[object]) -> object:
    return await work


def memory(samples: int = 4096) -> float:
    """Peak of the Python heap in KB a sample, over what the first run leaves behind."""
    app = forest(Slow(latency=0.01), samples)
    asyncio.run(_awaited(app.ainvoke(ASKED)))
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    asyncio.run(_awaited(app.ainvoke(ASKED)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / samples / 1024


def main() -> int:
    table = Table("what", "by hand", "ours", "figure", "target", title="Fan-out")
    missed = 0

    def row(what: str, figure: float, target: float, unit: str, *times: float) -> None:
        nonlocal missed
        missed += figure > target
        shown = [f"{value:.3f} s" for value in times] or ["", ""]
        mark = "" if figure <= target else "  missed"
        table.add_row(what, *shown, f"{figure:.2f} {unit}", f"<= {target:g}{mark}")

    for samples, target in TARGETS.items():
        plain, ours = compare(samples, repeats=9 if samples < 1000 else 3)
        row(f"{samples} samples", ours / plain, target, "x", plain, ours)
    row("1024 samples, synchronous invoke", synchronous(1024), 1.5, "x")
    row("own code a call, garbage collector off", own_code(collect=False), 60, "us")
    table.add_row("the same, collector on", "", "", f"{own_code(collect=True):.2f} us", "")
    row("peak memory a sample", memory(), 10, "KB")
    Console().print(table)
    print(
        f"resident memory at the end: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
