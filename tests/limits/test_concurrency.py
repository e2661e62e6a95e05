import pytest

from manyminds.limits.concurrency import AdaptiveConcurrency


def narrowed(widest: int, in_flight: int, **how: bool) -> AdaptiveConcurrency:
    width = AdaptiveConcurrency(widest)
    width.narrow(in_flight, in_flight, in_flight, **how)
    return width


def test_it_halves_what_was_in_flight_or_is_gentle() -> None:
    assert narrowed(256, 40).now == 20
    assert narrowed(256, 40, gently=True).now == 36
    assert narrowed(256, 1).now == 1


def test_a_burst_narrows_to_those_that_were_not_refused() -> None:
    width = AdaptiveConcurrency(64)
    for refused in range(48):
        width.narrow(64 - refused, 64, 64 - refused)
    assert width.now == 16


def test_it_grows_fast_to_nine_tenths_of_what_was_too_much_and_then_slowly() -> None:
    width = narrowed(256, 40)
    answers = 0
    while width.now < 36:
        width.widen()
        answers += 1
    assert answers == 16
    for _ in range(36):
        width.widen()
    assert width.now == pytest.approx(36.6, abs=0.3)


def test_the_longer_nothing_is_refused_the_faster_it_grows_up_to_the_widest() -> None:
    width = narrowed(1_000, 100)
    while width.now < 90:
        width.widen()
    before, steps = width.now, list[float]()
    for _ in range(12):
        for _ in range(int(width.now)):
            width.widen()
        steps.append(width.now - before)
        before = width.now
    assert steps[0] < steps[2] < steps[4] and steps[-1] <= 0.11 * width.now
    for _ in range(10_000):
        width.widen()
    assert width.now == 1_000


def test_what_was_left_of_a_burst_is_what_the_endpoint_held() -> None:
    width = AdaptiveConcurrency(64)
    for refused in range(48):
        width.narrow(64 - refused, 64, 64 - refused)
    assert width.held == 0
    width.narrow(65, 65, 10)
    assert width.held == 16
    width.narrow(66, 66, 12)
    assert width.held == 16
