"""What the safety of asking costs: one `ask` with everything on over the bare `model.ainvoke`.

A budget with all four limits, a cache, a clock with deadline and grace, a spare that is never
needed, and requests and tokens a minute. The model answers at once and in the process, so nothing
else is measured. In turns within one run; exits 1 where the figure falls short of its target.

The journal is a row of its own, for what it takes is mostly the host's store: here one in memory,
where a database takes milliseconds.
"""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.cache.memory import InMemoryCache
from langgraph.store.memory import InMemoryStore
from rich.console import Console
from rich.table import Table

from manyminds import Budget, Context, Member, Price
from manyminds.calls.ask import ask
from manyminds.limits.quorum import layer_deadline
from manyminds.protocols import AnswerStore
from manyminds.runs.context import RunContext
from manyminds.runs.journal import Journal
from manyminds.runs.journal_backends import StoreBackend

CALLS, ROUNDS = 400, 15
TARGET = 150.0  # microseconds
CALL = 0.2  # seconds of a usual call
_PROMPT: list[BaseMessage] = [HumanMessage("Why is the sky blue?")]
_USAGE: Any = {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}


class Instant(BaseChatModel):
    """A model that answers at once."""

    @property
    def _llm_type(self) -> str:
        return "instant"

    def _generate(self, messages: list[BaseMessage], *_: Any, **kwargs: Any) -> ChatResult:
        message = AIMessage("Because of scattering.", usage_metadata=_USAGE)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: list[BaseMessage], *_: Any, **kwargs: Any) -> ChatResult:
        return self._generate(messages)


def settings(**options: Any) -> Context:
    defaults: dict[str, Any] = {"concurrency": 256, "seed": 0, "params": {}}
    return Context(**(defaults | options))


def everything() -> Context:
    """Return settings with every safeguard on, none of which has anything to do."""
    budget = Budget(calls=10**9, tokens=10**12, dollars=1e9, seconds=1e6)
    cache: InMemoryCache[dict[str, Any]] = InMemoryCache()
    return settings(budget=budget, cache=cache, deadline=1e5, grace=1e5, hedge=1e5)


def asking(
    member: Member, context: Context, id: str, kept: Sequence[AnswerStore] = ()
) -> Callable[[], Awaitable[object]]:
    run = RunContext(
        id=id, method="none", question_id="q", question="Why?", settings=context, stores=kept
    )
    watch = layer_deadline(run, 1, asked=10**9, quorum=1)
    numbers = itertools.count()

    async def one() -> None:
        got = await ask(member, _PROMPT, run, role="proposer", draw=next(numbers), deadline=watch)
        assert got["status"] == "ok"

    return one


async def microseconds(one: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        await one()
    return (time.perf_counter() - began) / CALLS * 1e6


async def measure() -> dict[str, float]:
    model = Instant()
    plain = Member(model, name="plain")
    limited = Member(
        model,
        name="limited",
        price=Price(input=1, output=1),
        hedge_with=Instant(),
        requests_per_minute=1e12,
        tokens_per_minute=1e15,
    )
    journal = Journal(StoreBackend(InMemoryStore(), "kept"), clear=True)
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "model.ainvoke": lambda: model.ainvoke(_PROMPT),
        "ask, no options": asking(plain, settings(), "plain"),
        "ask, everything on": asking(limited, everything(), "everything"),
        "the same, and a journal": asking(limited, everything(), "kept", [journal]),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, one in ways.items():
            times[way].append(await microseconds(one))
    return {way: statistics.median(found) for way, found in times.items()}


def main() -> int:
    found = asyncio.run(measure())
    bare = found["model.ainvoke"]
    title = f"Microseconds a call, median of {ROUNDS} rounds of {CALLS}"
    table = Table("way", "a call", "over the bare call", "share of 200 ms", title=title)
    for way, took in found.items():
        over = took - bare
        table.add_row(way, f"{took:.0f}", f"{over:.0f}", f"{over / CALL / 1e4:.3f} %")
    Console().print(table)
    over = found["ask, everything on"] - bare
    print(f"everything on: {over:.0f} microseconds, target at most {TARGET:.0f}")
    return 0 if over <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
