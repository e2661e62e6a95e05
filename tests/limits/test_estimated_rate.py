import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from manyminds.limits.rate_limit import EstimatedRate

_BACK = 0.01  # seconds until an answer, or a refusal, is back


@dataclass
class Window:
    """A simulated endpoint that takes so many requests in any second.

    Attributes:
        most: requests a second.
        whole: it says when to come back in whole seconds.
        refused: requests that were.
    """

    most: int
    whole: bool = False
    refused: int = 0
    _taken: deque[float] = field(default_factory=deque[float])

    def wait(self, now: float) -> float:
        """Take a request, or say after how many seconds to come back."""
        while self._taken and self._taken[0] <= now - 1.0:
            self._taken.popleft()
        if len(self._taken) < self.most:
            self._taken.append(now)
            return 0.0
        self.refused += 1
        wait = self._taken[0] + 1.0 - now
        return math.ceil(wait) if self.whole else wait


@dataclass
class Bucket:
    """A simulated endpoint with a bucket of tokens, which a steady stream fills."""

    rate: float
    size: float
    refused: int = 0
    _full: float = -math.inf  # when there would be no token at all, going backwards

    def wait(self, now: float) -> float:
        """Take a request, or say after how many seconds to come back."""
        self._full = max(self._full, now - self.size / self.rate)
        if now - self._full >= 1 / self.rate:
            self._full += 1 / self.rate
            return 0.0
        self.refused += 1
        return self._full + 1 / self.rate - now


def seconds(endpoint: Window | Bucket, requests: int) -> float:
    """Send requests as fast as the pace lets them until so many were answered."""
    rate, now, answered = EstimatedRate(), 0.0, 0
    back: deque[tuple[float, int, float]] = deque()
    while answered < requests:
        due = rate.due(now)
        if back and back[0][0] <= max(due, now):
            now, number, wait = back.popleft()
            if wait:
                rate.refuse(number, now, wait)
            else:
                rate.answer()
                answered += 1
        else:
            # Somebody who sends from one processor needs 0.2 ms for each.
            now = max(due, now + 0.0002)
            if rate.due(now) <= now:
                back.append((now + _BACK, rate.send(now), endpoint.wait(now)))
    return now


@pytest.mark.parametrize(
    ("make", "rate"),
    [
        (lambda: Window(40), 40),
        (lambda: Window(40, whole=True), 40),
        (lambda: Window(400), 400),
        (lambda: Bucket(40, 10), 40),
        (lambda: Bucket(5, 50), 5),
    ],
    ids=["window", "whole seconds", "many", "bucket", "deep bucket"],
)
def test_an_endpoint_is_asked_as_often_as_it_takes(
    make: Callable[[], Window | Bucket], rate: float
) -> None:
    endpoint = make()
    requests = int(30 * rate)
    assert requests / seconds(endpoint, requests) >= 0.9 * rate
    assert endpoint.refused <= 3 * requests


def test_nothing_is_spaced_before_the_first_refusal() -> None:
    rate = EstimatedRate()
    assert [rate.send(1.0) for _ in range(100)] == list(range(1, 101))
    assert rate.due(1.0) <= 1.0 and rate.rate is None


def test_what_got_through_until_it_opened_is_the_pace_and_a_little_more_goes_at_once() -> None:
    rate = EstimatedRate()
    numbers = [rate.send(0.0) for _ in range(30)]
    for number in numbers[10:]:
        rate.refuse(number, 0.0, 2.0)
    assert rate.due(0.5) == 2.0
    assert rate.due(2.0) <= 2.0 and rate.rate == pytest.approx(5.0)
    at_once = 0
    while rate.due(2.0) <= 2.0:
        rate.send(2.0)
        at_once += 1
    assert at_once == pytest.approx(1.1 * 10, abs=1)
    assert rate.due(2.0) == pytest.approx(2.2, abs=0.01)


def test_a_refusal_that_comes_back_late_does_not_count_against_the_next_period() -> None:
    rate = EstimatedRate()
    numbers = [rate.send(0.0) for _ in range(20)]
    for number in numbers[10:15]:
        rate.refuse(number, 0.0, 1.0)
    assert rate.due(1.0) <= 1.0 and rate.rate == pytest.approx(15.0)
    for number in numbers[15:]:
        rate.refuse(number, 1.1, 1.0)
    for _ in range(15):
        rate.send(1.1)
    assert rate.due(2.1) and rate.rate == pytest.approx(15 / 1.1)


def test_it_falls_to_half_at_most_and_grows_with_every_answer() -> None:
    rate = EstimatedRate()
    for number in [rate.send(0.0) for _ in range(40)]:
        if number > 20:
            rate.refuse(number, 0.0, 1.0)
    rate.due(1.0)
    rate.refuse(rate.send(1.0), 1.0, 100.0)
    rate.due(101.0)
    assert rate.rate == pytest.approx(10.0)
    rate.answer()
    assert rate.rate is not None and rate.rate > 10.0
