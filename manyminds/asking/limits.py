"""The gate of an endpoint: how many calls are in flight at once, and how soon the next may begin.

Gates belong to the running loop and are shared by all branches, questions and nested runs on it;
requests and tokens a minute are counted for the whole process. A method that is a member takes no
place: only the calls it makes do.
"""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from manyminds.asking.learned import LearnedPace
from manyminds.asking.loops import per_loop
from manyminds.asking.pace import Pace, pace
from manyminds.errors import AnswerError

P = ParamSpec("P")
T = TypeVar("T")

_KNEE = 0.9  # up to this share of the width that was too much, it grows fast; then slowly
_SLOWLY = 0.5  # so many more for a whole width of answers
_PAUSE, _LONGEST_PAUSE = 0.05, 10.0
_pools: dict[int, ThreadPoolExecutor] = {}
_lock = threading.Lock()


class Gate:
    """Lets in as many calls as an endpoint takes, in order of coming.

    It is as wide as the concurrency that was set. When the endpoint says that it is too much (429),
    the width halves, once for all calls that were in flight; with every answer it grows again: fast
    up to nine tenths of what was too much, slowly from there. Where the endpoint says how long to
    wait, it is the pace that was too much: nobody enters before, and then calls enter as fast as
    they lately got through, a little faster with every answer.

    Args:
        widest: calls in flight at most.
        pace: requests and tokens a minute; None: no limit.

    Attributes:
        width: calls that may be in flight now.
        served: answers so far. A refused call sees from it whether others get through.
    """

    def __init__(self, widest: int, pace: Pace | None = None) -> None:
        self.width = float(widest)
        self.served = 0
        self.pace = pace
        self._widest, self._knee = widest, float(widest)
        self._busy = self._burst = 0
        self._opens = self._stuck = self._pause = 0.0
        self._learned, self._door = LearnedPace(), asyncio.Lock()
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def alone(self) -> bool:
        """Whether no more than one call is in flight."""
        return self._busy <= 1

    @property
    def stuck(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return asyncio.get_running_loop().time() - self._stuck if self._stuck else 0.0

    async def enter(self, patience: float) -> int:
        """Wait for a place; `leave` gives it back.

        Args:
            patience: seconds to wait at most where the endpoint wants to be left alone.

        Returns:
            What `refuse` must be told, should the endpoint refuse the call.

        Raises:
            AnswerError: the endpoint wants to be left alone for longer.
        """
        if self._busy < int(self.width) and not self._waiting:
            self._busy += 1
        else:
            await self._turn()
        try:
            number = await self._sent(patience)
            if self.pace is not None:
                wait = self.pace.book()
                if wait > 0:
                    await asyncio.sleep(wait)
        except BaseException:
            self.leave()
            raise
        return number

    def leave(self) -> None:
        """Give a place back."""
        self._busy -= 1
        self._wake()

    def answer(self, tokens: int) -> None:
        """Say that the endpoint has answered a call, with so many tokens in and out."""
        self.served += 1
        self._stuck = self._pause = 0.0
        self._learned.answer()
        if self.pace is not None:
            self.pace.settle(tokens)
        if self.width < self._widest:
            step = 1.0 if self.width < self._knee else _SLOWLY / self.width
            self.width = min(self._widest, self.width + step)
            self._wake()

    def refuse(self, number: int, seconds: float | None, pause: float = 0.0) -> float:
        """Say that the endpoint refused a call for there were too many.

        Args:
            number: what `enter` returned for that call: one refusal of a burst halves, not each.
                The others of the burst only give up their places.
            seconds: how long it wants to be left alone; None: it did not say.
            pause: how long to leave it alone where it did not say and has never answered yet.

        Returns:
            Seconds to wait before queueing again, so that others have their turn.
        """
        now, wait = asyncio.get_running_loop().time(), 0.0
        self._stuck = self._stuck or now
        if seconds:
            self._learned.refuse(number, now, seconds)
            return wait
        if pause and not self.served:
            self._opens = max(self._opens, now + pause)
        elif self.alone:
            wait = self._pause = min(_LONGEST_PAUSE, max(_PAUSE, 2 * self._pause))
            self._opens = now + wait
        self._narrow(number)
        return wait

    def _narrow(self, number: int) -> None:
        if number > self._burst:
            self._burst = self._learned.sent
            too_much = min(self.width, self._busy)
            self._knee = _KNEE * too_much
            self.width = max(1.0, too_much / 2)
        else:  # of the same burst: nobody takes this one's place, and who is still in may fit
            rest = max(1.0, self._busy - 1)
            self.width = min(self.width, rest)
            self._knee = max(self.width, min(self._knee, rest))

    async def _turn(self) -> None:
        """Wait until somebody leaves; who wakes us has counted our place already."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # it was our turn just when we gave up
            raise

    def _wake(self) -> None:
        while self._waiting and self._busy < int(self.width):
            turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)

    async def _sent(self, patience: float) -> int:
        """Wait until the endpoint may be asked and it is this call's turn; return its number."""
        now, learned = asyncio.get_running_loop().time, self._learned
        while True:
            await self._opened(patience)
            if learned.due(now()) <= now() and not self._door.locked():
                break
            async with self._door:  # one at a time waits for the next turn, in order of coming
                if self._closed(now()):
                    continue
                await asyncio.sleep(learned.due(now()) - now())
                if not self._closed(now()):
                    break
        return learned.send(now())

    def _closed(self, now: float) -> bool:
        return max(self._learned.opens, self._opens) > now

    async def _opened(self, patience: float) -> None:
        now = asyncio.get_running_loop().time
        while (wait := max(self._learned.opens, self._opens) - now()) > 0:
            if self._learned.opens - now() > patience:
                raise AnswerError(
                    f"the endpoint asks to be left alone for {wait:.0f} s, longer than an answer "
                    f"may take ({patience:g} s)",
                    kind="rate_limit",
                )
            await asyncio.sleep(wait)


class Place:
    """A call's place at a gate, held in a `with` block; a call to no endpoint has no gate.

    Args:
        gate: of the endpoint.
        patience: seconds that the endpoint may want to be left alone before the call is given up.
    """

    __slots__ = ("_number", "_gate", "_held", "_patience")

    def __init__(self, gate: Gate | None, patience: float) -> None:
        self._gate, self._patience = gate, patience
        self._held, self._number = False, 0

    async def __aenter__(self) -> "Place":
        """Wait for a place."""
        await self._enter()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Give it back."""
        if self._gate is not None and self._held:
            self._gate.leave()

    @property
    def served(self) -> int:
        """Answers of the endpoint so far."""
        return 0 if self._gate is None else self._gate.served

    def answer(self, tokens: int) -> None:
        """Say that the call was answered, with so many tokens in and out."""
        if self._gate is not None:
            self._gate.answer(tokens)

    @property
    def alone(self) -> bool:
        """Whether no other call to the endpoint is in flight."""
        return self._gate is None or self._gate.alone

    @property
    def stuck(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return 0.0 if self._gate is None else self._gate.stuck

    async def again(self, asked: float | None, pause: float) -> None:
        """Give the place back after a refusal, and wait for another one.

        Args:
            asked: seconds that the endpoint wants to be left alone, by all; None: it did not say.
            pause: seconds that this call waits where nobody else tries whether it answers again.
        """
        if self._gate is None:
            await asyncio.sleep(pause)
            return
        wait = self._gate.refuse(self._number, asked, pause)
        self._gate.leave()
        self._held = False
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
) -> Gate:
    """Return the gate that all calls to `endpoint` on the running loop share."""
    key = ("gate", endpoint, concurrency, requests_per_minute, tokens_per_minute)

    def make() -> Gate:
        limited = requests_per_minute or tokens_per_minute
        return Gate(
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
