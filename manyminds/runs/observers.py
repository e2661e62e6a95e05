"""Observers of a run (recorder, cache, stream): their failures are noted and never end the run.

The first failure is noted in the report and warned of; the observer is then left out of this run.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar

from manyminds.runs.scope import run_scope
from manyminds.state import Candidate

P = ParamSpec("P")
T = TypeVar("T")


class Observer(Generic[T]):
    """Passes calls of methods on to an observer until one fails.

    Args:
        observer: The recorder.
        run: Id of the run that it observes.
        what: The consequence of a failure, for the note.
    """

    def __init__(self, observer: T, run: str, what: str = "the run is recorded no further") -> None:
        self._observer, self._run, self._what = observer, run, what

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._observer, name)

        def call(*args: Any, **kwargs: Any) -> None:
            if self._what not in run_scope(self._run).failed_observers:
                try:
                    method(*args, **kwargs)
                except Exception as error:
                    note_failure(self._run, self._what, error)

        self.__dict__[name] = call
        return call


class SafeStore:
    """A cache whose failures leave the call to be asked, or its answer unsaved.

    Args:
        store: The cache.
        run: Id of the run.
    """

    _WHAT = "the cache is used no further"

    def __init__(self, store: Any, run: str) -> None:
        self._store, self._run = store, run

    async def get(self, key: str) -> Candidate | None:
        """Return the stored answer to a call; None where there is none or the cache fails."""
        if self._failed:
            return None
        try:
            found: Candidate | None = await self._store.get(key)
        except Exception as error:
            note_failure(self._run, self._WHAT, error)
            return None
        return found

    async def put(self, key: str, candidate: Candidate) -> None:
        """Store the answer to a call."""
        if not self._failed:
            try:
                await self._store.put(key, candidate)
            except Exception as error:
                note_failure(self._run, self._WHAT, error)

    @property
    def _failed(self) -> bool:
        return self._WHAT in run_scope(self._run).failed_observers


def safe_writer(write: Callable[[Any], None], run: str) -> Callable[[Any], None]:
    """Return the writer of a run's progress events, whose failures do not end the run."""

    def safe(event: Any) -> None:
        try:
            write(event)
        except Exception as error:
            note_failure(run, "a progress event was lost", error)

    return safe


def note_failure(run: str, what: str, error: Exception) -> None:
    """Note the first failure of an observer in the report of the run, and warn of it."""
    failed = run_scope(run).failed_observers
    if what not in failed:
        failed[what] = f"{what}: {type(error).__name__}: {error}"[:500]
        with suppress(RuntimeWarning):  # a program may have made warnings errors
            warnings.warn(f"manyminds: {failed[what]}", RuntimeWarning, stacklevel=2)
