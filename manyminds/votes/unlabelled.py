"""Weights of members without labels: how far each is trusted follows from agreement alone.

One-coin Dawid-Skene (1979) by expectation and maximisation, for open sets of answers; the weights
are the optimal ones of arXiv 2510.01499 for members that err independently.
"""

import math
from collections.abc import Hashable, Sequence

from manyminds.errors import InputError

_ROUNDS = 50
_LEAST_CHANGE = 1e-4
_START, _LEAST, _MOST = 0.7, 0.02, 0.99


def agreement_weights(
    votes: Sequence[Sequence[Hashable | None]], *, choices: int = 4
) -> list[float]:
    """Return a weight for each member from how it agrees with the others over many questions.

    It cannot know the truth: members that make the same mistakes look right to each other. Members
    that answer alike because they are alike gain weight together.

    Args:
        votes: For each question one vote a member, equal answers equal; None abstains.
        choices: Number of answers that a question has about, the right one included; a wrong
            member is taken to choose any of the others.

    Returns:
        Log odds of each member, never below 0; 1 for all where there is nothing to compare.

    Raises:
        InputError: The questions do not have the same number of members, or `choices` is below 2.
    """
    if choices < 2:
        raise InputError(f"choices={choices}: give at least 2")
    members = len(votes[0]) if votes else 0
    if any(len(row) != members for row in votes):
        raise InputError(f"Give {members} votes for every question, None where one abstains.")
    trust = [_START] * members
    for _ in range(_ROUNDS):
        weights = [_log_odds(one, choices) for one in trust]
        before, trust = trust, _trusted(votes, weights)
        changes = [abs(one - other) for one, other in zip(before, trust, strict=True)]
        if max(changes, default=0.0) < _LEAST_CHANGE:
            break
    found = [max(0.0, _log_odds(one, choices)) for one in trust]
    return found if any(found) else [1.0] * members


def trust_of(weight: float, *, choices: int = 4) -> float:
    """Return the share of right votes that a weight of `agreement_weights` stands for."""
    odds = math.exp(weight)
    return odds / (odds + choices - 1)


def _trusted(votes: Sequence[Sequence[Hashable | None]], weights: Sequence[float]) -> list[float]:
    """Return how often each member's vote is right, as the weighted votes have it."""
    right, cast = [1.0] * len(weights), [1 / _START] * len(weights)  # one question of the start
    for row in votes:
        support: dict[Hashable, float] = {}
        for vote, weight in zip(row, weights, strict=True):
            if vote is not None:
                support[vote] = support.get(vote, 0.0) + weight
        if len(support) < 2 and sum(vote is not None for vote in row) < 2:
            continue  # one vote alone says nothing of anybody
        top = max(support.values())
        chances = {vote: math.exp(one - top) for vote, one in support.items()}
        whole = sum(chances.values())
        for place, vote in enumerate(row):
            if vote is not None:
                right[place] += chances[vote] / whole
                cast[place] += 1
    return [min(max(r / c, _LEAST), _MOST) for r, c in zip(right, cast, strict=True)]


def _log_odds(trust: float, choices: int) -> float:
    return math.log(trust * (choices - 1) / (1 - trust))
