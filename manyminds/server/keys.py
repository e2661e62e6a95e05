"""API keys: who may ask, how often, and how much they may spend."""

import hmac
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from manyminds.errors import BudgetError
from manyminds.server.config import Key, hash_of
from manyminds.settings import Budget

_BURST = 6.0  # seconds' worth of the rate that may come at once after a pause
_COUNTED = ("calls", "tokens", "dollars")


class Holder:
    """The holder of a key: a rate limit, and what was spent while the server runs.

    Args:
        key: Entry of the configuration. None: nobody is asked for a key.
    """

    def __init__(self, key: Key | None) -> None:
        self.name = "anybody" if key is None else key.name
        self._budget = None if key is None else key.budget
        rate = None if key is None else key.requests_per_minute
        self._interval = 0.0 if rate is None else 60.0 / rate
        self._free = 0.0
        self._spent = dict.fromkeys(_COUNTED, 0.0)

    def admit(self) -> float:
        """Count a request; return the seconds after which to try again, 0 where it is admitted."""
        now = time.monotonic()
        free = max(self._free, now - max(_BURST, self._interval))
        if free > now:
            return free - now
        self._free = free + self._interval
        return 0.0

    def budget(self, own: Budget | None) -> Budget | None:
        """Return the budget of the next run: the ensemble's, or what is left of the key's.

        Raises:
            BudgetError: Nothing is left of the key's budget.
        """
        if self._budget is None:
            return own
        limits: dict[str, Any] = {}
        for name in _COUNTED:
            most = getattr(self._budget, name)
            if most is None:
                continue
            left = most - self._spent[name]
            if left <= 0:
                raise BudgetError(f"the key {self.name} has spent its budget of {most:g} {name}")
            limits[name] = left if name == "dollars" else math.ceil(left)
        for name, value in (own or Budget()).model_dump(exclude_none=True).items():
            if name != "exhausted":
                limits[name] = min(value, limits.get(name, value))
        return Budget(**limits)

    def settle(self, report: Mapping[str, Any]) -> None:
        """Count what a run has spent."""
        self._spent["calls"] += report["calls"]
        self._spent["tokens"] += report["tokens"]["input"] + report["tokens"]["output"]
        self._spent["dollars"] += report["cost"] or 0.0


class Keys:
    """The holders by the hash of their keys; compared in constant time."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._holders = [(key.sha256, Holder(key)) for key in keys]
        self._anybody = Holder(None)

    def holder(self, authorization: str) -> Holder | None:
        """Return who sends this `Authorization` header; None: nobody that may ask."""
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
