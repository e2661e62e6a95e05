from itertools import product

from manyminds.evals.statistics.pareto import Priced, front


def test_what_is_beaten_in_both_is_off_the_front() -> None:
    points = {
        "dear": Priced(0.9, 10),
        "cheap": Priced(0.7, 1),
        "dearer": Priced(0.9, 11),
        "worse": Priced(0.6, 1),
        "middle": Priced(0.8, 4),
    }
    assert front(points) == ["cheap", "middle", "dear"]


def test_equal_methods_are_both_on_it() -> None:
    assert front({"b": Priced(0.5, 1), "a": Priced(0.5, 1)}) == ["a", "b"]


def test_no_point_of_the_front_is_beaten_and_every_other_is() -> None:
    points = {f"{a}{c}": Priced(a * c % 7, c) for a, c in product(range(1, 8), range(1, 8))}
    kept = front(points)
    for name, one in points.items():
        beaten = any(
            other.accuracy >= one.accuracy and other.cost <= one.cost and other != one
            for other in points.values()
        )
        assert beaten is (name not in kept)
