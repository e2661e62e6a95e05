import pytest

from manyminds.errors import InputError
from manyminds.evals.statistics.roles import role_effects


def test_a_model_can_be_good_in_one_role_only() -> None:
    quality = {"a": (0.6, 0.1), "b": (0.2, 0.4)}  # as proposer, as aggregator
    results = {(p, g): [quality[p][0] + quality[g][1]] * 5 for p in quality for g in quality}
    a, b = role_effects(results)
    assert (a.model, b.model) == ("a", "b")
    assert a.proposing == pytest.approx(0.4) and a.aggregating == pytest.approx(-0.3)
    assert b.proposing == pytest.approx(-0.4) and b.aggregating == pytest.approx(0.3)
    low, high = a.proposing_interval
    assert low < 0.4 < high  # five equal questions do not prove that all are


def test_a_row_alone_compares_nobody() -> None:
    with pytest.raises(InputError, match="at least two models"):
        role_effects({("a", "b"): [1.0], ("a", "c"): [0.0]})
    with pytest.raises(InputError, match="on each question"):
        role_effects({("a", "b"): [1.0], ("b", "a"): [0.0, 1.0]})
