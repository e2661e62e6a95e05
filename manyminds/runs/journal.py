"""The journal of a run: every answer is written to the host's store before it is used.

LangGraph writes checkpoints when a node has ended, so they trail the answers. A run that was killed
finds in the journal what its first life had received, also in the middle of a node. The journal is
in the store that the graph was compiled with, else among the checkpoints of its thread.
"""

import asyncio
import hashlib
import json
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from langgraph.config import get_config
from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore

from manyminds.limits.budget import BudgetCounter
from manyminds.runs.cache import as_json
from manyminds.runs.journal_backends import (
    CheckpointBackend,
    JournalBackend,
    StoreBackend,
    all_in,
    called,
)
from manyminds.runs.langgraph_internals import checkpointer, replay_state
from manyminds.state import Candidate

_HEADS = ("manyminds", "runs", "heads")
_WORKED = "worked/"  # before the name of a life of the run, in the place of a call's key
_UNNOTED = 0.1  # seconds of work that may go unwritten
_SETTLED = 60.0  # seconds after its end until the checkpoints of a run are surely written


class Journal:
    """The answers of one run, as seen from one event loop.

    Args:
        backend: store to write them to.
        clear: the run begins now, or takes another path from an earlier point: what the backend
            holds must not be used.

    Attributes:
        counter: of the run's own budget of seconds, which are written with the answers.
        failure: why no more answers are written; the run continues without.
    """

    def __init__(self, backend: JournalBackend, *, clear: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._backend, self._clear = backend, clear
        self._known: dict[str, Candidate] | None = None
        self._opening, self._writing = asyncio.Lock(), asyncio.Lock()
        self._next: tuple[dict[str, str], asyncio.Task[None]] | None = None
        self.counter: BudgetCounter | None = None
        self.failure: Exception | None = None
        self._noted = 0.0
        self._lives: dict[str, float] = {}

    def serves(self, backend: JournalBackend) -> bool:
        """Return whether it belongs to the running loop and to the place of this backend."""
        return self._loop is asyncio.get_running_loop() and self._backend.place is backend.place

    async def get(self, key: str) -> Candidate | None:
        """Return the answer to a call that was answered before, or None."""
        return (await self._answers()).get(key)

    async def put(self, key: str, candidate: Candidate) -> None:
        """Write an answer; when this returns, also cancelled, the backend has it or has failed."""
        (await self._answers())[key] = candidate.copy()
        # As text: a model's words need not be JSON that a database accepts.
        text = as_json(candidate)
        if self._next is None:
            answers: dict[str, str] = {}
            self._next = answers, asyncio.create_task(self._write(answers))
        answers, written = self._next
        answers[key] = text
        await _surely(written)

    async def _write(self, answers: Mapping[str, str]) -> None:
        """Write all answers that came in while waiting, in one commit: commits are slow."""
        async with self._writing:
            self._next = None
            if self.failure is None:
                try:
                    await self._backend.write({**answers, **self._seconds()})
                except Exception as error:  # such as a full disk: the paid answers stay usable
                    self.failure = error

    async def seconds(self) -> dict[str, float]:
        """Return how long the run worked in each of its earlier lives."""
        await self._answers()
        return self._lives

    async def note_seconds(self) -> None:
        """Write how long the run has worked, where no answer's writing did so lately."""
        if self.counter is not None and self.counter.worked - self._noted > _UNNOTED:
            await self._answers()
            await self._write({})

    def _seconds(self) -> dict[str, str]:
        if self.counter is None:
            return {}
        self._noted = self.counter.worked
        return {f"{_WORKED}{self.counter.life}": f"{self._noted:020.6f}"}

    async def _answers(self) -> dict[str, Candidate]:
        if self._known is None:
            async with self._opening:
                if self._known is None:
                    self._known = await self._open()
        return self._known

    async def _open(self) -> dict[str, Candidate]:
        if self._clear:
            await self._backend.clear()
            return {}
        found = await self._backend.load()
        for key in [key for key in found if key.startswith(_WORKED)]:
            self._lives[key.removeprefix(_WORKED)] = float(found.pop(key))
        return {key: json.loads(text) for key, text in found.items()}


async def _surely(written: asyncio.Task[None]) -> None:
    """Wait for a write to end, however often the waiting is cancelled: graphs cancel twice."""
    cancelled: asyncio.CancelledError | None = None
    while not written.done():
        try:
            await asyncio.shield(written)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    written.result()


def open_journal(run: str, known: Journal | None, *, clear: bool = False) -> Journal | None:
    """Return the journal of the running node's run; None where the host keeps none.

    Args:
        run: id of the run.
        known: the journal that the run has used so far.
        clear: delete the answers that are there.
    """
    backend = _backend(run)
    if backend is None or (known is not None and known.serves(backend)):
        return known if backend is not None else None
    return Journal(backend, clear=clear)


async def begin(
    run: str, conversation: str, is_alive: Callable[[str], bool]
) -> tuple[str, Journal | None]:
    """Open the journal of a run that begins, and clear away those of the runs before it.

    Args:
        run: id of the run.
        conversation: hash of its messages.
        is_alive: tells whether a run is still running here, so that nothing is taken from it.

    Returns:
        The id of the run and its journal. The id is that of an unfinished run where the same call
        of the host begins again, because it was killed before its first checkpoint was written.
    """
    store = _store()
    if store is None:
        return run, None
    heads, key = _place()
    found = {item.key: item.value for item in await all_in(store, heads)}
    mine = found.pop(key, None)
    if mine is not None and is_alive(mine["run"]):
        mine = None
    if mine is not None and _goes_on(mine, conversation):
        return str(mine["run"]), None
    now = time.time()
    over = {k: v for k, v in found.items() if v["done"] and now - v["done"] > _SETTLED}
    if mine is not None:
        over[key] = mine
    for old_key, head in over.items():
        await StoreBackend(store, str(head["run"])).clear()
        await called(store, "delete", heads, old_key)
    await _write_head(store, run, conversation, done=None)
    return run, Journal(StoreBackend(store, run), clear=True)


async def end(run: str, conversation: str) -> None:
    """Mark a run as finished: the next one on its thread is another run.

    Its answers stay until then, for its last checkpoints may not be written yet.
    """
    store = _store()
    if store is not None:
        try:
            await _write_head(store, run, conversation, done=time.time())
        except Exception as error:  # the answer is there, and paid
            what = f"the end of the run was not noted: {type(error).__name__}: {error}"
            with suppress(RuntimeWarning):  # a program may have made warnings errors
                warnings.warn(f"manyminds: {what}", RuntimeWarning, stacklevel=2)


def _goes_on(head: Mapping[str, Any], conversation: str) -> bool:
    unfinished = head["done"] is None and head["conversation"] == conversation
    return unfinished and replay_state() is None


async def _write_head(store: BaseStore, run: str, conversation: str, *, done: float | None) -> None:
    heads, key = _place()
    head = {"run": run, "conversation": conversation, "done": done}
    await called(store, "put", heads, key, head, index=False)


def _place() -> tuple[tuple[str, ...], str]:
    """Return where the heads of the runs at this place of the host's graph are, and this one's key.

    The namespace of a checkpoint names the nodes around, each with the id of its task; the ids say
    which call it is and are the same after a resume.
    """
    config: Mapping[str, Any] = get_config().get("configurable", {})
    tasks = str(config.get("checkpoint_ns", "")).split("|")[:-1]  # the last is our own `begin`
    nodes = "|".join(task.partition(":")[0] for task in tasks)
    return (*_HEADS, _hash(f"{config['thread_id']}|{nodes}")), _hash("|".join(tasks))


def _backend(run: str) -> JournalBackend | None:
    """Return where the host keeps the answers of a run."""
    store = _store()
    if store is not None:
        return StoreBackend(store, run)
    saver = checkpointer()
    if saver is None:
        return None
    return CheckpointBackend(saver, get_config().get("configurable", {})["thread_id"], run)


def _store() -> BaseStore | None:
    if "thread_id" not in get_config().get("configurable", {}):
        return None
    return get_runtime().store


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
