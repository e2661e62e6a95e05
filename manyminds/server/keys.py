"""API keys: their owners, request limits and budgets."""

import hmac
import time
from collections.abc import Sequence

from manyminds.errors import BudgetError
from manyminds.limits.budget import BudgetCounter
from manyminds.server.config import Key, hash_of

_BURST = 6.0  # seconds' worth of the rate that may come at once after a pause


class Holder:
    """The holder of a key: a rate limit, and a budget that all runs of the key draw on.

    Args:
        key: Entry of the configuration. None: no key is needed.

    Attributes:
        name: Name for logs and metrics.
        counters: Counter of the key's budget, where it has one.
    """

    def __init__(self, key: Key | None) -> None:
        self.name = "anybody" if key is None else key.name
        budget = None if key is None else key.budget
        self.counters = () if budget is None else (BudgetCounter(budget),)
        rate = None if key is None else key.requests_per_minute
        self._interval = 0.0 if rate is None else 60.0 / rate
        self._free = 0.0

    def admit(self) -> float:
        """Count a request; return the seconds after which to try again, 0 where it is admitted."""
        now = time.monotonic()
        free = max(self._free, now - max(_BURST, self._interval))
        if free > now:
            return free - now
        self._free = free + self._interval
        return 0.0

    def check_budget(self) -> None:
        """Refuse a run for which nothing is left.

        Raises:
            BudgetError: A limit of the key's budget has been reached.
        """
        for counter in self.counters:
            if reason := counter.exhausted():
                raise BudgetError(f"the key {self.name} gets no more: {reason}")


class Keys:
    """The holders by the hash of their keys; compared in constant time."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._holders = [(key.sha256, Holder(key)) for key in keys]
        self._anybody = Holder(None)

    def holder(self, authorization: str) -> Holder | None:
        """Return the client of this `Authorization` header; None if it may not ask."""
        if not self._holders:
            return self._anybody
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        given, found = hash_of(key.strip()), None
        for known, holder in self._holders:  # all of them, so that time tells nothing
            if hmac.compare_digest(given, known):
                found = holder
        return found
