import pytest

from manyminds.limits.concurrency import AdaptiveConcurrency


def narrowed(widest: int, in_flight: int, **how: bool) -> AdaptiveConcurrency:
    concurrency = AdaptiveConcurrency(widest)
    concurrency.narrow(in_flight, in_flight, in_flight, **how)
    return concurrency


def test_it_halves_what_was_in_flight_or_is_gentle() -> None:
    assert narrowed(256, 40).now == 20
    assert narrowed(256, 40, gently=True).now == 36
    assert narrowed(256, 1).now == 1


def test_a_burst_narrows_to_those_that_were_not_refused() -> None:
    concurrency = AdaptiveConcurrency(64)
    for refused in range(48):
        concurrency.narrow(64 - refused, 64, 64 - refused)
    assert concurrency.now == 16


def test_it_grows_fast_to_nine_tenths_of_what_was_too_much_and_then_slowly() -> None:
    concurrency = narrowed(256, 40)
    answers = 0
    while concurrency.now < 36:
        concurrency.widen()
        answers += 1
    assert answers == 16
    for _ in range(36):
        concurrency.widen()
    assert concurrency.now == pytest.approx(36.6, abs=0.3)


def test_the_longer_nothing_is_refused_the_faster_it_grows_up_to_the_widest() -> None:
    concurrency = narrowed(1_000, 100)
    while concurrency.now < 90:
        concurrency.widen()
    before, steps = concurrency.now, list[float]()
    for _ in range(12):
        for _ in range(int(concurrency.now)):
            concurrency.widen()
        steps.append(concurrency.now - before)
        before = concurrency.now
    assert steps[0] < steps[2] < steps[4] and steps[-1] <= 0.11 * concurrency.now
    for _ in range(10_000):
        concurrency.widen()
    assert concurrency.now == 1_000


def test_what_was_left_of_a_burst_is_what_the_endpoint_held() -> None:
    concurrency = AdaptiveConcurrency(64)
    for refused in range(48):
        concurrency.narrow(64 - refused, 64, 64 - refused)
    assert concurrency.held == 0
    concurrency.narrow(65, 65, 10)
    assert concurrency.held == 16
    concurrency.narrow(66, 66, 12)
    assert concurrency.held == 16
