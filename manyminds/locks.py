"""Locks that are free in a forked process, whatever threads of its parent held them."""

import os
import threading
import weakref


class Lock:
    """A lock for `with`. Threads are not forked, so nobody would release theirs in the child."""

    def __init__(self) -> None:
        self.renew()
        all_locks.add(self)

    def renew(self) -> None:
        """Free the lock, whoever holds it."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


all_locks: weakref.WeakSet[Lock] = weakref.WeakSet()


def _after_fork() -> None:
    for lock in list(all_locks):
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
