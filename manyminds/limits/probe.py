"""Whether an endpoint that wants to be left alone lacks places only, and has one again long before.

A limit of calls in flight and a limit of requests a minute are refused with the same status, often
with a fixed time to wait that says nothing. One call that is sent before its time tells them apart.
"""


class HalfOpenProbe:
    """Says when to send a call before its time, and what came of it.

    An endpoint where it was of no use is tried ever more seldom.
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
        """Say that the endpoint wants to be left alone from now on."""
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
