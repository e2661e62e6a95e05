"""A clock shared by the branches of a wave, layer or round: it rings when no more is waited for.

LangGraph ends a superstep with its slowest branch and runs branches apart from each other. They
share a clock through the run: each tells it what came in, and all stop when it rings.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from manyminds.runs.scope import shared
from manyminds.state import Candidate, Failure

Enough = Callable[[Sequence[Candidate]], bool]


@dataclass(frozen=True)
class StopCondition:
    """When a clock rings.

    Attributes:
        enough: from the candidates that came in, in order of coming, to whether that is enough.
        grace: seconds that the others have from then on.
        reason: why those are cut that are still out.
    """

    enough: Enough
    grace: float
    reason: Failure


class Deadline:
    """Collects what the branches have got, and rings once that is enough, or the time is over.

    Make it where a loop is running.

    Args:
        bells: when to ring; the first that does counts.
        before: candidates of earlier waves.
        deadline: seconds from now after which it rings in any case; None: never.
    """

    def __init__(
        self,
        bells: Sequence[StopCondition],
        before: Sequence[Candidate] = (),
        *,
        deadline: float | None = None,
    ) -> None:
        self.rung = asyncio.Event()
        self.reason: Failure | None = None
        self._bells = list(bells)
        self._arrived = list(before)
        self._timers: list[asyncio.TimerHandle] = []
        self._cut: set[asyncio.Timeout] = set()
        if deadline is not None:
            self._ring_after(deadline, late(f"cut at the deadline of {deadline:g} s"))

    def tell(self, candidates: Sequence[Candidate]) -> None:
        """Say that these came in."""
        self._arrived.extend(candidates)
        if self.rung.is_set():
            return
        for bell in [bell for bell in self._bells if bell.enough(self._arrived)]:
            self._bells.remove(bell)
            if bell.grace > 0:
                self._ring_after(bell.grace, bell.reason)
            else:
                self._ring(bell.reason)

    def cuts(self, limit: asyncio.Timeout) -> None:
        """Let a time limit that was entered end when the clock rings, or at once if it has rung."""
        self._cut.add(limit)
        if self.rung.is_set():
            limit.reschedule(0.0)

    def leaves(self, limit: asyncio.Timeout) -> None:
        """Leave a time limit alone that is over."""
        self._cut.discard(limit)

    def stop(self) -> None:
        """Forget what was going to ring."""
        for timer in self._timers:
            timer.cancel()

    def _ring_after(self, seconds: float, reason: Failure) -> None:
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(seconds, self._ring, reason))

    def _ring(self, reason: Failure) -> None:
        if not self.rung.is_set():
            self.reason = reason
            self.rung.set()
            self.stop()
            for limit in self._cut:
                limit.reschedule(0.0)


def late(message: str) -> Failure:
    """Return why somebody was cut who might have answered."""
    return Failure(
        kind="timeout",
        message=f"{message}; it may be billed all the same",
        retriable=True,
        maybe_billed=True,
    )


def clock(run: str, layer: int, make: Callable[[], Deadline]) -> Deadline:
    """Return the clock of this layer of this run; the first branch that asks makes it."""
    clocks = shared(run).clocks
    found = clocks.get(layer)
    if found is None:
        found = clocks[layer] = make()
    return found


def drop(run: str, layer: int) -> None:
    """Forget the clock of a layer that is over; after a resume it is made anew."""
    gone = shared(run).clocks.pop(layer, None)
    if gone is not None:
        gone.stop()
