"""A call's slot at an endpoint."""

import asyncio

from typing_extensions import TypedDict, Unpack

from manyminds.limits.limiter import EndpointLimiter, paused_too_long
from manyminds.limits.rate_limit import Rates


class TurnOptions(TypedDict, total=False):
    """A call's place in the queue, and its limits: as for `EndpointLimiter.enter`."""

    run: str
    most: int
    rates: Rates
    estimate: float
    until: float | None


class Slot:
    """A call's slot at an endpoint, held in a `with` block; None: a call without an endpoint.

    Args:
        limiter: of the endpoint.
        max_wait: seconds that the endpoint may ask to pause before the call is given up.
        turn: Further arguments of `EndpointLimiter.enter`.
    """

    __slots__ = ("_held", "_limiter", "_max_wait", "_number", "_turn")

    def __init__(
        self, limiter: EndpointLimiter | None, max_wait: float, **turn: Unpack[TurnOptions]
    ) -> None:
        self._limiter, self._max_wait, self._turn = limiter, max_wait, turn
        self._held, self._number = False, 0

    async def __aenter__(self) -> "Slot":
        """Wait for a slot."""
        if self._limiter is not None:
            self._number = await self._limiter.enter(self._max_wait, **self._turn)
            self._held = True
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Give it back."""
        if self._limiter is not None and self._held:
            self._limiter.leave(self._number)

    @property
    def served(self) -> int:
        """Answers of the endpoint so far."""
        return 0 if self._limiter is None else self._limiter.served

    def answer(self, tokens: int) -> None:
        """Note that the call was answered, with so many tokens in and out."""
        if self._limiter is not None:
            self._limiter.answer(self._number, tokens)

    @property
    def is_idle(self) -> bool:
        """Whether no other call to the endpoint is in flight."""
        return self._limiter is None or self._limiter.is_idle

    @property
    def blocked_for(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return 0.0 if self._limiter is None else self._limiter.blocked_for

    async def requeue(self, asked: float | None, pause: float) -> None:
        """Give the slot back after a refusal, and wait for another one.

        Args:
            asked: seconds of the endpoint's Retry-After; None: it sent none.
            pause: seconds that this call waits where no other call tries the endpoint.

        Raises:
            AnswerError: the endpoint asks for too long a pause.
        """
        if self._limiter is None:
            await asyncio.sleep(pause)
            return
        wait = self._limiter.refuse(self._number, asked, pause)
        self._limiter.leave(self._number)
        self._held = False
        if wait > self._max_wait:
            raise paused_too_long(wait, self._max_wait)
        await asyncio.sleep(wait)
        await self.__aenter__()
