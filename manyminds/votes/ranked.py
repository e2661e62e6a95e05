"""Votes over rankings: members order the candidates, as in peer review by a council."""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from manyminds.errors import InputError
from manyminds.votes.ballots import Ballot, by_score

Rankings = Sequence[Sequence[int]]
Authors = Sequence[int | None] | None


def borda(
    rankings: Rankings, n: int, *, authors: Authors = None, answers: Sequence[str] | None = None
) -> Ballot:
    """Return the ballot by Borda points: 1 for a first place down to 0 for a last, averaged.

    Candidates that a ranking leaves out share the points of the places left. An empty ranking
    abstains.

    Args:
        rankings: each an order of candidate indices, best first, possibly partial.
        n: the number of candidates.
        authors: for each ranking the candidate its author wrote, which it neither helps nor harms;
            give it so that self-votes are dropped fairly.
        answers: the candidates' answers, for the ballot; equal ones share a group.

    Raises:
        InputError: a ranking names a candidate that does not exist.
    """
    points: list[list[float]] = [[] for _ in range(n)]
    orders = _orders(rankings, n, authors)
    for order, eligible in orders:
        top = len(eligible) - 1
        left = (top - len(order)) / 2  # the mean of the places left over, counted from the last
        place = {candidate: top - at for at, candidate in enumerate(order)}
        for candidate in eligible:
            points[candidate].append(place.get(candidate, left) / top if top else 1.0)
    scores = [fmean(p) if p else None for p in points]
    return by_score("borda", scores, voters=len(orders), asked=len(rankings), answers=answers)


def condorcet(
    rankings: Rankings, n: int, *, authors: Authors = None, answers: Sequence[str] | None = None
) -> Ballot:
    """Return the ballot by pairwise majorities (Copeland): one point a pair won, half a pair drawn.

    A candidate that beats every other one by one wins, always. A ranked candidate beats one left
    out; two left out are not compared. Arguments and errors as for `borda`.
    """
    orders = _orders(rankings, n, authors)
    lead = [[0] * n for _ in range(n)]
    for order, eligible in orders:
        place = {candidate: at for at, candidate in enumerate(order)}
        for one, other in combinations(sorted(eligible), 2):
            first, second = place.get(one, n), place.get(other, n)
            lead[one][other] += (first < second) - (first > second)
    scores = [0.0] * n
    for one, other in combinations(range(n), 2):
        balance = lead[one][other]
        scores[one] += 0.5 + 0.5 * ((balance > 0) - (balance < 0))
        scores[other] += 0.5 + 0.5 * ((balance < 0) - (balance > 0))
    usable = scores if orders else [None] * n
    return by_score("condorcet", usable, voters=len(orders), asked=len(rankings), answers=answers)


def _orders(rankings: Rankings, n: int, authors: Authors) -> list[tuple[list[int], set[int]]]:
    """Return each ranking that is not empty, without repeats, and the answers it may rank."""
    if authors is not None and len(authors) != len(rankings):
        raise InputError(f"give one author a ranking: {len(rankings)}, not {len(authors)}")
    orders: list[tuple[list[int], set[int]]] = []
    for number, ranking in enumerate(rankings):
        wrong = next((c for c in ranking if not 0 <= c < n), None)
        if wrong is not None:
            raise InputError(f"ranking {number} names candidate {wrong}; there are 0 to {n - 1}")
        author = authors[number] if authors is not None else None
        eligible = set(range(n)) - {author}
        order = [c for c in dict.fromkeys(ranking) if c in eligible]
        if order:
            orders.append((order, eligible))
    return orders
