"""The gate of an endpoint: how many calls are in flight at once, and how soon the next begins."""

import asyncio
from collections import deque
from math import inf

from manyminds.errors import AnswerError
from manyminds.limits.concurrency import AdaptiveConcurrency
from manyminds.limits.estimated_rate import EstimatedRate
from manyminds.limits.probe import HalfOpenProbe
from manyminds.limits.rate_limit import RateLimit

_PAUSE, _LONGEST_PAUSE = 0.05, 10.0
_FEWER = 0.8  # an endpoint that refuses one more than so much of what it once held has places left
_SHORT = 0.05  # seconds that can as well be waited for


class EndpointLimiter:
    """Lets in as many calls as an endpoint takes, in order of coming.

    It is as wide as the concurrency that was set. When the endpoint says that it is too much (429),
    the width halves, once for all calls that were in flight, and grows again with every answer.
    Where the endpoint says how long to wait, it is the pace that was too much: nobody enters
    before, and then calls enter as fast as they lately got through, a little faster with every
    answer.

    Some endpoints say how long to wait although it is places that they lack, and have one again
    long before. So when an answer comes while all wait, one call is sent before its time. If it is
    answered, it is places: from then on only a refused call itself waits as long as it was told.

    Args:
        widest: calls in flight at most.
        pace: requests and tokens a minute; None: no limit.

    Attributes:
        served: answers so far. A refused call sees from it whether others get through.
    """

    def __init__(self, widest: int, pace: RateLimit | None = None) -> None:
        self.served = 0
        self._pace, self._widest, self._width = pace, widest, AdaptiveConcurrency(widest)
        self._learned, self._probing = EstimatedRate(), HalfOpenProbe()
        self._by_pace = False
        self._in_flight: dict[int, int] = {}  # by number; how many there were when it was sent
        self._opens = self._stuck = self._pause = 0.0
        self._waiting: deque[tuple[asyncio.Future[int], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def width(self) -> float:
        """Calls that may be in flight now."""
        return float(self._widest) if self._by_pace else self._width.now

    @property
    def alone(self) -> bool:
        """Whether no more than one call is in flight, and no other could be beside it."""
        return len(self._in_flight) <= 1 and (self.width < 2 or not self._waiting)

    @property
    def blocked_for(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return _now() - self._stuck if self._stuck else 0.0

    async def enter(self, patience: float) -> int:
        """Wait for a place; `leave` gives it back.

        Args:
            patience: seconds to wait at most where the endpoint wants to be left alone.

        Returns:
            The number of the call, by which the gate is told how it went.

        Raises:
            AnswerError: the endpoint wants to be left alone for longer.
        """
        if self._waiting or self._wait() > 0:
            number = await self._turn(patience)
        else:
            number = self._send()
        if self._pace is not None:
            wait = self._pace.book()
            if wait > 0:
                try:
                    await asyncio.sleep(wait)
                except BaseException:
                    self.leave(number)
                    raise
        return number

    def leave(self, number: int) -> None:
        """Give a place back."""
        del self._in_flight[number]
        self._probing.over(number)
        self._let_in()

    def answer(self, number: int, tokens: int) -> None:
        """Say that the endpoint has answered a call, with so many tokens in and out.

        It leaves next, and that lets in whom there is room for now.
        """
        self.served += 1
        self._stuck = self._pause = 0.0
        self._learned.answer()
        if self._pace is not None:
            self._pace.settle(tokens)
        self._width.widen()
        self._probing.heard()
        if self._probing.answered(number):
            self._by_pace = False
            self._width.held = 0
            self._learned.reopen(_now())

    def refuse(self, number: int, seconds: float | None, pause: float = 0.0) -> float:
        """Say that the endpoint refused a call for there were too many.

        Args:
            number: of the call.
            seconds: how long it wants to be left alone; None: it did not say.
            pause: how long to leave it alone where it did not say and has never answered yet.

        Returns:
            Seconds that this call has to wait before it queues again.
        """
        now, wait = _now(), seconds or 0.0
        self._stuck = self._stuck or now
        early = self._probing.is_probe(number)
        beside, held = self._in_flight[number], self._width.held
        places = self._probing.places(number, impossible=beside <= max(1, _FEWER * held))
        self._by_pace = bool(seconds) and not places
        if seconds and self._by_pace:
            if now >= self._learned.opens:
                self._probing.closed()
            # Who came before the time is told a later one, which is not for the others.
            self._learned.refuse(number, now, 0.0 if early else seconds)
        elif not seconds and pause and not self.served:
            self._opens = max(self._opens, now + pause)
        elif not seconds and self.alone:
            wait = self._pause = min(_LONGEST_PAUSE, max(_PAUSE, 2 * self._pause))
            self._opens = now + wait
        self._width.narrow(number, self._learned.sent, len(self._in_flight), gently=bool(seconds))
        return wait

    async def _turn(self, patience: float) -> int:
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, patience))
        self._let_in()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(turn.result())  # it was our turn just when we gave up
            raise

    def _let_in(self) -> None:
        """Let in whose turn it is, and come back when it is the next one's."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            turn, patience = self._waiting[0]
            if not turn.done():
                wait = self._wait()
                left = self._learned.opens - _now() if self._by_pace else 0.0
                if wait <= 0:
                    turn.set_result(self._send())
                elif left > patience:
                    turn.set_exception(left_alone(left, patience))
                else:
                    if wait < inf:
                        self._timer = asyncio.get_running_loop().call_later(wait, self._let_in)
                    return
            self._waiting.popleft()

    def _wait(self) -> float:
        """Return the seconds until the next call may be sent; infinite: until one is over."""
        if len(self._in_flight) >= int(self.width):
            return inf
        now = _now()
        if not self._by_pace:
            return self._opens - now
        if now < self._learned.opens - _SHORT and self._probing.due:
            return 0.0
        return max(self._opens, self._learned.due(now)) - now

    def _send(self) -> int:
        now = _now()
        number = self._learned.send(now)
        if self._by_pace and now < self._learned.opens:
            self._probing.sent(number)
        self._in_flight[number] = len(self._in_flight) + 1
        return number


def left_alone(seconds: float, patience: float) -> AnswerError:
    """Return the failure of a call that would have to wait for too long."""
    return AnswerError(
        f"the endpoint asks to be left alone for {seconds:.0f} s, longer than an answer "
        f"may take ({patience:g} s)",
        kind="rate_limit",
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
