"""Which proposals an aggregator uses: likeness of its answer to each proposal, against scores.

Mixture-of-Agents (arXiv 2406.04692, figure 4): an aggregator that works leans on the proposals that
a judge scores best, so the likeness of its answer to a proposal rises with the proposal's score.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from manyminds.errors import InputError
from manyminds.evals.statistics.scipy_parts import scipy_stats
from manyminds.votes.similarity import matrix

METRICS = ("bleu", "levenshtein", "tfidf")


class Borrowing(NamedTuple):
    """How the likeness to proposals goes with their scores.

    Attributes:
        metric: How likeness is measured.
        correlation: Mean of Spearman's rank correlation over questions, -1 to 1.
        interval: 95 %, bootstrap over questions.
        n: Questions with at least two proposals, of different scores.
    """

    metric: str
    correlation: float
    interval: tuple[float, float]
    n: int


def borrowing(
    answers: Sequence[str],
    proposals: Sequence[Sequence[str]],
    scores: Sequence[Sequence[float]],
    *,
    metric: str = "bleu",
    seed: int = 0,
) -> Borrowing:
    """Correlate the likeness of an aggregated answer to each proposal with the proposals' scores.

    Args:
        answers: Aggregated answer to each question.
        proposals: For each question the answers that were aggregated.
        scores: A judge's score of each proposal, any scale.
        metric: One of `METRICS`; levenshtein and tfidf need the extra `similarity`.
        seed: Drives the bootstrap.

    Raises:
        InputError: Lengths differ, no question can be ranked, or a package is missing.
    """
    found = list[float]()
    spearman = scipy_stats().spearmanr
    for answer, given, judged in zip(answers, proposals, scores, strict=True):
        if len(given) != len(judged):
            raise InputError("give one score for every proposal")
        likeness = matrix([answer, *given], metric=metric)[0][1:]
        if len(set(judged)) > 1 and len({round(float(one), 12) for one in likeness}) > 1:
            found.append(float(spearman(likeness, judged).statistic))
    if not found:
        raise InputError("give at least one question whose proposals have different scores")
    mean = float(np.mean(found))
    if len(found) < 2:
        return Borrowing(metric, mean, (-1.0, 1.0), 1)
    around = scipy_stats().bootstrap(
        (np.array(found),), np.mean, method="percentile", n_resamples=4_000, batch=200,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return Borrowing(metric, mean, (float(around.low), float(around.high)), len(found))
