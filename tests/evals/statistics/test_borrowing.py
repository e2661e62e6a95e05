import pytest

from manyminds.errors import InputError
from manyminds.evals.statistics.borrowing import METRICS, borrowing

GIVEN = [
    "the cat sat on the mat by the door",
    "a dog ran over the hill in the rain",
    "seven ships sailed out of the harbour at dawn",
]


@pytest.mark.parametrize("metric", METRICS)
def test_an_answer_taken_from_the_best_goes_with_the_scores(metric: str) -> None:
    answer = "the cat sat on the mat by the door in the rain"
    found = borrowing([answer] * 3, [GIVEN] * 3, [[9, 5, 2]] * 3, metric=metric)
    against = borrowing([answer] * 3, [GIVEN] * 3, [[1, 5, 9]] * 3, metric=metric)
    assert found.correlation > 0.8 and against.correlation == pytest.approx(-found.correlation)
    assert found.n == 3 and found.metric == metric


def test_ranks_are_spearmans() -> None:
    # Likeness falls from the first to the last proposal; one exchange of neighbours gives 1/2.
    answer = "the cat sat on the mat by the door over the hill"
    assert borrowing([answer], [GIVEN], [[9, 2, 5]]).correlation == pytest.approx(0.5)


def test_scores_must_differ_somewhere() -> None:
    with pytest.raises(InputError, match="different scores"):
        borrowing(["x"], [GIVEN], [[5, 5, 5]])
    with pytest.raises(InputError, match="one score for every proposal"):
        borrowing(["x"], [GIVEN], [[5, 5]])
