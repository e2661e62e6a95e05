from math import comb

import pytest

from manyminds.errors import InputError
from manyminds.evals.statistics.scaling import VoteLaw, continued, fit_vote_law, recommend


def majority(p: float, size: int) -> float:
    """The chance of a majority of right votes, counted out; `size` is odd."""
    return sum(
        comb(size, right) * p**right * (1 - p) ** (size - right)
        for right in range(size // 2 + 1, size + 1)
    )


@pytest.mark.parametrize("size", [1, 3, 7, 21])
def test_the_law_is_the_majority_of_both_kinds(size: int) -> None:
    law = VoteLaw(0.7, 0.8, 0.3, 0.0, 21)
    assert law(size) == pytest.approx(0.7 * majority(0.8, size) + 0.3 * majority(0.3, size))


def test_the_law_is_found_again_and_may_fall() -> None:
    sizes = [1, 3, 5, 9, 21, 41]
    truth = VoteLaw(0.6, 0.85, 0.42, 0.0, 41)
    law = fit_vote_law(sizes, [truth(size) for size in sizes])
    assert law.error < 1e-6
    assert (law.easy, law.p_easy, law.p_hard) == pytest.approx((0.6, 0.85, 0.42), abs=1e-3)
    best = recommend(law, law.most)
    assert 3 <= best.samples <= 9 and law(41) < best.accuracy, "more votes are worse here"


def test_the_least_number_that_reaches_a_target() -> None:
    law = VoteLaw(1.0, 0.6, 0.4, 0.0, 40)
    found = recommend(law, law.most, target=0.9)
    assert found.reached and law(found.samples) >= 0.9 > law(found.samples - 2)
    assert found.samples == 41 and not found.measured
    missed = recommend(law, law.most, target=0.9, most=11)
    assert not missed.reached and missed.samples == 11


def test_what_gains_next_to_nothing_is_not_recommended() -> None:
    law = VoteLaw(1.0, 0.95, 0.4, 0.0, 39)
    found = recommend(law, law.most)
    assert found.samples == 5 and found.measured
    assert recommend(law, law.most, most=1).samples == 1
    with pytest.raises(InputError, match="pays for 0 samples"):
        recommend(law, law.most, most=0)


def test_two_sizes_are_too_few() -> None:
    with pytest.raises(InputError, match="three different numbers"):
        fit_vote_law([1, 1, 3], [0.5, 0.5, 0.6])


def test_what_was_measured_is_not_replaced_by_the_law() -> None:
    points = {1: 0.55, 3: 0.7, 9: 0.9}
    law = fit_vote_law(list(points), list(points.values()))
    accuracy = continued(points, law)
    assert [accuracy(size) for size in points] == list(points.values())
    assert accuracy(5) == pytest.approx(0.7 + 0.2 / 3)
    assert 0.9 <= accuracy(15) <= 1.0 and accuracy(9.01) == pytest.approx(0.9, abs=0.01)
    assert recommend(accuracy, 9, target=0.7).samples == 3


def test_the_number_that_was_measured_may_be_even() -> None:
    points = {1: 0.63, 3: 0.74, 5: 0.84, 7: 0.88, 8: 0.90}
    accuracy = continued(points, fit_vote_law(list(points), list(points.values())))
    assert recommend(accuracy, 8).samples == 8, "7 samples lose two points against it"
    assert recommend(accuracy, 8, most=7).samples == 7
