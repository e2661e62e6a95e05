"""Hedging: a member that is late has a spare asked beside it, and the first good answer counts.

It trades a few more calls for a shorter tail (Dean and Barroso, "The Tail at Scale", 2013).
"""

import asyncio
from collections.abc import Sequence

from manyminds.asking.inquiry import Inquiry
from manyminds.members import Member
from manyminds.state import Candidate

# The same member asked once more draws from a range of its own, so that no other sample is it.
_BESIDE = 1_000_000


class Hedged(Inquiry):
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
        first = asyncio.ensure_future(super().answered())
        second: asyncio.Future[None] | None = None
        spare = self._spare()
        try:
            await asyncio.wait({first}, timeout=seconds)
            if not first.done():
                second = asyncio.ensure_future(spare.answered())
                await self._first_good(first, second, spare)
        finally:
            tasks = [first] if second is None else [first, second]
            for task in tasks:
                task.cancel()
            try:
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            finally:  # also where we are cancelled a second time meanwhile
                if second is not None:
                    self._choose(spare.candidates)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _spare(self) -> Inquiry:
        """Return the same question, to the spare."""
        other: Member | None = self.member.spare
        copies = [candidate.copy() for candidate in self.candidates]
        for copy in copies:
            if other is None:
                copy["draw"] += _BESIDE
            else:
                copy["member"] = other.name
        params = self.exchange.params
        if other is not None:  # what was set for the member alone is not for its spare
            params = {k: v for k, v in params.items() if k not in self.member.params}
        return Inquiry(
            copies, other or self.member, self.exchange.prompt, self.run, params, clock=self.clock
        )

    async def _first_good(
        self, first: asyncio.Future[None], second: asyncio.Future[None], spare: Inquiry
    ) -> None:
        """Wait until one of the two is good, or both are in."""
        out = {first: self.candidates, second: spare.candidates}
        while out:
            done, _ = await asyncio.wait(out, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if _good(out.pop(task)):
                    return

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


def _good(candidates: Sequence[Candidate]) -> bool:
    return all(candidate["status"] == "ok" for candidate in candidates)
