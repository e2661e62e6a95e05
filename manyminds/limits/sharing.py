"""Limits of endpoints that several processes share: each process keeps to its part."""

import math
from dataclasses import dataclass
from functools import lru_cache

from manyminds.limits.rate_limit import UNLIMITED, Rates


@dataclass
class _Shared:
    processes: int = 1


_shared = _Shared()


def share_limits(processes: int) -> None:
    """Say that this process is one of several that ask the same endpoints.

    From then on it sends its part of each member's requests and tokens a minute, and has its part
    of the calls in flight, at least one.

    Args:
        processes: Number of processes, this one included.
    """
    _shared.processes = max(1, processes)


def rates_of(requests: float | None, tokens: float | None) -> Rates:
    """Return this process's part of the requests and tokens a minute."""
    if requests is None and tokens is None:
        return UNLIMITED
    return _part(requests, tokens, _shared.processes)


@lru_cache(1_024)  # of the same few members, before every call
def _part(requests: float | None, tokens: float | None, processes: int) -> Rates:
    return Rates(
        None if requests is None else requests / processes,
        None if tokens is None else tokens / processes,
    )


def slots_of(concurrency: int) -> int:
    """Return this process's part of the calls in flight."""
    return math.ceil(concurrency / _shared.processes)
