"""Hedging: a member that is late has a spare asked beside it, and the first good answer counts.

It trades a few more calls for a shorter tail (Dean and Barroso, "The Tail at Scale", 2013).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from manyminds.calls.call import Call
from manyminds.members import Member
from manyminds.state import Candidate

# The same member asked once more draws from a range of its own, so that no other sample is it.
_BESIDE = 1_000_000


class Hedged(Call):
    """One question, and a second one to a spare where the answer is late.

    A method that is a member is not asked twice: its own calls are hedged.
    """

    __slots__ = ()

    async def answered(self) -> None:
        """Answer all candidates, by the member or by its spare."""
        seconds = self.run.settings.hedge
        if seconds is None or self.member.form.kind == "method":
            await super().answered()
            return
        own = asyncio.timeout(None)  # ends the member's own call where the spare is quicker
        blanks = [candidate.copy() for candidate in self.candidates]
        race = _Race(own, partial(self._spare, blanks))
        timer = asyncio.get_running_loop().call_later(seconds, race.start)
        try:
            async with own:
                await super().answered()
        except TimeoutError:
            if not own.expired():
                raise
        except BaseException:
            race.give_up()
            raise
        finally:
            timer.cancel()
            await self._ended(race)

    async def _ended(self, race: "_Race") -> None:
        """Wait for the spare, where one was asked, unless it is of no use any more."""
        if race.spare is None or race.asking is None:
            return
        if _good(self.candidates):
            race.give_up()
        try:
            await asyncio.wait({race.asking})
        except asyncio.CancelledError:
            race.give_up()
            await asyncio.wait({race.asking})
            raise
        finally:
            self._choose(race.spare.candidates)
        if not race.asking.cancelled() and not _good(self.candidates):
            race.asking.result()

    def _spare(self, blanks: Sequence[Candidate]) -> Call:
        """Return the same question, to the spare."""
        other: Member | None = self.member.spare
        for copy in blanks:
            if other is None:
                copy["draw"] += _BESIDE
            else:
                copy["member"] = other.name
        params = self.exchange.params
        if other is not None:  # what was set for the member alone is not for its spare
            params = {k: v for k, v in params.items() if k not in self.member.params}
        return Call(
            blanks, other or self.member, self.exchange.prompt, self.run, params, clock=self.clock
        )

    def _choose(self, spares: Sequence[Candidate]) -> None:
        """Keep the better of each pair, and what the other has cost beside it."""
        for own, other in zip(self.candidates, spares, strict=True):
            if own["status"] == "ok" or other["status"] != "ok":
                if other["attempts"]:
                    own["beside"] = [other]
                continue
            lost, (member, draw) = own.copy(), (own["member"], own["draw"])
            own.update(other)
            own["member"], own["draw"], own["beside"] = member, draw, [lost]
            if other["member"] != member:
                own["spare"] = other["member"]


class _Race:
    """The spare's side of a race: it starts late, and ends the member's own call if it wins."""

    def __init__(self, own: asyncio.Timeout, make: Callable[[], Call]) -> None:
        self.spare: Call | None = None
        self.asking: asyncio.Task[None] | None = None
        self._own, self._make = own, make

    def start(self) -> None:
        self.spare = self._make()
        self.asking = asyncio.create_task(self.spare.answered())
        self.asking.add_done_callback(self._won)

    def give_up(self) -> None:
        if self.asking is not None:
            self.asking.cancel()

    def _won(self, _asking: object) -> None:
        # A limit that has no time set is not over yet: the member is still being waited for.
        if self.spare is not None and _good(self.spare.candidates) and self._own.when() is None:
            with suppress(RuntimeError):  # its own call ended in the same moment
                self._own.reschedule(0.0)


def _good(candidates: Sequence[Candidate]) -> bool:
    return all(candidate["status"] == "ok" for candidate in candidates)
