"""How many calls to an endpoint may be in flight, found out by trying: additive up, halved down.

As in the congestion control of networks (Chiu and Jain, 1989): too much halves it, every answer
makes it a little wider.
"""

_KNEE = 0.9  # up to this share of what was too much, it grows fast; then slowly at first
_SLOWLY = 0.5  # so many more for the first whole width of answers, twice as many for the next
_MOST = 0.1  # but no larger share of it


class AdaptiveConcurrency:
    """Calls that may be in flight at once.

    Args:
        widest: at most, and to begin with.

    Attributes:
        now: Calls at once, a fraction of a call included.
        held: the most calls that were still in flight when all of a burst had come back that were
            refused: the endpoint has had that many at once.
    """

    __slots__ = ("_burst", "_calm", "_knee", "_rest", "_widest", "held", "now")

    def __init__(self, widest: float) -> None:
        self.now = self._knee = float(widest)
        self._widest, self._burst = widest, 0
        self.held = self._rest = 0
        self._calm = 0.0  # widths of answers since it has grown slowly

    def narrow(self, number: int, sent: int, in_flight: int, *, gently: bool = False) -> None:
        """Say that the endpoint refused a call.

        Args:
            number: of the call: one refusal of a burst halves, not each. The others of the burst
                only give up their places.
            sent: the number of the call that was sent last: the burst ends with it.
            in_flight: calls that are, with this one.
            gently: do not halve it, for refused calls stay away for long anyway.
        """
        if number > self._burst:
            self._burst, self.held = sent, max(self.held, self._rest)
            self._rest = in_flight - 1
            self._knee, self._calm = _KNEE * in_flight, 0.0
            self.now = max(1.0, self._knee if gently else in_flight / 2)
        else:  # this one's place stays empty, so the calls in flight may fit
            self._rest = min(self._rest, in_flight - 1)
            rest = max(1.0, self._rest)
            self.now = min(self.now, rest)
            self._knee = max(self.now, min(self._knee, rest))

    def widen(self) -> None:
        """Say that the endpoint answered a call."""
        if self.now < self._widest:
            step = 1.0
            if self.now >= self._knee:
                self._calm += 1 / self.now
                step = max(_SLOWLY, min(_SLOWLY * 2**self._calm, _MOST * self.now)) / self.now
            self.now = min(self._widest, self.now + step)
