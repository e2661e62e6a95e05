"""Ctrl-C in synchronous calls: what their threads wait for ends at once, nothing more is sent."""

import asyncio
import contextvars
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from types import FrameType
from typing import Any, ParamSpec, TypeVar

from manyminds.aio import background_loop

P = ParamSpec("P")
T = TypeVar("T")


class _Calls:
    """Tasks on the background loop that threads of one synchronous call wait for."""

    def __init__(self, around: "_Calls | None") -> None:
        self._around, self._tasks = around, set[asyncio.Task[Any]]()
        self.loop = background_loop()
        self._over = self._cut = self._pressed = False
        self.holds = False
        """Whether Ctrl-C is noted only: what an exception would interrupt has to be whole."""

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work on the background loop, which is cancelled when the call ends.

        The task enters itself, since Ctrl-C may come between any two steps of the main thread.
        """
        task = asyncio.current_task()
        assert task is not None
        self._add(task)
        try:
            return await work
        finally:
            self._discard(task)

    def cancel(self) -> None:
        """Cancel what still runs, and what begins from now on."""
        self._over = True
        with suppress(RuntimeError):  # the program ends, and its loop with it
            self.loop.call_soon_threadsafe(self._cancel, _TIMES)

    @property
    def pressed(self) -> bool:
        """Whether Ctrl-C ended the call."""
        return self._pressed or (self._around is not None and self._around.pressed)

    def press(self, number: int, frame: FrameType | None) -> None:
        """Handle Ctrl-C; a second one, or one while nothing of ours runs, as Python does."""
        again = self._pressed or not (self._tasks or self._cut)
        self._pressed = True
        self.cancel()
        if again and not self.holds:
            signal.default_int_handler(number, frame)

    def _cancel(self, times: int) -> None:
        """Cancel until all has ended: work that ends just then may miss the first time."""
        for task in self._tasks:
            task.cancel()
            self._cut = True
        if self._tasks and times > 1:
            self.loop.call_later(_BETWEEN, self._cancel, times - 1)

    def _add(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        if self._over:
            task.cancel()
        if self._around is not None:
            self._around._add(task)

    def _discard(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if self._around is not None:
            self._around._discard(task)


_TIMES, _BETWEEN = 40, 0.1  # seconds
_calls: contextvars.ContextVar[_Calls | None] = contextvars.ContextVar(
    "manyminds_calls", default=None
)


def wait_for(function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run an async function on the background loop, and wait for it in the calling thread."""
    loop, calls = background_loop(), _calls.get()
    work = function(*args, **kwargs)
    running = asyncio.run_coroutine_threadsafe(work if calls is None else calls.run(work), loop)
    try:
        return running.result()
    except BaseException:
        running.cancel()
        if calls is not None and calls.pressed:
            raise KeyboardInterrupt from None
        raise


def interruptible(parts: Generator[T]) -> Generator[T]:
    """Pass on what a synchronous call yields; Ctrl-C ends what its threads wait for.

    Without this, the call would wait for its threads first, and Python interrupts the main thread
    only. So does closing the generator.
    """
    calls = _Calls(_calls.get())
    try:
        while True:
            try:
                with _within(calls):
                    part = next(parts)
            except StopIteration:
                return
            yield part
    finally:
        calls.cancel()
        parts.close()


@contextmanager
def ended_by_interrupt() -> Generator[None]:
    """Run a block that makes a synchronous call; Ctrl-C ends what its threads wait for.

    `interruptible` alone has gaps, in which the caller handles what was yielded.
    """
    calls = _Calls(_calls.get())
    try:
        with _within(calls):
            yield
    finally:
        calls.cancel()


@contextmanager
def _within(calls: _Calls) -> Generator[None]:
    """Handle Ctrl-C in a block, where nobody else does.

    The first one cancels what runs, and KeyboardInterrupt follows when that has ended: raised amid
    a wait, it may break the lock that is waited on.
    """
    token, main = _calls.set(calls), threading.current_thread() is threading.main_thread()
    installed = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    try:
        with _heard_by(calls) if installed else nullcontext():
            yield
    finally:
        _calls.reset(token)
        if installed and calls.pressed:
            raise KeyboardInterrupt


@contextmanager
def _heard_by(calls: _Calls) -> Generator[None]:
    """Let Ctrl-C press the calls, also while the main thread waits.

    Python runs a handler between two steps of the main thread. For a signal that comes just before
    a wait, that is after the wait, which is what the signal shall end. So the loop hears it too.
    """
    before, calls.holds = -1, True
    signal.signal(signal.SIGINT, calls.press)
    try:
        before = signal.set_wakeup_fd(_ear(calls.loop).listen(calls))
        if before != -1:  # somebody else's, who would miss other signals
            signal.set_wakeup_fd(before)
        calls.holds = False
        yield
    finally:
        calls.holds = True
        signal.set_wakeup_fd(before)
        if signal.getsignal(signal.SIGINT) == calls.press:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class _Ear:
    """A socket that Python writes the numbers of signals into, read by the background loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._lock = threading.Lock()
        self._calls: _Calls | None = None
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        loop.call_soon_threadsafe(self._attend, loop)

    def listen(self, calls: _Calls) -> int:
        """Return what to write to, for these calls from now on."""
        if calls is not self._calls:
            with self._lock:
                self._read()  # meant for the calls before
                self._calls = calls
        return self._writer.fileno()

    def _attend(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(NotImplementedError):  # on Windows
            loop.add_reader(self._reader, self._hear)

    def _hear(self) -> None:
        with self._lock:
            numbers, calls = self._read(), self._calls
        if calls is not None and signal.SIGINT in numbers:
            calls.cancel()

    def _read(self) -> bytes:
        with suppress(BlockingIOError):
            return self._reader.recv(4096)
        return b""


_ear = cache(_Ear)  # a loop has one; a forked process has a loop of its own
