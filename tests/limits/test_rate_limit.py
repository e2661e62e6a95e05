import pytest

from manyminds.limits.rate_limit import RateLimit, rate_limit


class Deadline:
    """The monotonic clock of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr("manyminds.limits.rate_limit.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Deadline:
    return Deadline(monkeypatch)


def test_after_a_burst_requests_are_spaced(clock: Deadline) -> None:
    limited = RateLimit(60.0, None)
    waits = [limited.book() for _ in range(10)]
    assert waits[:7] == [0.0] * 7 and waits[7:] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("step", [0.0, 0.3, 1.0, 5.0])
def test_no_minute_has_more_requests_than_allowed(clock: Deadline, step: float) -> None:
    limited, sent = RateLimit(30.0, None), list[float]()
    for _ in range(200):
        sent.append(clock.now + limited.book())
        clock.now += step
    most = max(sum(at <= other < at + 60 for other in sent) for at in sent)
    assert most <= 30 + 4  # the burst is six seconds' worth of it


def test_tokens_already_used_hold_back_what_follows(clock: Deadline) -> None:
    limited = RateLimit(None, 600.0)
    assert limited.book() == 0.0
    limited.settle(600)  # a whole minute's worth, less the burst of six seconds
    assert limited.book() == pytest.approx(54.0)
    clock.now += 200
    assert limited.book() == 0.0


def test_the_tighter_of_two_limits_counts(clock: Deadline) -> None:
    limited = RateLimit(6_000.0, 60.0)
    limited.book()
    limited.settle(120)
    assert limited.book() > 100


def test_an_endpoint_has_one_pace_for_each_pair_of_limits() -> None:
    assert rate_limit("e1", 10, None) is rate_limit("e1", 10, None)
    assert rate_limit("e1", 10, None) is not rate_limit("e2", 10, None)
    assert rate_limit("e1", 10, None) is not rate_limit("e1", 20, None)


def test_tokens_a_minute_hold_before_the_first_answer_by_estimate(clock: Deadline) -> None:
    limited = RateLimit(None, 60_000)
    waits = [limited.book(1_000) for _ in range(200)]
    assert sum(wait == 0 for wait in waits) <= 8 and waits[-1] > 180
