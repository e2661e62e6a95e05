"""Peer review: when its outcome is certain, and whose ranking is unlike those of the others."""

import math
from collections.abc import Sequence
from statistics import median, pstdev

from manyminds.votes.ranked import borda

# How many standard deviations below the median agreement a ranking dissents.
_FAR = 1.5


def settled(rankings: Sequence[Sequence[int] | None], authors: Sequence[int], n: int) -> bool:
    """Return whether the leader by Borda points stays first with any missing rankings.

    Args:
        rankings: each an order of candidate indices as for `borda` (empty: it abstains); None
            where it is still to come, and may rank, leave out or abstain as it likes.
        authors: for each ranking the candidate its author wrote, which it does not rank.
        n: the number of candidates.
    """
    known = [(list(r), a) for r, a in zip(rankings, authors, strict=True) if r]
    missing = [a for r, a in zip(rankings, authors, strict=True) if r is None]
    if not known:
        return False
    scores = borda([r for r, _ in known], n, authors=[a for _, a in known])["scores"]
    lowest, highest = list[float](), list[float]()
    for candidate, score in enumerate(scores):
        votes = sum(author != candidate for _, author in known)
        more = sum(author != candidate for author in missing)
        points = 0.0 if score is None else score * votes
        lowest.append(points / max(1, votes + more))
        highest.append((points + more) / max(1, votes + more))
    leader = max(range(n), key=lambda candidate: lowest[candidate])
    return all(lowest[leader] > highest[other] + 1e-9 for other in range(n) if other != leader)


def rank_correlation(order: Sequence[int], reference: Sequence[int]) -> float | None:
    """Return Kendall's tau of an order with a reference, over the candidates that both have.

    1: the same order, -1: the opposite; None where fewer than two are in both.
    """
    place = {candidate: at for at, candidate in enumerate(reference)}
    places = [place[candidate] for candidate in dict.fromkeys(order) if candidate in place]
    pairs = math.comb(len(places), 2)
    if not pairs:
        return None
    right = sum(first < second for at, first in enumerate(places) for second in places[at + 1 :])
    return (2 * right - pairs) / pairs


def dissenting(correlations: Sequence[float | None]) -> list[bool]:
    """Tell which rankings are far from the common order: below the median less 1.5 deviations.

    Args:
        correlations: of each ranking with the common order; None never dissents.
    """
    known = [correlation for correlation in correlations if correlation is not None]
    if not known:
        return [False] * len(correlations)
    limit = median(known) - _FAR * pstdev(known)
    return [c is not None and c < limit - 1e-9 for c in correlations]
