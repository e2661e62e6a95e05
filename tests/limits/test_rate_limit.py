import pytest

from manyminds.limits.rate_limit import RateLimit, Rates


class Clock:
    """The monotonic clock of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr("manyminds.limits.rate_limit.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def sent(limited: RateLimit, rates: Rates, estimate: float = 0.0) -> float:
    """Send a request as soon as it may be, and return the seconds until then."""
    wait = limited.due(rates)
    limited.book(rates, estimate)
    return wait


def test_after_a_burst_requests_are_spaced(clock: Clock) -> None:
    limited = RateLimit()
    waits = [sent(limited, Rates(60.0)) for _ in range(10)]
    assert waits[:7] == [0.0] * 7 and waits[7:] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("step", [0.0, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("others", [30.0, 31.0, 25.0])
def test_no_minute_has_more_requests_than_allowed(clock: Clock, step: float, others: float) -> None:
    limited, times = RateLimit(), list[float]()
    for number in range(200):
        times.append(clock.now + sent(limited, Rates(others if number % 2 else 30.0)))
        clock.now += step
    most = max(sum(at <= other < at + 60 for other in times) for at in times)
    assert most <= 31 + 4  # the burst is six seconds' worth of it


def test_tokens_already_used_hold_back_what_follows(clock: Clock) -> None:
    limited, rates = RateLimit(), Rates(None, 600.0)
    assert sent(limited, rates) == 0.0
    limited.settle(rates, 600)  # a whole minute's worth, less the burst of six seconds
    assert sent(limited, rates) == pytest.approx(54.0)
    clock.now += 200
    assert sent(limited, rates) == 0.0


def test_the_tighter_of_two_limits_counts(clock: Clock) -> None:
    limited, rates = RateLimit(), Rates(6_000.0, 60.0)
    sent(limited, rates)
    limited.settle(rates, 120)
    assert sent(limited, rates) > 100


def test_a_member_without_a_limit_waits_for_none(clock: Clock) -> None:
    limited = RateLimit()
    for _ in range(100):
        sent(limited, Rates(1.0))
    assert limited.due(Rates()) == 0.0 and limited.due(Rates(1.0)) > 0


def test_tokens_a_minute_hold_before_the_first_answer_by_estimate(clock: Clock) -> None:
    limited = RateLimit()
    waits = [sent(limited, Rates(None, 60_000), 1_000) for _ in range(200)]
    assert sum(wait == 0 for wait in waits) <= 8 and waits[-1] > 180


def test_a_long_prompt_counts_as_such_after_short_ones(clock: Clock) -> None:
    limited, rates = RateLimit(), Rates(None, 60_000)
    for _ in range(20):
        limited.settle(rates, 50, limited.book(rates, 60))
        clock.now += 60
    waits = [sent(limited, rates, 10_000) for _ in range(30)]
    assert waits[0] == 0.0 and waits[-1] > 150


def test_estimates_are_corrected_by_what_calls_used(clock: Clock) -> None:
    limited, rates, booked = RateLimit(), Rates(None, 60_000), 0.0
    for _ in range(60):
        booked = limited.book(rates, 4_000)
        limited.settle(rates, 200, booked)
        clock.now += 1
    assert 200 <= booked < 250


def test_a_call_without_reported_tokens_counts_as_estimated(clock: Clock) -> None:
    limited, rates = RateLimit(), Rates(None, 60_000)
    waits = list[float]()
    for _ in range(100):
        waits.append(limited.due(rates))
        limited.settle(rates, 0, limited.book(rates, 1_000))
    assert waits[-1] > 80
