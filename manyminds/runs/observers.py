"""Observers of a run (recorder, cache, stream): their failures are noted and never end the run.

The first failure is noted in the report and warned of; the observer is then left out of this run.
"""

import warnings
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar

from manyminds.state import Candidate

P = ParamSpec("P")
T = TypeVar("T")
Failed = MutableMapping[str, str]
"""Notes on the observers of a run that failed, by what is lost."""


class Observer(Generic[T]):
    """Passes calls of methods on to an observer until one fails.

    Args:
        observer: The recorder.
        failed: Observers of the run that failed.
        what: The consequence of a failure, for the note.
    """

    def __init__(
        self, observer: T, failed: Failed, what: str = "the run is recorded no further"
    ) -> None:
        self._observer, self._failed, self._what = observer, failed, what

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._observer, name)

        def call(*args: Any, **kwargs: Any) -> None:
            if self._what not in self._failed:
                try:
                    method(*args, **kwargs)
                except Exception as error:
                    note_failure(self._failed, self._what, error)

        self.__dict__[name] = call
        return call


class SafeStore:
    """A cache whose failures leave the call to be asked, or its answer unsaved.

    Args:
        store: The cache.
        failed: Observers of the run that failed.
    """

    _WHAT = "the cache is used no further"

    def __init__(self, store: Any, failed: Failed) -> None:
        self._store, self._failed = store, failed

    async def get(self, key: str) -> Candidate | None:
        """Return the stored answer to a call; None where there is none or the cache fails."""
        if self._WHAT in self._failed:
            return None
        try:
            found: Candidate | None = await self._store.get(key)
        except Exception as error:
            note_failure(self._failed, self._WHAT, error)
            return None
        return found

    async def put(self, key: str, candidate: Candidate) -> None:
        """Store the answer to a call."""
        if self._WHAT not in self._failed:
            try:
                await self._store.put(key, candidate)
            except Exception as error:
                note_failure(self._failed, self._WHAT, error)


def safe_writer(write: Callable[[Any], None], failed: Failed) -> Callable[[Any], None]:
    """Return the writer of a run's progress events, whose failures do not end the run."""

    def safe(event: Any) -> None:
        try:
            write(event)
        except Exception as error:
            note_failure(failed, "a progress event was lost", error)

    return safe


def note_failure(failed: Failed, what: str, error: Exception) -> None:
    """Note the first failure of an observer for the report of the run, and warn of it."""
    if what not in failed:
        failed[what] = f"{what}: {type(error).__name__}: {error}"[:500]
        with suppress(RuntimeWarning):  # a program may have made warnings errors
            warnings.warn(f"manyminds: {failed[what]}", RuntimeWarning, stacklevel=2)
