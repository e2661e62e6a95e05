"""The limiter of an endpoint: how many calls are in flight at once, and how soon the next starts.

Limiters belong to the running loop and are shared by all branches, questions and nested runs on it;
requests and tokens a minute are counted for the whole process. A method that is a member takes no
slot: only the calls it makes do.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from math import inf

from manyminds.aio import per_loop
from manyminds.errors import AnswerError
from manyminds.limits.concurrency import AdaptiveConcurrency
from manyminds.limits.rate_limit import EstimatedRate, RateLimit, rate_limit

_PAUSE, _LONGEST_PAUSE = 0.05, 10.0
_FEWER = 0.8  # an endpoint that refuses one more than so much of what it once held has places left
_SHORT = 0.05  # seconds that can as well be waited for


class EndpointLimiter:
    """Sends as many calls at once as an endpoint takes, in order of arrival.

    Concurrency starts at the maximum. When the endpoint returns 429, concurrency halves, once for
    all calls that were in flight, and grows with every answer. A 429 with Retry-After means that
    the request rate was too high: no call is sent before that time, and then calls are sent at the
    rate at which they lately got through, a little faster with every answer.

    Some endpoints send Retry-After although they lack slots, and have one again long before. So
    when an answer comes while all calls wait, one call is sent early (`HalfOpenProbe`). If it is
    answered, the endpoint lacks slots: from then on only the refused call itself waits.

    Args:
        maximum: calls in flight at most.
        limit: requests and tokens a minute; None: no limit.

    Attributes:
        served: answers so far. A refused call sees from it whether other calls get through.
    """

    def __init__(self, maximum: int, limit: RateLimit | None = None) -> None:
        self.served = 0
        self._limit, self._maximum, self._adaptive = limit, maximum, AdaptiveConcurrency(maximum)
        self._estimate, self._probe = EstimatedRate(), HalfOpenProbe()
        self._paced = False
        self._in_flight: dict[int, int] = {}  # by number; how many there were when it was sent
        self._opens = self._blocked_since = self._pause = 0.0
        self._waiting: deque[tuple[asyncio.Future[int], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def concurrency(self) -> float:
        """Calls that may be in flight now."""
        return float(self._maximum) if self._paced else self._adaptive.now

    @property
    def is_idle(self) -> bool:
        """Whether at most one call is in flight, and no other one could be."""
        return len(self._in_flight) <= 1 and (self.concurrency < 2 or not self._waiting)

    @property
    def blocked_for(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return _now() - self._blocked_since if self._blocked_since else 0.0

    async def enter(self, max_wait: float, estimate: float = 0.0) -> int:
        """Wait for a slot; `leave` gives it back.

        Args:
            max_wait: seconds to wait at most where the endpoint asks for a pause.
            estimate: tokens of the call, in and out, for a limit of tokens a minute.

        Returns:
            The number of the call, for `answer`, `refuse` and `leave`.

        Raises:
            AnswerError: the endpoint asks for a longer pause.
        """
        if self._waiting or self._wait() > 0:
            number = await self._turn(max_wait)
        else:
            number = self._send()
        if self._limit is not None:
            wait = self._limit.book(estimate)
            if wait > 0:
                try:
                    await asyncio.sleep(wait)
                except BaseException:
                    self.leave(number)
                    raise
        return number

    def leave(self, number: int) -> None:
        """Give a slot back."""
        del self._in_flight[number]
        self._probe.over(number)
        self._send_waiting()

    def answer(self, number: int, tokens: int) -> None:
        """Note that the endpoint answered a call; it leaves next, which sends waiting calls."""
        self.served += 1
        self._blocked_since = self._pause = 0.0
        self._estimate.answer()
        if self._limit is not None:
            self._limit.settle(tokens)
        self._adaptive.widen()
        self._probe.heard()
        if self._probe.answered(number):
            self._paced = False
            self._adaptive.held = 0
            self._estimate.reopen(_now())

    def refuse(self, number: int, seconds: float | None, pause: float = 0.0) -> float:
        """Note that the endpoint refused a call with 429.

        Args:
            number: of the call.
            seconds: of its Retry-After; None: it sent none.
            pause: seconds of pause where it sent none and has never answered yet.

        Returns:
            Seconds that this call has to wait before it queues again.
        """
        now, wait = _now(), seconds or 0.0
        self._blocked_since = self._blocked_since or now
        early = self._probe.is_probe(number)
        beside, held = self._in_flight[number], self._adaptive.held
        places = self._probe.places(number, impossible=beside <= max(1, _FEWER * held))
        self._paced = bool(seconds) and not places
        if seconds and self._paced:
            if now >= self._estimate.opens:
                self._probe.closed()
            # Who came before the time is told a later one, which is not for the others.
            self._estimate.refuse(number, now, 0.0 if early else seconds)
        elif not seconds and pause and not self.served:
            self._opens = max(self._opens, now + pause)
        elif not seconds and self.is_idle:
            wait = self._pause = min(_LONGEST_PAUSE, max(_PAUSE, 2 * self._pause))
            self._opens = now + wait
        self._adaptive.narrow(
            number, self._estimate.sent, len(self._in_flight), gently=bool(seconds)
        )
        return wait

    async def _turn(self, max_wait: float) -> int:
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, max_wait))
        self._send_waiting()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(turn.result())  # it was our turn just when we gave up
            raise

    def _send_waiting(self) -> None:
        """Send the calls whose turn it is, and set a timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            turn, max_wait = self._waiting[0]
            if not turn.done():
                wait = self._wait()
                left = self._estimate.opens - _now() if self._paced else 0.0
                if wait <= 0:
                    turn.set_result(self._send())
                elif left > max_wait:
                    turn.set_exception(_paused_too_long(left, max_wait))
                else:
                    if wait < inf:
                        self._timer = asyncio.get_running_loop().call_later(
                            wait, self._send_waiting
                        )
                    return
            self._waiting.popleft()

    def _wait(self) -> float:
        """Return the seconds until the next call may be sent; infinite: until one ends."""
        if len(self._in_flight) >= int(self.concurrency):
            return inf
        now = _now()
        if not self._paced:
            return self._opens - now
        if now < self._estimate.opens - _SHORT and self._probe.due:
            return 0.0
        return max(self._opens, self._estimate.due(now)) - now

    def _send(self) -> int:
        now = _now()
        number = self._estimate.send(now)
        if self._paced and now < self._estimate.opens:
            self._probe.sent(number)
        self._in_flight[number] = len(self._in_flight) + 1
        return number


class Slot:
    """A call's slot at an endpoint, held in a `with` block; None: a call without an endpoint.

    Args:
        limiter: of the endpoint.
        max_wait: seconds that the endpoint may ask to pause before the call is given up.
        estimate: tokens of the call, in and out, for a limit of tokens a minute.
    """

    __slots__ = ("_number", "_limiter", "_held", "_max_wait", "_estimate")

    def __init__(
        self, limiter: EndpointLimiter | None, max_wait: float, estimate: float = 0.0
    ) -> None:
        self._limiter, self._max_wait, self._estimate = limiter, max_wait, estimate
        self._held, self._number = False, 0

    async def __aenter__(self) -> "Slot":
        """Wait for a slot."""
        await self._enter()
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
            raise _paused_too_long(wait, self._max_wait)
        await asyncio.sleep(wait)
        await self._enter()

    async def _enter(self) -> None:
        if self._limiter is not None:
            self._number = await self._limiter.enter(self._max_wait, self._estimate)
            self._held = True


def limiter(
    endpoint: Hashable,
    concurrency: int,
    *,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
) -> EndpointLimiter:
    """Return the limiter that all calls to `endpoint` on the running loop share."""
    key = ("limiter", endpoint, concurrency, requests_per_minute, tokens_per_minute)

    def make() -> EndpointLimiter:
        limited = requests_per_minute or tokens_per_minute
        return EndpointLimiter(
            concurrency,
            rate_limit(endpoint, requests_per_minute, tokens_per_minute) if limited else None,
        )

    return per_loop(key, make)


class HalfOpenProbe:
    """Decides when to send one call early during a pause, and learns from its result.

    A limit of calls in flight and a limit of requests a minute are refused with the same status,
    often with a fixed Retry-After. One early call tells them apart. An endpoint that refuses the
    early call is probed at ever longer intervals.
    """

    __slots__ = ("_heard", "_number", "_places", "_seldom", "_skipped")

    def __init__(self) -> None:
        self._places = self._heard = False
        self._number = 0  # of the call that was sent before its time
        self._skipped, self._seldom = 0, 1  # closings without a probe: still to come, next time

    @property
    def due(self) -> bool:
        """Whether the next call may go before its time."""
        return self._heard and not self._number and not self._skipped

    def closed(self) -> None:
        """Say that the endpoint asks for no more requests from now on."""
        self._heard = False
        self._skipped = max(0, self._skipped - 1)

    def heard(self) -> None:
        """Say that a call was answered."""
        self._heard = True

    def sent(self, number: int) -> None:
        """Say that this call was sent before its time."""
        self._number = number

    def over(self, number: int) -> None:
        """Say that this call is over, however it went."""
        if number == self._number:
            self._number = 0

    def is_probe(self, number: int) -> bool:
        """Return whether this call was sent before its time."""
        return number == self._number

    def answered(self, number: int) -> bool:
        """Return whether this was the call, and so it is places that the endpoint lacks."""
        found = number == self._number
        self._places = self._places or found
        return found

    def places(self, number: int, *, impossible: bool) -> bool:
        """Return whether this refusal is for want of places.

        It is not where the call was sent before its time, or where that is impossible, because the
        endpoint has had more calls at once.
        """
        if number == self._number or (self._places and impossible):
            self._places = False
            self._skipped, self._seldom = self._seldom, 2 * self._seldom
        return self._places


def _paused_too_long(seconds: float, max_wait: float) -> AnswerError:
    """Return the failure of a call that would have to wait for too long."""
    return AnswerError(
        f"the endpoint asks to be left alone for {seconds:.0f} s, longer than an answer "
        f"may take ({max_wait:g} s)",
        kind="rate_limit",
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
