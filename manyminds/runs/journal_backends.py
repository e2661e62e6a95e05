"""Where a journal is kept: in the host's store, or else among its checkpoints."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, cast
from uuid import uuid4

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointMetadata, empty_checkpoint
from langgraph.store.base import BaseStore, Item, PutOp

ANSWERS = ("manyminds", "runs", "answers")
_AT_ONCE = 1_000


class JournalBackend(Protocol):
    """Where the answers of one run are, as text by key."""

    @property
    def place(self) -> object:
        """The store or checkpointer that it is in."""
        ...

    async def load(self) -> dict[str, str]:
        """Return all that are there."""
        ...

    async def write(self, answers: Mapping[str, str]) -> None:
        """Write answers; when this returns, they outlive the process."""
        ...

    async def clear(self) -> None:
        """Take away all that are there."""
        ...


class StoreBackend:
    """The answers of a run in a store of the host's; those of nested runs are in the same place.

    Args:
        store: the host's.
        run: id of the run.
    """

    def __init__(self, store: BaseStore, run: str) -> None:
        self.place = store
        outermost, _, nested = run.partition("-")
        self._namespace = (*ANSWERS, outermost, nested or "own")
        # A whole run is cleared together with the runs nested in it.
        self._below = self._namespace if nested else (*ANSWERS, outermost)

    async def load(self) -> dict[str, str]:
        """Return all that are there."""
        items = await all_in(self.place, self._namespace)
        return {item.key: item.value["candidate"] for item in items}

    async def write(self, answers: Mapping[str, str]) -> None:
        """Write answers, with one commit."""
        puts = [
            PutOp(self._namespace, key, {"candidate": text}, index=False)
            for key, text in answers.items()
        ]
        await called(self.place, "batch", puts)

    async def clear(self) -> None:
        """Take away all that are there, also of the runs nested in this one."""
        items = await all_in(self.place, self._below)
        if items:
            gone = [PutOp(tuple(item.namespace), item.key, None) for item in items]
            await called(self.place, "batch", gone)


class CheckpointBackend:
    """The answers of a run on its thread, in a namespace of its own, as writes that are pending.

    They go when the host deletes the thread. What is cleared stays there, but is not found again.

    Args:
        saver: the host's checkpointer.
        thread: id of the thread.
        run: id of the run.
    """

    def __init__(self, saver: "BaseCheckpointSaver[Any]", thread: str, run: str) -> None:
        self.place = saver
        self._namespace = {"thread_id": thread, "checkpoint_ns": f"manyminds-{run}"}
        self._latest: RunnableConfig | None = None

    async def load(self) -> dict[str, str]:
        """Return all that are there."""
        found = await called(self.place, "get_tuple", {"configurable": self._namespace})
        if found is None:
            return {}
        self._latest = found.config
        texts: dict[str, str] = {}
        for _task, key, text in found.pending_writes or []:
            texts[key] = max(text, texts.get(key, ""))  # in no order; seconds of work only grow
        return texts

    async def write(self, answers: Mapping[str, str]) -> None:
        """Write answers, with one commit."""
        if self._latest is None:
            await self.clear()
        await called(self.place, "put_writes", self._latest, list(answers.items()), uuid4().hex)

    async def clear(self) -> None:
        """Start from scratch."""
        about = CheckpointMetadata(source="update", step=-1, parents={})
        config = {"configurable": self._namespace}
        self._latest = await called(self.place, "put", config, empty_checkpoint(), about, {})


async def called(place: object, operation: str, *args: Any, **options: Any) -> Any:
    """Call an operation, such as "put", of a store or a checkpointer.

    One without async code is called in a thread.
    """
    try:
        return await getattr(place, f"a{operation}")(*args, **options)
    except NotImplementedError:
        return await asyncio.to_thread(getattr(place, operation), *args, **options)


async def all_in(store: BaseStore, namespace: tuple[str, ...]) -> list[Item]:
    """Return all items of a store in a namespace and below it."""
    items: list[Item] = []
    while True:
        page = await called(
            store, "search", namespace, limit=_AT_ONCE, offset=len(items), refresh_ttl=False
        )
        items += cast("list[Item]", page)
        if len(page) < _AT_ONCE:
            return items
