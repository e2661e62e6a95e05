"""Runs that die and continue: a model that ends the run, and databases that outlive it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from helpers.graphs import user
from helpers.registry import QUESTION, small
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.sqlite.aio import AsyncSqliteStore
from pydantic import Field

from manyminds import Context, Member, QuorumError
from manyminds.method_graph import MethodGraph
from manyminds.models.simulated.model import PRESETS, SimulatedChatModel
from manyminds.runs import scope as shared

THREAD: RunnableConfig = {"configurable": {"thread_id": "t"}}


class Died(BaseException):
    """Ends a run in the middle of a node; no Exception, so that no observer holds it back."""


class Log:
    """What was asked and answered, over all lives; a recorder that may end one.

    Args:
        last: the question, from 1, at which the life ends; None lets it live.
        how: "raised" in the node that asks, or "cancelled" from outside.
    """

    def __init__(self, last: int | None = None, how: str = "raised") -> None:
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.begun = 0
        self.last, self.how = last, how

    def event(self, event: Mapping[str, Any]) -> None:
        """Count the questions; raise at the last one."""
        if event["event"] == "asked":
            self.begun += 1
            if self.begun == self.last and self.how == "raised":
                raise Died

    def _nothing(self, *args: Any, **kwargs: Any) -> None: ...

    began = call = inner = node = failed = ended = _nothing

    async def ask(self, key: str) -> None:
        """Note a question; cancel the run at the last one."""
        self.asked[key] += 1
        if self.asked.total() == self.last and self.how == "cancelled":
            await asyncio.sleep(0.2)  # what was asked before is answered by now
            for task in asyncio.all_tasks():
                if task.get_name() == "life":
                    task.cancel()
            await asyncio.sleep(60)


class Witness(SimulatedChatModel):
    """A simulated model that notes what it is asked, and what it could answer."""

    log: Any = Field(default_factory=Log)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        await self.log.ask(_key(run_manager.metadata if run_manager else {}, messages))
        return await super()._agenerate(messages, stop, run_manager, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Answer, and note that the caller has it: what LangChain holds back may be cancelled."""
        message = await super().ainvoke(input, config, **kwargs)
        self.log.answered[_key((config or {}).get("metadata", {}), input)] += 1
        return message


def _key(metadata: Mapping[str, Any], messages: list[BaseMessage]) -> str:
    where = [str(metadata.get(k)) for k in ("role", "member", "layer", "index", "draw")]
    return " ".join([*where, *(message.text for message in messages)])


def witnessed(name: str, log: Log) -> MethodGraph:
    """Build a method of the registry with members that write into the log."""
    members = [
        Member(Witness(model_name=size, skill=PRESETS[size], latency=0.01, log=log), name=size)
        for size in ("small", "medium")
    ]
    return small(name, *members)


def forget_all() -> None:
    """Drop all that this process knows of runs."""
    runs: dict[str, Any] = vars(shared)["_runs"]
    runs.clear()


@asynccontextmanager
async def on_disk(
    path: Path, graph: MethodGraph, *, stored: bool = True, **compiled: Any
) -> AsyncGenerator[Any]:
    """Compile a graph with SQLite, as a new process would: nothing but the files is known.

    Args:
        path: folder of the files.
        graph: what is compiled.
        stored: with a store, not only a checkpointer.
        compiled: further arguments of `compile`.
    """
    forget_all()
    async with (
        AsyncSqliteSaver.from_conn_string(str(path / "checkpoints.db")) as saver,
        AsyncSqliteStore.from_conn_string(str(path / "store.db")) as store,
    ):
        await store.setup()
        before = asyncio.all_tasks()  # the store's own among them
        try:
            yield graph.compile(checkpointer=saver, store=store if stored else None, **compiled)
        finally:
            # What a cancelled branch still writes, and the lock that a cancelled write holds: the
            # end of a process would end both.
            writing = asyncio.all_tasks() - before
            if writing:
                await asyncio.wait(writing, timeout=10)
            await saver.conn.rollback()


async def live(path: Path, name: str, log: Log, *, resumed: bool, **compiled: Any) -> Any:
    """Run a method until it ends, or its log ends it; return its last state."""
    async with on_disk(path, witnessed(name, log), **compiled) as app:
        given = None if resumed else user(QUESTION)
        running = app.ainvoke(given, THREAD, context=Context(recorder=log))
        return await asyncio.create_task(running, name="life")


@contextmanager
def dying() -> Generator[None]:
    """Expect the end of a life; what is raised in a nested run is the failure of that member."""
    died = False
    try:
        yield
    except (Died, QuorumError, asyncio.CancelledError):
        died = True
    assert died
