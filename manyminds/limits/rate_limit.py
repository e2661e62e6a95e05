"""When the next request to an endpoint may be sent: by limits that were set, or by its refusals.

`RateLimit` counts requests and tokens a minute. `EstimatedRate` learns the
rate of an endpoint that refuses requests with a Retry-After: such a refusal means that so many
requests a second are too many, not that so many at once are. The requests that got through until
the endpoint opened again are its rate.
"""

import math
import time
from dataclasses import dataclass

_BURST = 6.0  # seconds' worth of the limit that may be sent at once after a pause
_KNEE = 0.9  # up to this share of the rate that was too much, it grows fast; then slowly
_FAST, _SLOWLY = 0.5, 0.1  # so much more a second for each answer: 10 % a second at full rate
_AT_ONCE = 0.1  # no answer makes it grow by more than this share: some come once in a minute
_FALL = 0.5  # never less than this share of the earlier rate: a short outage says nothing
_MORE = 0.1  # more than it missed goes at once: too much shows soon, too little never would
_MOST_OFF = 8.0  # times by which one answer may exceed its estimate
_SPAN = 0.5  # seconds; a shorter count says little


@dataclass(frozen=True)
class Rates:
    """Limits of a member: requests a minute, and input and output tokens together a minute."""

    requests: float | None = None
    tokens: float | None = None


UNLIMITED = Rates()


class RateLimit:
    """Spaces requests so that no limit is exceeded; short bursts are let through.

    Members may allow different rates: each request is spaced by the rate of its own member. How
    many tokens a call will use is known only afterwards. Before, its own estimate stands for it,
    corrected by how far those so far were wrong, and the calls that follow make up for the rest.
    """

    def __init__(self) -> None:
        self._correction = 1.0
        # When requests and tokens are free again, by the monotonic clock.
        self._request_free = self._token_free = 0.0

    def due(self, rates: Rates) -> float:
        """Return the seconds until the next request may be sent."""
        if rates is UNLIMITED:
            return 0.0
        now = time.monotonic()
        request = 0.0 if rates.requests is None else self._request_free - now
        token = 0.0 if rates.tokens is None else self._token_free - now
        return max(0.0, request, token)

    def book(self, rates: Rates, estimate: float = 0.0) -> float:
        """Count a request that is being sent.

        Args:
            rates: Rates that its member allows.
            estimate: tokens of the request, in and out.

        Returns:
            The tokens that count until its answer has come.
        """
        if rates is UNLIMITED:
            return estimate
        booked = estimate * self._correction
        earliest = time.monotonic() - _BURST
        if rates.requests is not None:
            self._request_free = max(self._request_free, earliest) + 60.0 / rates.requests
        if rates.tokens is not None:
            self._token_free = max(self._token_free, earliest) + booked * 60.0 / rates.tokens
        return booked

    def settle(self, rates: Rates, tokens: int, booked: float = 0.0) -> None:
        """Say how many tokens a request that was booked has used.

        Args:
            rates: Rates that its member allows.
            tokens: tokens that it used; 0: unknown, so that what was booked stays.
            booked: tokens that were booked for it.
        """
        if rates.tokens is None or not tokens:
            return
        self._token_free += (tokens - booked) * 60.0 / rates.tokens
        if booked:
            self._correction *= 1 + (min(tokens / booked, _MOST_OFF) - 1) / 8


class EstimatedRate:
    """Spaces the requests to an endpoint as it has lately let them through.

    Nothing is spaced before the first refusal. All times are those of the running loop.

    Attributes:
        rate: requests a second; None: not known yet.
        sent: requests so far.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self.sent = 0
        self._knee = math.inf
        self._opens = self._next = self._credit = 0.0
        self._since: float | None = None  # when counting began
        self._before = self._refused = 0  # sent before that; refused of those sent since

    @property
    def opens(self) -> float:
        """When the endpoint may be asked again."""
        return self._opens

    def refuse(self, number: int, now: float, seconds: float) -> None:
        """Note that the endpoint refused a request, and the seconds that it asked to wait."""
        self._refused += number > self._before
        if now >= self._opens:
            self._next = now - _MORE * seconds
        self._opens = max(self._opens, now + seconds)
        self._credit = self._opens - self._next

    def answer(self) -> None:
        """Say that a request was answered."""
        if self.rate is not None:
            step = _FAST if self.rate < self._knee else _SLOWLY
            self.rate += min(step, _AT_ONCE * self.rate)

    def due(self, now: float) -> float:
        """Return when the next request may be sent."""
        span = 0.0 if self.rate is None else _SPAN
        if self._since is not None and now >= self._opens > self._since + span:
            self._learn(now)
        return max(self._opens, self._next)

    def send(self, now: float) -> int:
        """Say that a request is being sent, and return its number."""
        self._since = now if self._since is None else self._since
        if self.rate is not None:
            # Requests that the endpoint could have taken while it was idle, it takes now, and more.
            self._next = max(self._next, now - self._credit) + 1 / self.rate
        self.sent += 1
        return self.sent

    def reopen(self, now: float) -> None:
        """Say that the endpoint may be asked before its time."""
        self._opens = self._next = now
        self._credit, self._since = 0.0, None
        self._before, self._refused = self.sent, 0

    def _learn(self, now: float) -> None:
        """Set the rate, now that it is open again and all that it refused has come back."""
        assert self._since is not None
        passed = max(1, self.sent - self._before - self._refused)
        rate = passed / (now - self._since)
        if self.rate is None:
            self.rate = rate
        else:
            self._knee = _KNEE * self.rate
            self.rate = max(rate, _FALL * self.rate)
        self._since, self._before, self._refused = now, self.sent, 0
