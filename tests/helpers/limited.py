"""Endpoints that take only so much: calls in flight at once, or requests a second.

As a process of its own, for benchmarks: `PYTHONPATH=tests python -m helpers.limited --places 64`
prints its URL on the first line.
"""

import argparse
from contextlib import suppress
from time import monotonic

from helpers.server import Body, Reply, Server

ANSWER = "Final answer: 1"
_TOO_MUCH = Reply("too many requests", status=429)


class InFlight:
    """Answers after `latency`, so many requests at once; the others are refused.

    Args:
        most: requests at once.
        latency: seconds.
        wait: the Retry-After of a refusal, always the same; None: it has none.

    Attributes:
        refused: requests that were.
    """

    def __init__(self, most: int, latency: float, wait: float | None = None) -> None:
        self.most, self.latency = most, latency
        self.refused = 0
        headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
        self._too_much = Reply("too many requests", status=429, headers=headers)
        self._ends: list[float] = []

    def __call__(self, _body: Body, _k: int) -> Reply:
        """Answer, or refuse."""
        now = monotonic()
        self._ends = [end for end in self._ends if end > now]
        if len(self._ends) >= self.most:
            self.refused += 1
            return self._too_much
        self._ends.append(now + self.latency)
        return Reply(ANSWER, latency=self.latency)


class PerSecond:
    """Answers so many requests in each second, at any moment of it; the others are refused.

    Args:
        most: requests a second.
        says: whether a refusal says how long to wait, in its Retry-After.
        window: length in seconds of what is called a second here.
    """

    def __init__(self, most: int, *, says: bool, window: float = 1.0) -> None:
        self.most, self.says, self.window = most, says, window
        self.refused = 0
        self._sent: list[float] = []

    def __call__(self, _body: Body, _k: int) -> Reply:
        """Answer, or refuse."""
        now = monotonic()
        self._sent = [at for at in self._sent if at > now - self.window]
        if len(self._sent) < self.most * self.window:
            self._sent.append(now)
            return Reply(ANSWER, latency=0.02)
        self.refused += 1
        if not self.says:
            return _TOO_MUCH
        wait = self._sent[0] + self.window - now
        return Reply("slow down", status=429, headers={"Retry-After": f"{wait:.3f}"})


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A limited server for benchmarks.")
    parser.add_argument("--places", type=int, help="requests at once")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each answer")
    parser.add_argument("--wait", type=float, help="Retry-After where no place is free")
    parser.add_argument("--per-second", type=int, help="requests a second, instead of places")
    options = parser.parse_args()
    limit = (
        PerSecond(options.per_second, says=True)
        if options.per_second
        else InFlight(options.places, options.latency, options.wait)
    )
    with Server(limit) as server, suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        server.join()


if __name__ == "__main__":
    main()
