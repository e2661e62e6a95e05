"""Runs that are killed: a process for each life, a server next to them as the witness."""

import asyncio
import gc
import hashlib
import json
import os
import signal
import sqlite3
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, NoReturn, cast

from helpers.forms import role_form
from helpers.graphs import user
from helpers.lives import THREAD
from helpers.server import Body, Reply, Request, Server
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.base import BaseStore
from langgraph.store.sqlite import SqliteStore

from manyminds.method_graph import MethodGraph

_SLACK = 0.05  # seconds before the kill within which an answer may be lost
_PATIENCE = 60.0
AnswerStore = tuple[BaseCheckpointSaver[Any], BaseStore | None]
Databases = Callable[[Path], AbstractAsyncContextManager[AnswerStore]]
Build = Callable[[str], MethodGraph]


@asynccontextmanager
async def sqlite(path: Path) -> AsyncGenerator[AnswerStore]:
    """Open the two SQLite files of a run, the store such that a commit need not wait for the disk.

    What a killed process has written is safe anyway; only a power failure may undo it.
    """
    async with AsyncSqliteSaver.from_conn_string(str(path / "checkpoints.db")) as saver:
        with closing(
            sqlite3.connect(path / "store.db", check_same_thread=False, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            yield saver, SqliteStore(connection)


def without_store(databases: Databases) -> Databases:
    """Leave the store away: a checkpointer alone."""

    @asynccontextmanager
    async def opened(path: Path) -> AsyncGenerator[AnswerStore]:
        async with databases(path) as (saver, _store):
            yield saver, None

    return opened


def slack() -> float:
    """Return 50 ms, and so much more as more processes want to run than there are processors."""
    return _SLACK * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def set_up(databases: Databases, path: Path) -> None:
    """Make the tables of a run, as a host does once: that cannot be killed and continue."""

    async def run() -> None:
        path.mkdir()
        async with databases(path) as (saver, store):
            await cast("Any", saver).setup()
            made = None if store is None else cast("Any", store).setup()
            if made is not None:
                await made

    asyncio.run(run())


def said(body: Body, k: int) -> Reply:
    """Answer in every form that a role asks for, the same to the same prompt, after a while.

    Only the samples of a forest, which are all asked the same, differ by their number.
    """
    hashed = hashlib.sha256(_key(body).encode()).hexdigest()
    number = 42 if body["model"] == "sampled" and k % 3 else int(hashed[:4], 16)
    text = f"I, {body['model']}, say {hashed[:8]}. The answer is {number}."
    system, *told = [str(message["content"]) for message in body["messages"]]
    asked = "\n".join([system, *told])
    if "Reply with one JSON object" in asked:
        query = f"Start with {number}. Add {number % 97}. What is the result?"
        form = role_form(asked, score=number % 6, query=query)
        text = json.dumps(form)
    elif "Action: tool[argument]" in system:
        acts = "finish[42]" if "\nObservation: " in asked else f"calculate[{number} * 7]"
        text = f"Thought: I see.\nAction: {acts}"
    elif system.startswith("You plan how a task"):
        done = asked.count("Should we stop planning?")
        stop, go_on = "Yes, I will stop planning.", f"Subgoal {done + 1}: Multiply {number} by 7."
        text = stop if done > 1 else f"No, I will keep planning. {go_on}" if done else go_on
    elif system.startswith("You turn subgoals"):
        text = f"R{system.count(' = calculate') + 1} = calculate({number} * 7)"
    return Reply(text, latency=Random(k).uniform(0.01, 0.09))


@dataclass(frozen=True)
class Life:
    """What the witness saw of one life.

    Attributes:
        requests: that reached the server.
        began, ended: when the life did, by the server's clock.
        kept: the numbers of the requests whose answer was in early enough to be kept.
        result: answer and report, if it got that far.
    """

    requests: list[Request]
    began: float
    ended: float
    result: dict[str, Any] | None
    kept: Sequence[int]

    def moment(self, random: Random) -> float:
        """Return seconds after the beginning at which a life like this may be killed."""
        first = self.requests[0].arrived
        return random.uniform(0.9 * (first - self.began), self.ended - self.began)

    def asked(self) -> Counter[str]:
        """Count the requests by question and member."""
        return Counter(_key(request.body) for request in self.requests)

    def received(self) -> Counter[str]:
        """Count those whose answer must have been kept."""
        return Counter(_key(self.requests[number].body) for number in self.kept)


def live(
    server: Server,
    build: Build,
    databases: Databases,
    path: Path,
    *,
    resumed: bool = False,
    seconds: float = _PATIENCE,
) -> Life:
    """Run, or continue, in a process of its own, and kill that after so many seconds."""
    server.clear()
    out = path / "result.json"
    began = time.monotonic()
    pid = _fork(lambda: _run(build(server.url), databases, path, out, resumed))
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        ended = time.monotonic()
        if ended > began + seconds:  # from here on it does nothing, though it takes a while to go
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            break
        time.sleep(0.001)
    else:
        ended = time.monotonic()
    result = json.loads(out.read_text()) if out.exists() else None
    log = path / "received.txt"
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    kept = [int(number) for number, at in lines if float(at) < ended - slack()]
    log.unlink(missing_ok=True)
    return Life(list(server.requests), began, ended, result, kept)


class Received(BaseCallbackHandler):
    """Writes down when which of the server's answers was in, before anything is made of it."""

    run_inline = True

    def __init__(self, path: Path) -> None:
        self._file = (path / "received.txt").open("a", buffering=1)

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Write the number of the answer; a streamed one, always the last, has none."""
        message = cast("Any", response.generations[0][0]).message
        number = message.response_metadata.get("id", "").removeprefix("chatcmpl-")
        if number:
            self._file.write(f"{number} {time.monotonic()}\n")


def _fork(work: Callable[[], None]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the server's thread stays behind
        pid = os.fork()
    return pid or _end(work)


def _end(work: Callable[[], None]) -> NoReturn:
    gc.freeze()  # to go through all that the parent has takes 0.1 s, in which nothing is written
    try:
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(0)  # nothing of the test's own is cleaned up here


def _run(graph: MethodGraph, databases: Databases, path: Path, out: Path, resumed: bool) -> None:
    async def run() -> None:
        async with databases(path) as (saver, store):
            app = graph.compile(checkpointer=saver, store=store)
            # Killed before anything was saved, a run begins as it did at first.
            known = resumed and await saver.aget_tuple(THREAD) is not None
            config: RunnableConfig = {**THREAD, "callbacks": [Received(path)]}
            result = await app.ainvoke(None if known else user(), config)
            text = json.dumps({"answer": result["answer"], "report": result["report"]})
            out.with_suffix(".part").write_text(text)
            out.with_suffix(".part").rename(out)

    asyncio.run(run())


def _key(body: Body) -> str:
    return json.dumps([body["model"], body["messages"]])
