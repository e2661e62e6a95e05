"""Hedging: a late member gets a second call in parallel, and the first good answer counts.

It trades a few more calls for a shorter tail (Dean and Barroso, "The Tail at Scale", 2013).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from manyminds.calls.call import Call
from manyminds.members import Member
from manyminds.state import Candidate

# The second call to the same member draws from a range of its own: no other sample is it.
_SECOND = 1_000_000


class Hedged(Call):
    """One call, and a second one to `hedge_with` where the answer is late.

    A method that is a member is not called twice: its own calls are hedged.
    """

    __slots__ = ()

    async def answer(self) -> None:
        """Fill all candidates, from the first or the second call."""
        seconds = self.ctx.settings.hedge
        if seconds is None or self.is_method:
            await super().answer()
            return
        own = asyncio.timeout(None)  # ends the first call where the second is quicker
        blanks = [candidate.copy() for candidate in self.candidates]
        race = _Race(own, partial(self._second, blanks))
        timer = asyncio.get_running_loop().call_later(seconds, race.start)
        try:
            async with own:
                await super().answer()
        except TimeoutError:
            if not own.expired():
                raise
        except BaseException:
            race.give_up()
            raise
        finally:
            timer.cancel()
            if race.call is not None and race.task is not None:
                await self._end(race.call, race.task)

    async def _end(self, second: Call, task: asyncio.Task[None]) -> None:
        """Wait for the second call, unless it is of no use any more."""
        if _good(self.candidates):
            task.cancel()
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise
        finally:
            self._choose(second.candidates)
        if not task.cancelled() and not _good(self.candidates):
            task.result()

    def _second(self, blanks: Sequence[Candidate]) -> Call:
        """Return the same call, to the other member."""
        other: Member | None = self.member.hedge_with
        for copy in blanks:
            if other is None:
                copy["draw"] += _SECOND
            else:
                copy["member"] = other.name
        params = self.request.params
        if other is not None:  # the member's own parameters are not for the other one
            params = {k: v for k, v in params.items() if k not in self.member.params}
        return Call(
            blanks,
            other or self.member,
            self.request.prompt,
            self.ctx,
            params,
            deadline=self.deadline,
        )

    def _choose(self, others: Sequence[Candidate]) -> None:
        """Keep the better of each pair, and the cost of the other in `hedges`."""
        for own, other in zip(self.candidates, others, strict=True):
            if own["status"] == "ok" or other["status"] != "ok":
                if other["attempts"]:
                    own["hedges"] = [other]
                continue
            lost, (member, draw) = own.copy(), (own["member"], own["draw"])
            own.update(other)
            own["member"], own["draw"], own["hedges"] = member, draw, [lost]
            if other["member"] != member:
                own["hedged_by"] = other["member"]


class _Race:
    """The second call of a race: it starts late, and ends the first call if it wins."""

    def __init__(self, own: asyncio.Timeout, make: Callable[[], Call]) -> None:
        self.call: Call | None = None
        self.task: asyncio.Task[None] | None = None
        self._own, self._make = own, make

    def start(self) -> None:
        self.call = self._make()
        self.task = asyncio.create_task(self.call.answer())
        self.task.add_done_callback(self._won)

    def give_up(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def _won(self, _task: object) -> None:
        # A timeout that has no time set is not over: the first call is still being waited for.
        if self.call is not None and _good(self.call.candidates) and self._own.when() is None:
            with suppress(RuntimeError):  # the first call ended in the same moment
                self._own.reschedule(0.0)


def _good(candidates: Sequence[Candidate]) -> bool:
    return all(candidate["status"] == "ok" for candidate in candidates)
