"""The limiter of an endpoint: how many calls are in flight at once, and how soon the next starts.

An endpoint has one limiter for the whole process: its calls in flight, requests and tokens are
counted over all threads and event loops, and runs take turns. A method that is a member takes no
slot: only the calls it makes do.
"""

import asyncio
import os
import threading
import time
import weakref
from collections.abc import Hashable
from math import inf

from manyminds.errors import AnswerError
from manyminds.limits.concurrency import AdaptiveConcurrency
from manyminds.limits.probe import HalfOpenProbe
from manyminds.limits.rate_limit import UNLIMITED, EstimatedRate, RateLimit, Rates
from manyminds.limits.turns import FairQueue, Turn, running_loop

_PAUSE, _LONGEST_PAUSE = 0.05, 10.0
_FEWER = 0.8  # an endpoint that refuses one more than so much of what it once held has places left
_SHORT = 0.05  # seconds that can as well be waited for
_TINY = 1e-6  # seconds, by which two times of the same alarm may differ
_YEAR = 365 * 86_400.0


class EndpointLimiter:
    """Sends as many calls at once as an endpoint takes; event loops and runs take turns.

    Concurrency starts at the maximum. When the endpoint returns 429, concurrency halves, once for
    all calls that were in flight, and grows with every answer. A 429 with Retry-After means that
    the request rate was too high: no call is sent before that time, and then calls are sent at the
    rate at which they lately got through, a little faster with every answer.

    Some endpoints send Retry-After although they lack slots, and have one again long before. So
    when an answer comes while all calls wait, one call is sent early (`HalfOpenProbe`). If it is
    answered, the endpoint lacks slots: from then on only the refused call itself waits.

    Args:
        maximum: calls in flight at most, where calls do not say so themselves.

    Attributes:
        served: answers so far. A refused call sees from it whether other calls get through.
    """

    def __init__(self, maximum: int = 1) -> None:
        self.served = 0
        self._maximum = self._most = maximum
        self._adaptive = AdaptiveConcurrency(inf)
        self._limit, self._estimate, self._probe = RateLimit(), EstimatedRate(), HalfOpenProbe()
        self._refused = self._paced = False  # so far; a refusal says when to come back
        self._waiting = FairQueue()
        self._in_flight: dict[int, Turn] = {}
        self._of_run: dict[str, int] = {}  # in flight
        self._present: dict[int, int] = {}  # calls, waiting or in flight, by their maximum
        self._opens = self._blocked_since = self._pause = 0.0
        # When each loop will look again whether calls can be sent.
        self._alarms: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, float]
        self._alarms = weakref.WeakKeyDictionary()
        self._lock = threading.RLock()

    @property
    def concurrency(self) -> float:
        """Calls that may be in flight now."""
        return float(self._most) if self._paced else min(self._most, self._adaptive.now)

    @property
    def _has_room(self) -> bool:
        count = len(self._in_flight)
        return count < self._most and (self._paced or count + 1 <= self._adaptive.now)

    @property
    def is_idle(self) -> bool:
        """Whether at most one call is in flight, and no other one could be."""
        with self._lock:
            return len(self._in_flight) <= 1 and (self.concurrency < 2 or not self._waiting)

    @property
    def blocked_for(self) -> float:
        """Seconds in which the endpoint has refused calls and answered none."""
        return _now() - self._blocked_since if self._blocked_since else 0.0

    async def enter(
        self,
        max_wait: float,
        *,
        run: str = "",
        most: int | None = None,
        rates: Rates = UNLIMITED,
        estimate: float = 0.0,
        until: float | None = None,
    ) -> int:
        """Wait for a slot; `leave` gives it back.

        Args:
            max_wait: seconds to wait at most where the endpoint asks for a pause.
            run: id of the run around it; runs take turns.
            most: calls of this run in flight at once; default: the limiter's maximum.
            rates: requests and tokens a minute; default: no limit.
            estimate: tokens of the call, in and out, for a limit of tokens a minute.
            until: when the call gives up, by the clock of the loop; default: never.

        Returns:
            The number of the call, for `answer`, `refuse` and `leave`.

        Raises:
            AnswerError: the endpoint asks for a longer pause.
            TimeoutError: it is `until`, and there was no slot.
        """
        most = most or self._maximum
        turn = Turn(run, most, max_wait, rates, estimate)
        with self._lock:
            now = turn.loop.time()
            self._expect(most)
            if not self._waiting and self._may_send(turn) and self._wait(rates, now) <= 0:
                self._send(turn, now)
            else:
                self._waiting.add(turn)
                self._send_waiting()
            if not turn.number and turn.error is None:
                turn.future = turn.loop.create_future()
        try:
            if turn.future is not None and until is None:
                await turn.future
            elif turn.future is not None:
                async with asyncio.timeout_at(until):
                    await turn.future
        except BaseException:
            with self._lock:
                turn.gone = True
                if turn.number:  # it was our turn just when we gave up
                    self.leave(turn.number)
                elif turn.error is None:
                    self._forget(turn)
                    self._send_waiting()
            raise
        if turn.error is not None:
            raise turn.error
        return turn.number

    def leave(self, number: int) -> None:
        """Give a slot back."""
        with self._lock:
            turn = self._in_flight.pop(number)
            self._of_run[turn.run] -= 1
            if not self._of_run[turn.run]:
                del self._of_run[turn.run]
            self._forget(turn)
            self._probe.over(number)
            if not self._waiting.is_empty:
                self._send_waiting()

    def answer(self, number: int, tokens: int) -> None:
        """Note that the endpoint answered a call; it leaves next, which sends waiting calls."""
        with self._lock:
            self.served += 1
            turn = self._in_flight.get(number)
            if turn is not None:
                self._limit.settle(turn.rates, tokens, turn.booked)
            if self._refused:
                self._recover(number)

    def _recover(self, number: int) -> None:
        """Send more calls than after the last refusal, now that the endpoint answered one."""
        self._blocked_since = self._pause = 0.0
        self._estimate.answer()
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
        with self._lock:
            return self._refuse(number, seconds, pause)

    def _refuse(self, number: int, seconds: float | None, pause: float) -> float:
        now, wait = _now(), seconds or 0.0
        self._refused, self._blocked_since = True, self._blocked_since or now
        early = self._probe.is_probe(number)
        beside, held = self._in_flight[number].in_flight, self._adaptive.held
        places = self._probe.places(number, impossible=beside <= max(1, _FEWER * held))
        self._paced = bool(seconds) and not places
        if seconds and self._paced:
            if now >= self._estimate.opens:
                self._probe.closed()
            # A call that came too early gets a later time, which does not hold for the others.
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

    def _send_waiting(self) -> None:
        """Send the calls whose turn it is, and schedule the next look."""
        while not self._waiting.is_empty and (self._paced or self._has_room):
            turn = self._waiting.first(self._may_send)
            if turn is None:
                return
            now = _now()
            wait = self._wait(turn.rates, now)
            left = self._estimate.opens - now if self._paced else 0.0
            if wait > 0 and left <= turn.max_wait:
                if wait < inf:
                    self._look_again(turn.loop, wait)
                return
            self._waiting.take(turn)
            if wait > 0:
                turn.error = paused_too_long(left, turn.max_wait)
                self._forget(turn)
            else:
                self._send(turn, now)
            if not turn.settle() and turn.number:
                self.leave(turn.number)

    def _look_again(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """Have the event loop of the next call look again after so many seconds."""
        at = _now() + seconds
        if self._alarms.get(loop, inf) <= at + _TINY:
            return
        self._alarms[loop] = at
        if running_loop() is loop:
            loop.call_later(seconds, self._alarm, loop, at)
        else:
            loop.call_soon_threadsafe(loop.call_later, seconds, self._alarm, loop, at)

    def _alarm(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        with self._lock:
            if self._alarms.get(loop) == at:  # else an earlier one took its place
                del self._alarms[loop]
                self._send_waiting()

    def _may_send(self, turn: Turn) -> bool:
        """Return whether the run of a call has fewer calls in flight than it may have."""
        return self._of_run.get(turn.run, 0) < turn.most

    def _wait(self, rates: Rates, now: float) -> float:
        """Return the seconds until the next call may be sent; infinite: until one ends."""
        if not self._has_room:
            return inf
        due = self._limit.due(rates)
        if not self._paced:
            return max(self._opens - now, due)
        if now < self._estimate.opens - _SHORT and self._probe.due:
            return due
        return max(self._opens - now, self._estimate.due(now) - now, due)

    def _send(self, turn: Turn, now: float) -> None:
        turn.number = self._estimate.send(now)
        turn.booked = self._limit.book(turn.rates, turn.estimate)
        if self._paced and now < self._estimate.opens:
            self._probe.sent(turn.number)
        self._in_flight[turn.number] = turn
        turn.in_flight = len(self._in_flight)
        self._of_run[turn.run] = self._of_run.get(turn.run, 0) + 1

    def _expect(self, most: int) -> None:
        """Count a call that waits, or is in flight, and the calls that it allows at once."""
        if most in self._present:
            self._present[most] += 1
        else:
            self._present[most] = 1
            self._most = max(self._present)

    def _forget(self, turn: Turn) -> None:
        """Stop counting a call that left or gave up."""
        self._present[turn.most] -= 1
        if not self._present[turn.most]:
            del self._present[turn.most]
            self._most = max(self._present, default=self._maximum)


_limiters: dict[Hashable, EndpointLimiter] = {}
_lock = threading.Lock()


def limiter(endpoint: Hashable, owner: object = None) -> EndpointLimiter:
    """Return the limiter that all calls to `endpoint` in this process share.

    Args:
        endpoint: Key that tells it from others.
        owner: the object that `endpoint` is the id of; its limiter ends with it.
    """
    found = _limiters.get(endpoint)
    if found is not None:
        return found
    with _lock:
        found = _limiters.get(endpoint)  # unless another thread was quicker
        if found is None:
            found = _limiters[endpoint] = EndpointLimiter()
            if owner is not None:
                weakref.finalize(owner, _limiters.pop, endpoint, None)
        return found


def forget_all() -> None:
    """Forget all limiters, as a new process would."""
    _limiters.clear()


def _after_fork() -> None:
    """Forget the calls of the parent process, and locks that its threads held."""
    global _lock
    _lock = threading.Lock()
    _limiters.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def paused_too_long(seconds: float, max_wait: float) -> AnswerError:
    """Return the failure of a call that would have to wait for too long."""
    wait = f"{seconds:.0f} s" if seconds < _YEAR else "more than a year"
    return AnswerError(
        f"the endpoint asks to be left alone for {wait}, longer than an answer "
        f"may take ({max_wait:g} s)",
        kind="rate_limit",
    )


def _now() -> float:
    """Return the time of event loops, which is the monotonic clock's."""
    loop = running_loop()
    return time.monotonic() if loop is None else loop.time()
