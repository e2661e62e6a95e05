"""A deadline that the branches of a wave, layer or round share, and when it is reached early.

LangGraph ends a superstep with its slowest branch and runs branches apart from each other. They
share one deadline through the run: each adds the candidates that came in, and all stop when it is
reached.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from manyminds.state import Candidate, Failure

Enough = Callable[[Sequence[Candidate]], bool]


@dataclass(frozen=True)
class StopCondition:
    """When a deadline is reached early.

    Attributes:
        enough: from the candidates that came in, in order of coming, to whether that is enough.
        grace: seconds that the other calls have from then on.
        reason: why calls are cut that are still in flight.
    """

    enough: Enough
    grace: float
    reason: Failure


class Deadline:
    """Collects the candidates of all branches, and is reached once they are enough or time is over.

    Create it where a loop is running.

    Args:
        conditions: Conditions that end it early; the first that holds counts.
        before: candidates of earlier waves.
        seconds: from now until it is reached in any case; None: never.

    Attributes:
        reached: set when no more calls are waited for.
        reason: why calls in flight are cut; None before it is reached.
    """

    def __init__(
        self,
        conditions: Sequence[StopCondition],
        before: Sequence[Candidate] = (),
        *,
        seconds: float | None = None,
    ) -> None:
        self.reached = asyncio.Event()
        self.reason: Failure | None = None
        self._conditions = list(conditions)
        self._arrived = list(before)
        self._timers: list[asyncio.TimerHandle] = []
        self._timeouts: set[asyncio.Timeout] = set()
        if seconds is not None:
            self._reach_after(seconds, cut_failure(f"cut at the deadline of {seconds:g} s"))

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Add candidates that came in, answered or failed."""
        self._arrived.extend(candidates)
        if self.reached.is_set():
            return
        for condition in [one for one in self._conditions if one.enough(self._arrived)]:
            self._conditions.remove(condition)
            if condition.grace > 0:
                self._reach_after(condition.grace, condition.reason)
            else:
                self._reach(condition.reason)

    def attach(self, timeout: asyncio.Timeout) -> None:
        """End an entered timeout when the deadline is reached, or at once if it has been."""
        self._timeouts.add(timeout)
        if self.reached.is_set():
            timeout.reschedule(0.0)

    def detach(self, timeout: asyncio.Timeout) -> None:
        """Leave a timeout alone that is over."""
        self._timeouts.discard(timeout)

    def stop(self) -> None:
        """Cancel the timers."""
        for timer in self._timers:
            timer.cancel()

    def _reach_after(self, seconds: float, reason: Failure) -> None:
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(seconds, self._reach, reason))

    def _reach(self, reason: Failure) -> None:
        if not self.reached.is_set():
            self.reason = reason
            self.reached.set()
            self.stop()
            for timeout in self._timeouts:
                timeout.reschedule(0.0)


def cut_failure(message: str) -> Failure:
    """Return the failure of a call that was cut and might have been answered."""
    return Failure(
        kind="timeout",
        message=f"{message}; it may be billed anyway",
        retriable=True,
        maybe_billed=True,
    )
