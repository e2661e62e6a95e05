import pytest

from manyminds.errors import InputError
from manyminds.evals.statistics.debate import persuasion


def test_who_is_convinced_by_what() -> None:
    debates = [
        [[True, False], [True, True]],  # adopts
        [[True, False], [False, False], [False, False]],  # is misled
        [[False, False], [True, False], [True, False]],  # finds it alone; no one to adopt from
        [[True, True], [True, True]],  # nobody to be misled by
    ]
    found = persuasion(debates, [True, False, True, True])
    # Wrong next to a right one: q1 (adopted), q2 round 1, q3 round 2.
    assert found.adoption == pytest.approx(1 / 3)
    # Right next to a wrong one: q1 (kept), q2 round 1 (lost), q3 round 2 (kept).
    assert found.vulnerability == pytest.approx(1 / 3)
    assert found.oracle_gap == 0.25
    assert (found.first, found.last) == (0.5, 5 / 8)
    assert found.adoption_interval[0] < 1 / 3 < found.adoption_interval[1]


def test_debaters_must_stay_the_same() -> None:
    with pytest.raises(InputError, match="same debaters"):
        persuasion([[[True], [True, False]]], [True])
    with pytest.raises(InputError, match="at least one debate"):
        persuasion([], [])
