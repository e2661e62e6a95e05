"""Requests and tokens a minute: when the next request to an endpoint may be sent.

Counted once for the process, whatever loop or thread a call comes from.
"""

import threading
import time
from collections.abc import Hashable

_BURST = 6.0  # seconds' worth of the limit that may be sent at once after a quiet time
_lock = threading.Lock()


class RateLimit:
    """Spaces requests so that neither limit is exceeded; short bursts are let through.

    How many tokens a call will use is known only afterwards. Before, the average of those so far
    stands for it, and the difference is made up for by the calls that follow.

    Args:
        requests: a minute; None: no limit.
        tokens: input and output tokens a minute together; None: no limit.
    """

    def __init__(self, requests: float | None, tokens: float | None) -> None:
        self._request = 0.0 if requests is None else 60.0 / requests
        self._token = 0.0 if tokens is None else 60.0 / tokens
        self._usual = 0.0
        # When requests and tokens are free again, by the monotonic clock.
        self._request_free = self._token_free = 0.0

    def book(self) -> float:
        """Book a place for a request and return the seconds to wait before sending it."""
        with _lock:
            now = time.monotonic()
            request = max(self._request_free, now - _BURST)
            token = max(self._token_free, now - _BURST)
            self._request_free = request + self._request
            self._token_free = token + self._usual * self._token
        # What is booked first is sent at once: the wait is for what was booked before.
        return max(0.0, request - now, token - now)

    def settle(self, tokens: int) -> None:
        """Say how many tokens a request that was booked has used."""
        with _lock:
            self._token_free += (tokens - self._usual) * self._token
            self._usual += (tokens - self._usual) / 8


_paces: dict[Hashable, RateLimit] = {}


def pace(endpoint: Hashable, requests: float | None, tokens: float | None) -> RateLimit:
    """Return the pace of an endpoint, the same one in all threads."""
    with _lock:
        return _paces.setdefault((endpoint, requests, tokens), RateLimit(requests, tokens))
