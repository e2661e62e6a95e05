"""The journal of a run: what was answered is kept in the host's store before anything else happens.

LangGraph's checkpoints are written after a node has ended, and trail the answers. A run that was
killed finds here what its first life had received, also in the middle of a node. It is kept where
the graph was compiled with a store and is called with a `thread_id`.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from langgraph.config import get_config
from langgraph.runtime import get_runtime
from langgraph.store.base import BaseStore, Item, PutOp

from manyminds.asking.shared import shared
from manyminds.asking.stores import in_store
from manyminds.state import Candidate

_ANSWERS = ("manyminds", "runs", "answers")
_HEADS = ("manyminds", "runs", "heads")
_AT_ONCE = 1_000
_SETTLED = 60.0  # seconds after its end until the checkpoints of a run are surely written


class Journal:
    """The answers of one run, in a store, as seen from one event loop.

    Args:
        store: the host's.
        run: id of the run.
        clear: the run begins just now, or goes another way from an earlier point: what is there
            must not be taken for an answer.
    """

    def __init__(self, store: BaseStore, run: str, *, clear: bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self._store, self._run, self._clear = store, run, clear
        self._known: dict[str, Candidate] | None = None
        self._opening, self._writing = asyncio.Lock(), asyncio.Lock()
        self._next: tuple[list[PutOp], asyncio.Task[None]] | None = None

    async def get(self, key: str) -> Candidate | None:
        """Return the answer to a call that was answered before, or None."""
        return (await self._answers()).get(key)

    async def put(self, key: str, candidate: Candidate) -> None:
        """Keep an answer; when this returns, also cancelled, it is in the store."""
        (await self._answers())[key] = candidate.copy()
        # As text: what a model says need not be what a database takes for JSON.
        value = {"candidate": json.dumps(candidate, default=str)}
        if self._next is None:
            puts: list[PutOp] = []
            self._next = puts, asyncio.create_task(self._write(puts))
        puts, written = self._next
        puts.append(PutOp(_answers(self._run), key, value, index=False))
        try:
            await asyncio.shield(written)
        except asyncio.CancelledError:
            await written
            raise

    async def _write(self, puts: list[PutOp]) -> None:
        """Write all that has come in when it is our turn at once: a database commits slowly."""
        async with self._writing:
            self._next = None
            await in_store(self._store, "batch", puts)

    async def _answers(self) -> dict[str, Candidate]:
        if self._known is None:
            async with self._opening:
                if self._known is None:
                    self._known = await self._open()
        return self._known

    async def _open(self) -> dict[str, Candidate]:
        if self._clear:
            await _remove(self._store, self._run)
            return {}
        items = await _all(self._store, _answers(self._run))
        return {item.key: json.loads(item.value["candidate"]) for item in items}


def journal(run: str) -> Journal | None:
    """Return the journal of the running node's run; None where the host keeps no such."""
    store = _store()
    if store is None:
        return None
    common, replay = shared(run), _replay()
    forked = replay is not None and replay is not common.replay
    if forked or common.journal is None or common.journal.loop is not asyncio.get_running_loop():
        common.journal, common.replay = Journal(store, run, clear=forked), replay
    return common.journal


async def begin(run: str, conversation: str) -> str:
    """Open the journal of a run that begins, and clear away those of the runs before it.

    Returns:
        The id of the run: that of an unfinished one where the same call of the host's begins again,
        because it was killed before its first checkpoint was written.
    """
    store = _store()
    if store is None:
        return run
    heads, key = _place()
    found = {item.key: item.value for item in await _all(store, heads)}
    mine = found.pop(key, None)
    if mine is not None and _goes_on(mine, conversation):
        return str(mine["run"])
    now = time.time()
    over = {k: v for k, v in found.items() if v["done"] and now - v["done"] > _SETTLED}
    if mine is not None:
        over[key] = mine
    for old_key, head in over.items():
        await _remove(store, str(head["run"]))
        await in_store(store, "delete", heads, old_key)
    shared(run).journal = Journal(store, run, clear=True)
    await _write_head(store, run, conversation, done=None)
    return run


async def end(run: str, conversation: str) -> None:
    """Mark a run as finished: what begins next on its thread is another run.

    Its answers stay until then, for its last checkpoints may not be written yet.
    """
    store = _store()
    if store is not None:
        await _write_head(store, run, conversation, done=time.time())


def _goes_on(head: Mapping[str, Any], conversation: str) -> bool:
    unfinished = head["done"] is None and head["conversation"] == conversation
    return unfinished and _replay() is None


async def _write_head(store: BaseStore, run: str, conversation: str, *, done: float | None) -> None:
    heads, key = _place()
    head = {"run": run, "conversation": conversation, "done": done}
    await in_store(store, "put", heads, key, head, index=False)


async def _remove(store: BaseStore, run: str) -> None:
    """Delete the answers of a run, and of all runs nested in it."""
    items = await _all(store, _answers(run) if "-" in run else (*_ANSWERS, run))
    if items:
        gone = [PutOp(tuple(item.namespace), item.key, None) for item in items]
        await in_store(store, "batch", gone)


async def _all(store: BaseStore, namespace: tuple[str, ...]) -> list[Item]:
    items: list[Item] = []
    while True:
        page = await in_store(
            store, "search", namespace, limit=_AT_ONCE, offset=len(items), refresh_ttl=False
        )
        items += page
        if len(page) < _AT_ONCE:
            return items


def _answers(run: str) -> tuple[str, ...]:
    """Return the namespace of a run's answers; those of nested runs are beside it."""
    outermost, _, nested = run.partition("-")
    return (*_ANSWERS, outermost, nested or "own")


def _place() -> tuple[tuple[str, ...], str]:
    """Return where the heads of the runs at this place of the host's graph are, and this one's key.

    The namespace of a checkpoint names the nodes around, each with the id of its task; the ids say
    which call it is and are the same after a resume.
    """
    config: Mapping[str, Any] = get_config().get("configurable", {})
    tasks = str(config.get("checkpoint_ns", "")).split("|")[:-1]  # the last is our own `begin`
    nodes = "|".join(task.partition(":")[0] for task in tasks)
    return (*_HEADS, _hash(f"{config['thread_id']}|{nodes}")), _hash("|".join(tasks))


def _store() -> BaseStore | None:
    if "thread_id" not in get_config().get("configurable", {}):
        return None
    return get_runtime().store


def _replay() -> object | None:
    """Return what LangGraph notes where a run is started again from an earlier checkpoint.

    It is one object for the whole of such a call, and None in all others, also in a resume.
    """
    found: object = get_config().get("configurable", {}).get("__pregel_replay_state")
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
