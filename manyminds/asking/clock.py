"""A clock shared by the branches of a wave or layer: it rings when enough answers are in.

LangGraph ends a superstep with its slowest branch and runs branches apart from each other. They
share a clock through this registry: each tells it what came in, and all stop when it rings.
"""

import asyncio
from collections.abc import Callable, Sequence
from threading import Lock

from manyminds.state import Candidate

Enough = Callable[[Sequence[Candidate]], bool]


class Clock:
    """Collects what the branches of one wave have got, and rings once that is enough.

    Args:
        enough: from the candidates that came in, in order of coming, to whether to stop.
        before: candidates of earlier waves.
    """

    def __init__(self, enough: Enough, before: Sequence[Candidate] = ()) -> None:
        self._enough = enough
        self._arrived = list(before)
        self.rung = asyncio.Event()

    def tell(self, candidates: Sequence[Candidate]) -> None:
        """Say that these came in."""
        self._arrived.extend(candidates)
        if not self.rung.is_set() and self._enough(self._arrived):
            self.rung.set()


_clocks: dict[tuple[str, int], Clock] = {}
_lock = Lock()


def clock(run: str, wave: int, enough: Enough, before: Sequence[Candidate] = ()) -> Clock:
    """Return the clock of this wave of this run; the first branch that asks sets it."""
    with _lock:
        found = _clocks.get((run, wave))
        if found is None:
            found = _clocks[run, wave] = Clock(enough, before)
        return found


def drop(run: str, wave: int) -> None:
    """Forget the clock of a wave that is over; after a resume it is made anew."""
    with _lock:
        _clocks.pop((run, wave), None)
