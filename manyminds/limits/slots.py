"""A call's place at the gate of its endpoint, and threads for models without async code.

Gates belong to the running loop and are shared by all branches, questions and nested runs on it;
requests and tokens a minute are counted for the whole process. A method that is a member takes no
place: only the calls it makes do.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from manyminds.aio import per_loop
from manyminds.limits.limiter import EndpointLimiter, left_alone
from manyminds.limits.rate_limit import pace

P = ParamSpec("P")
T = TypeVar("T")

_pools: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()


class Slot:
    """A call's place at a gate, held in a `with` block; a call to no endpoint has no gate.

    Args:
        gate: of the endpoint.
        patience: seconds that the endpoint may want to be left alone before the call is given up.
    """

    __slots__ = ("_number", "_gate", "_held", "_patience")

    def __init__(self, gate: EndpointLimiter | None, patience: float) -> None:
        self._gate, self._patience = gate, patience
        self._held, self._number = False, 0

    async def __aenter__(self) -> "Slot":
        """Wait for a place."""
        await self._enter()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Give it back."""
        if self._gate is not None and self._held:
            self._gate.leave(self._number)

    @property
    def served(self) -> int:
        """Answers of the endpoint so far."""
        return 0 if self._gate is None else self._gate.served

    def answer(self, tokens: int) -> None:
        """Say that the call was answered, with so many tokens in and out."""
        if self._gate is not None:
            self._gate.answer(self._number, tokens)

    @property
    def alone(self) -> bool:
        """Whether no other call to the endpoint is in flight."""
        return self._gate is None or self._gate.alone

    @property
    def blocked_for(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return 0.0 if self._gate is None else self._gate.blocked_for

    async def again(self, asked: float | None, pause: float) -> None:
        """Give the place back after a refusal, and wait for another one.

        Args:
            asked: seconds that the endpoint wants to be left alone; None: it did not say.
            pause: seconds that this call waits where nobody else tries whether it answers again.

        Raises:
            AnswerError: the endpoint wants to be left alone for too long.
        """
        if self._gate is None:
            await asyncio.sleep(pause)
            return
        wait = self._gate.refuse(self._number, asked, pause)
        self._gate.leave(self._number)
        self._held = False
        if wait > self._patience:
            raise left_alone(wait, self._patience)
        await asyncio.sleep(wait)
        await self._enter()

    async def _enter(self) -> None:
        if self._gate is not None:
            self._number = await self._gate.enter(self._patience)
            self._held = True


def gate(
    endpoint: Hashable,
    concurrency: int,
    *,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
) -> EndpointLimiter:
    """Return the gate that all calls to `endpoint` on the running loop share."""
    key = ("gate", endpoint, concurrency, requests_per_minute, tokens_per_minute)

    def make() -> EndpointLimiter:
        limited = requests_per_minute or tokens_per_minute
        return EndpointLimiter(
            concurrency,
            pace(endpoint, requests_per_minute, tokens_per_minute) if limited else None,
        )

    return per_loop(key, make)


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
