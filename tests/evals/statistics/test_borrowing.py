import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sacrebleu import sentence_bleu
from scipy.stats import pearsonr, rankdata
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

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


WORDS = ["river", "bank", "loan", "a", "the", "of", "Tide", "rose", "and", "fell", "7", "again."]


def by_sacrebleu(answer: str, proposals: Sequence[str]) -> list[float]:
    return [sentence_bleu(answer, [one], lowercase=True).score for one in proposals]


def by_edits(answer: str, proposals: Sequence[str]) -> list[float]:
    def edits(one: str, other: str) -> int:
        row = list(range(len(other) + 1))
        for n, letter in enumerate(one, 1):
            before = row
            row = [n]
            for place, against in enumerate(other, 1):
                cheapest = min(before[place] + 1, row[-1] + 1)
                row.append(min(cheapest, before[place - 1] + (letter != against)))
        return row[-1]

    return [1 - edits(answer, one) / max(len(answer), len(one)) for one in proposals]


def by_sklearn(answer: str, proposals: Sequence[str]) -> list[float]:
    vectors: Any = TfidfVectorizer(token_pattern=r"\w+").fit_transform([answer, *proposals])
    return [float(vectors[0].multiply(one).sum()) for one in vectors[1:]]


@pytest.mark.parametrize(
    ("metric", "likeness"),
    [("bleu", by_sacrebleu), ("levenshtein", by_edits), ("tfidf", by_sklearn)],
)
def test_the_correlation_is_that_of_other_libraries(
    metric: str, likeness: Callable[[str, Sequence[str]], list[float]]
) -> None:
    draw = random.Random(7)

    def text() -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(4, 14)))

    proposals = [[text() for _ in range(draw.randint(3, 7))] for _ in range(25)]
    answers = [f"{draw.choice(given)} {text()}" for given in proposals]
    scores = [[draw.randint(1, 6) for _ in given] for given in proposals]
    expected = list[float]()
    for answer, given, judged in zip(answers, proposals, scores, strict=True):
        alike = [round(one, 12) for one in likeness(answer, given)]
        if len(set(alike)) > 1 and len(set(judged)) > 1:
            expected.append(float(pearsonr(rankdata(alike), rankdata(judged)).statistic))
    found = borrowing(answers, proposals, scores, metric=metric)
    assert found.n == len(expected) > 20
    assert found.correlation == pytest.approx(sum(expected) / len(expected), abs=1e-9)
    assert found.interval[0] < found.correlation < found.interval[1]
