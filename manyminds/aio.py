"""Objects per event loop, a background loop for synchronous calls, and threads for blocking calls.

HTTP clients and semaphores belong to the loop they are first used on. A program may run several
loops one after the other (`asyncio.run` three times) or side by side (threads), so such objects
are looked up here by the running loop and closed together with it.
"""

import asyncio
import atexit
import contextvars
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from manyminds.errors import RunError

P = ParamSpec("P")
T = TypeVar("T")

_CALLED = 256  # threads for functions of callers, which may wait for others of their kind
served_path: contextvars.ContextVar[str] = contextvars.ContextVar("manyminds_served", default="")
"""Ensembles of a server that the running code answers for; requests to endpoints carry it."""

_CLOSING = 2.0  # seconds that the end of the program waits for connections to close


class _Kept:
    """The objects of one loop, how to close them, and the generator that notices its end."""

    __slots__ = ("closing", "keeper", "objects")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.objects: dict[Hashable, object] = {}
        self.closing = AsyncExitStack()
        self.keeper = _keeper(loop, self.closing)


_kept: WeakKeyDictionary[asyncio.AbstractEventLoop, _Kept] = WeakKeyDictionary()
_inherited: list[_Kept] = []  # of loops that run on in the parent process: never ours to close
_lock = threading.Lock()


def per_loop(
    key: Hashable,
    make: Callable[[], T],
    close: Callable[[T], Awaitable[object]] | None = None,
) -> T:
    """Return the running loop's object for `key`; make it the first time.

    Use it for everything that must not be shared between event loops.

    Args:
        key: names the object within its loop; equal keys share one object.
        make: makes the object; called once a loop.
        close: awaited when the loop shuts down its asynchronous generators, as `asyncio.run` and
            every server does at its end; the object made last is closed first.

    Raises:
        RuntimeError: no event loop is running.
    """
    loop = asyncio.get_running_loop()
    kept = _kept.get(loop) or _begin(loop)
    try:
        return cast(T, kept.objects[key])
    except KeyError:
        made = kept.objects[key] = make()
        if close is not None:
            kept.closing.push_async_callback(close, made)
        return made


def background_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that serves synchronous calls, running in a daemon thread of this process.

    Use it with `asyncio.run_coroutine_threadsafe(...).result()`. It ends with the program; a
    forked process gets one of its own.

    Raises:
        RunError: called on that loop itself, where waiting for the result would never end.
    """
    global _background
    with _lock:
        if _background is None or not _background.thread.is_alive():
            _background = _Background()
    loop = _background.loop
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        return loop
    if inside:
        raise RunError(
            "a synchronous call inside an asynchronous one would wait for itself: "
            "await `ainvoke` there instead of calling `invoke`"
        )
    return loop


def on_background_loop() -> bool:
    """Return whether the caller runs there: somewhere below a synchronous call of a graph."""
    return _background is not None and _background.loop is asyncio.get_running_loop()


async def in_thread(workers: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call in a pool of `workers` threads; calls with equal `workers` share it.

    The loop's default pool has only a few threads (processors + 4): a model without async code
    would get six calls at a time on two cores.
    """
    with _lock:
        pool = _pools.get(workers)
        if pool is None:
            pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="manyminds")
            _pools[workers] = pool
    call = partial(contextvars.copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, call)


async def called(function: Callable[..., Any], *args: object, **options: object) -> object:
    """Call a caller's own function: on this loop if it is async, else in a thread.

    A callable object is async if its `__call__` is.
    """
    call = partial(function, *args, **options)
    if iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return await call()
    found: object = await in_thread(_CALLED, call)
    return await found if isawaitable(found) else found


async def within(seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call in a thread of its own, and wait for it for so many seconds at most.

    A thread cannot be stopped: one that takes longer is left to itself. It does not keep the
    program from ending.

    Raises:
        TimeoutError: The call takes longer.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(cast(T, result))
        else:
            done.set_exception(error)

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = function(*args, **kwargs)
        except StopIteration as stop:  # a future takes none
            error = RuntimeError(str(stop) or "StopIteration")
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(settle, result, error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="manyminds-act", daemon=True).start()
    return await asyncio.wait_for(done, seconds)


_pools: dict[int, ThreadPoolExecutor] = {}


class _Background:
    """A thread that runs an event loop until it is told to stop."""

    def __init__(self) -> None:
        started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self.thread = threading.Thread(
            target=lambda: asyncio.run(_stay(started)), name="manyminds-loop", daemon=True
        )
        self.thread.start()
        self.loop, self._stop = started.result()

    def end(self) -> None:
        """Cancel the running tasks, close the clients of the loop, and end the thread."""
        with suppress(RuntimeError):  # the loop is closed already
            self.loop.call_soon_threadsafe(self._stop.set)
        self.thread.join(_CLOSING)


_background: _Background | None = None


async def _stay(started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
    stop = asyncio.Event()
    started.set_result((asyncio.get_running_loop(), stop))
    await stop.wait()


def _begin(loop: asyncio.AbstractEventLoop) -> _Kept:
    """Start keeping objects for `loop`, and drop those of loops that were closed without notice."""
    kept = _Kept(loop)
    with _lock:
        for other in [other for other in _kept if other.is_closed()]:
            del _kept[other]
        _kept[loop] = kept
    # One step by hand, because we are not in a coroutine: it registers the generator with the loop.
    with suppress(StopIteration):
        kept.keeper.asend(None).send(None)
    return kept


async def _keeper(
    loop: asyncio.AbstractEventLoop, closing: AsyncExitStack
) -> AsyncGenerator[None, None]:
    """Wait to be closed by the loop, then close what was kept for it."""
    try:
        yield
    finally:
        with _lock:
            _kept.pop(loop, None)
        await closing.aclose()


def _at_exit() -> None:
    """End our own loop, and close the clients of loops that were never shut down (notebooks)."""
    if _background is not None:
        _background.end()
    for loop, kept in list(_kept.items()):
        if not loop.is_running() and not loop.is_closed():
            loop.run_until_complete(kept.keeper.aclose())


def _after_fork() -> None:
    """Forget the parent's loops without closing their connections, which the parent still uses.

    Its pools go as well: they count on threads that the child does not have.
    """
    global _background, _lock
    _lock = threading.Lock()
    _background = None
    _inherited.extend(_kept.values())
    _kept.clear()
    _pools.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
