"""One early call during a pause tells a lack of slots from a limit of requests a minute."""


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
        """Return whether the server refused for lack of slots.

        It is not where the call was sent before its time, or where that is impossible, because the
        endpoint has had more calls at once.
        """
        if number == self._number or (self._places and impossible):
            self._places = False
            self._skipped, self._seldom = self._seldom, 2 * self._seldom
        return self._places
