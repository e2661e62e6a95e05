"""How many calls to one endpoint are in flight at once, and the threads for models without async.

Semaphores belong to the running loop and are shared by all branches, questions and nested runs
on it. A method that is a member takes no place: only the calls it makes do.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from manyminds.asking.loops import per_loop

P = ParamSpec("P")
T = TypeVar("T")

_pools: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()


def places(endpoint: Hashable, concurrency: int) -> asyncio.Semaphore:
    """Return the semaphore that all calls to `endpoint` on the running loop share."""
    key = ("places", endpoint, concurrency)
    return per_loop(key, lambda: asyncio.Semaphore(concurrency))


async def in_thread(
    concurrency: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a blocking call in a pool as wide as the concurrency limit.

    The loop's default pool has only a few threads (processors + 4), so a model without async code
    would be asked six at a time on two cores.
    """
    with _lock:
        pool = _pools.get(concurrency)
        if pool is None:
            pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="manyminds")
            _pools[concurrency] = pool
    call = partial(contextvars.copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, call)
