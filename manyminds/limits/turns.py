"""Calls that wait for a slot, served in turn: event loop by event loop, and run by run in each."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from manyminds.limits.rate_limit import UNLIMITED, Rates


@dataclass(eq=False, slots=True)
class Turn:
    """A call that waits for a slot, or holds one.

    Attributes:
        run: id of the run around the call; runs take turns.
        most: calls of this run in flight at once, with this one.
        max_wait: seconds that the endpoint may ask to pause before the call is given up.
        rates: requests and tokens a minute.
        estimate: tokens of the call, in and out.
        loop: event loop of the call.
        booked: tokens that count for it until its answer has come.
        number: number of the call once it is sent; 0 before.
        in_flight: calls that were in flight when it was sent, with it.
        error: why it gets no slot.
        future: set where the call waits.
        gone: the call gave up.
    """

    run: str
    most: int
    max_wait: float
    rates: Rates = UNLIMITED
    estimate: float = 0.0
    booked: float = 0.0
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    number: int = 0
    in_flight: int = 0
    error: Exception | None = None
    future: "asyncio.Future[None] | None" = None
    gone: bool = False

    def settle(self) -> bool:
        """Wake the call in its own event loop; return False where that loop is closed."""
        if self.future is None:
            return True
        if running_loop() is self.loop:
            self._wake()
            return True
        try:
            self.loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            return False
        return True

    def _wake(self) -> None:
        if self.future is not None and not self.future.done():
            self.future.set_result(None)


class FairQueue:
    """Turns that wait, in order of coming within each run."""

    def __init__(self) -> None:
        self._loops: dict[asyncio.AbstractEventLoop, dict[str, deque[Turn]]] = {}

    def __bool__(self) -> bool:
        """Return whether any turn waits."""
        return bool(self._loops) and next(self._heads(), None) is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it, not even a turn that gave up."""
        return not self._loops

    def add(self, turn: Turn) -> None:
        """Add a turn at the end of its run."""
        self._loops.setdefault(turn.loop, {}).setdefault(turn.run, deque()).append(turn)

    def first(self, fits: Callable[[Turn], bool]) -> Turn | None:
        """Return the turn that comes next, of those that fit."""
        for turn in self._heads():
            if fits(turn):
                return turn
        return None

    def take(self, turn: Turn) -> None:
        """Remove a turn that came first in its run; its run and its loop come last from now on."""
        runs = self._loops.pop(turn.loop)
        waiting = runs.pop(turn.run)
        waiting.popleft()
        if waiting:
            runs[turn.run] = waiting
        if runs:
            self._loops[turn.loop] = runs

    def _heads(self) -> Iterator[Turn]:
        """Yield the first turn of each run; drop those that gave up, or whose loop is closed."""
        for loop in [loop for loop in self._loops if loop.is_closed()]:
            del self._loops[loop]
        for loop, runs in list(self._loops.items()):
            if not loop.is_running():
                continue
            empty: list[str] = []
            try:
                for run, waiting in runs.items():
                    while waiting and waiting[0].gone:
                        waiting.popleft()
                    if waiting:
                        yield waiting[0]
                    else:
                        empty.append(run)
            finally:
                for run in empty:
                    del runs[run]
                if not runs:
                    del self._loops[loop]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
