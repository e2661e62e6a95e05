"""Symbolic comparison by math-verify, in a process of its own that a deadline ends.

What is compared comes from models, and an algebra system may never end. A server process
has the library loaded and compares each pair in a fork; the kernel ends the fork in time.
The server is a program, not a `multiprocessing` child: it never imports the user's main module.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

SECONDS = 0.8
"""A pair that takes longer is not the same."""
_LONGEST_WAIT = 1.0  # seconds, the wait for other threads included
_LEAST = 0.1  # seconds left that are worth a start
_GRACE = 0.2  # seconds from the end of the child's time to the end of the server
_PROGRAM = Path(__file__).with_name("algebra_server.py")


def same(one: str, other: str) -> bool | None:
    """Return whether two formulas are equal as mathematics.

    Symmetric: both orders must be equal. Waits a second at most, for other threads too.

    Returns:
        None where nothing can tell: math-verify is missing, the server is still starting, or the
        other threads took all the time.
    """
    pair = (one, other) if one <= other else (other, one)
    if pair in _known:
        return _known[pair]
    verdict = _server(os.getpid()).ask(*pair) if _available() else None
    if verdict is not None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[pair] = verdict
    return verdict


_MOST_KNOWN = 50_000
_known: dict[tuple[str, str], bool] = {}


@lru_cache(maxsize=1)
def _available() -> bool:
    return find_spec("math_verify") is not None


@lru_cache(maxsize=1)
def _server(process_id: int) -> "_Server":
    """Return the server of this process: a fork must not share the pipes of its parent."""
    return _Server(process_id)


class _Server:
    """The server process, started for the first pair."""

    def __init__(self, owner: int) -> None:
        self._owner = owner
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        atexit.register(self.close)

    def ask(self, one: str, other: str) -> bool | None:
        until = time.monotonic() + _LONGEST_WAIT
        if not self._lock.acquire(timeout=_LONGEST_WAIT):
            return None
        try:
            process = self._running()
            if process is None or not self._ready.wait(max(0.0, until - time.monotonic())):
                return None
            left = min(SECONDS, until - time.monotonic())
            return self._exchange(process, [one, other], left) if left > _LEAST else None
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._owner == os.getpid():
            _end(self._process)
            self._process = None

    def _running(self) -> "subprocess.Popen[str] | None":
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._ready = threading.Event()
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", str(_PROGRAM)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            except OSError:
                return None
            watch = threading.Thread(
                target=_await_first_line, args=(self._process, self._ready), daemon=True
            )
            watch.start()
        return self._process

    def _exchange(self, process: "subprocess.Popen[str]", pair: list[str], seconds: float) -> bool:
        """Send a pair and return the verdict; a server that does not answer is killed."""
        assert process.stdin is not None and process.stdout is not None
        guard = threading.Timer(seconds + _GRACE, process.kill)
        guard.start()
        try:
            process.stdin.write(json.dumps([*pair, seconds]) + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip() == "true"
        except (OSError, ValueError):
            return False
        finally:
            guard.cancel()


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _await_first_line(process: "subprocess.Popen[str]", ready: threading.Event) -> None:
    assert process.stdout is not None
    if process.stdout.readline():
        ready.set()
