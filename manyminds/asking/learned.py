"""The pace of an endpoint that says when to come back: learned from what it let through.

A refusal with a Retry-After means that so many requests a second are too many, not that so many at
once are. What got through until the endpoint opened again is what it takes in that time.
"""

import math

_KNEE = 0.9  # up to this share of the pace that was too much, it grows fast; then slowly
# So much more a second for each answer: at full pace it grows by this share in each second.
_FAST, _SLOWLY = 0.4, 0.4
_LEAST = 0.01  # seconds; who says less has not said when to come back


class LearnedPace:
    """Spaces the requests to an endpoint as it has lately let them through.

    Nothing is spaced before the first refusal. All times are those of the running loop.

    Attributes:
        rate: requests a second; None: not known yet.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self._knee = math.inf
        self._opens = self._next = self._credit = 0.0
        self._since: float | None = None  # when counting began
        self._passed = 0  # sent since then, less those that were refused

    @property
    def opens(self) -> float:
        """When the endpoint may be asked again."""
        return self._opens

    def refuse(self, now: float, seconds: float) -> bool:
        """Say that the endpoint refused a request, and for how long it wants to be left alone.

        Returns:
            Whether it said so; nothing is learned from a wait of no time.
        """
        if seconds < _LEAST:
            return False
        self._passed -= 1
        if now >= self._opens:
            self._next = now
            if self.rate is not None:
                self._knee = _KNEE * self.rate
        self._opens = max(self._opens, now + seconds)
        self._credit = self._opens - self._next
        return True

    def answer(self) -> None:
        """Say that a request was answered."""
        if self.rate is not None:
            self.rate += _FAST if self.rate < self._knee else _SLOWLY

    def due(self, now: float) -> float:
        """Return when the next request may be sent."""
        if self._credit and self._since is not None and now >= self._opens > self._since:
            self._learn(now)
        return max(self._opens, self._next)

    def send(self, now: float) -> None:
        """Say that a request is being sent."""
        self._since = now if self._since is None else self._since
        self._passed += 1
        if self.rate is not None:
            # What the endpoint could have taken while it was left alone, it takes now.
            self._next = max(self._next, now - self._credit) + 1 / self.rate

    def _learn(self, now: float) -> None:
        """Set the rate, now that it is open again and all that it refused has come back."""
        assert self._since is not None
        rate = max(self._passed, 1) / (now - self._since)
        # A request that took long may count for a time before, so it never falls by more.
        self.rate = rate if self.rate is None else max(rate, self.rate / 2)
        self._since, self._passed = now, 0
