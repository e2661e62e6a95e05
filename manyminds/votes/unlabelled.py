"""Weights of members without labels: how far each is trusted follows from agreement alone.

One-coin Dawid-Skene (1979) by expectation and maximisation, for open sets of answers; the weights
are the optimal ones of arXiv 2510.01499 for members that err independently.
"""

import math
from collections.abc import Hashable, Mapping, Sequence

from manyminds.errors import InputError
from manyminds.locks import Lock

ENOUGH = 20
"""Questions from which weights are worth more than the majority."""
_ROUNDS = 50
_LEAST_CHANGE = 1e-4
_START, _LEAST, _MOST = 0.7, 0.02, 0.99
_ONE_RIGHT = (1.0, 1 / _START)  # right votes and votes that each member begins with


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
        raise InputError(f"give {members} votes for every question, None where one abstains")
    trust = [_START] * members
    for _ in range(_ROUNDS):
        weights = [_log_odds(one, choices) for one in trust]
        before, trust = trust, _trusted(votes, weights)
        changes = [abs(one - other) for one, other in zip(before, trust, strict=True)]
        if max(changes, default=0.0) < _LEAST_CHANGE:
            break
    return _weights(trust, choices)


def trust_of(weight: float, *, choices: int = 4) -> float:
    """Return the share of right votes that a weight of `agreement_weights` stands for."""
    odds = math.exp(weight)
    return odds / (odds + choices - 1)


class AgreementWeights:
    """Weights that one question after another teaches, without labels.

    Each question is weighed with what was learned from those before it, and then learned from. On
    recorded answers this does as well as `agreement_weights` over all questions at once.

    Args:
        known: Weights learned before: `known` of another.
        choices: As for `agreement_weights`.

    Attributes:
        known: For each member how many of its votes were right, as the weighted votes have it, and
            how many it cast. Plain numbers, to store and to hand on.
        questions: Number of questions learned from.
    """

    def __init__(
        self, known: Mapping[str, tuple[float, float]] | None = None, *, choices: int = 4
    ) -> None:
        if choices < 2:
            raise InputError(f"choices={choices}: give at least 2")
        self.known = dict(known or {})
        self.questions = 0
        self._choices = choices
        self._lock = Lock()  # runs vote in several threads

    def weights(self, members: Sequence[str]) -> dict[str, float]:
        """Return the weight of each member, as `agreement_weights` does; at first equal ones."""
        with self._lock:
            counts = [self.known.get(name, _ONE_RIGHT) for name in members]
        found = _weights([_share(count) for count in counts], self._choices)
        return dict(zip(members, found, strict=True))

    def learn(self, rows: Sequence[Mapping[str, Hashable | None]]) -> None:
        """Learn from the votes on one question.

        Args:
            rows: The vote of each member, equal answers equal; None abstains. A row more for each
                further sample of the members.
        """
        names = list(dict.fromkeys(name for row in rows for name in row))
        found = self.weights(names)
        weights = [found[name] for name in names]
        with self._lock:
            self.questions += 1
            for row in rows:
                votes = [row.get(name) for name in names]
                for name, chance in zip(names, _chances(votes, weights), strict=True):
                    if chance is not None:
                        right, cast = self.known.get(name, _ONE_RIGHT)
                        self.known[name] = (right + chance, cast + 1)


def _trusted(votes: Sequence[Sequence[Hashable | None]], weights: Sequence[float]) -> list[float]:
    """Return how often each member's vote is right, as the weighted votes have it."""
    right, cast = ([count] * len(weights) for count in _ONE_RIGHT)
    for row in votes:
        for place, chance in enumerate(_chances(row, weights)):
            if chance is not None:
                right[place] += chance
                cast[place] += 1
    return [_share(count) for count in zip(right, cast, strict=True)]


def _chances(votes: Sequence[Hashable | None], weights: Sequence[float]) -> list[float | None]:
    """Return how likely each vote is right; None for an abstention, and for one vote alone."""
    support: dict[Hashable, float] = {}
    for vote, weight in zip(votes, weights, strict=True):
        if vote is not None:
            support[vote] = support.get(vote, 0.0) + weight
    if sum(vote is not None for vote in votes) < 2:
        return [None] * len(votes)  # one vote alone says nothing of any member
    top = max(support.values())
    chances = {vote: math.exp(one - top) for vote, one in support.items()}
    whole = sum(chances.values())
    return [None if vote is None else chances[vote] / whole for vote in votes]


def _share(count: tuple[float, float]) -> float:
    """Return the share of right votes, kept away from 0 and 1."""
    right, cast = count
    return min(max(right / cast, _LEAST), _MOST)


def _weights(trust: Sequence[float], choices: int) -> list[float]:
    """Return log odds, never below 0; 1 for all where there is nothing to compare."""
    found = [max(0.0, _log_odds(one, choices)) for one in trust]
    return found if any(found) else [1.0] * len(trust)


def _log_odds(trust: float, choices: int) -> float:
    return math.log(trust * (choices - 1) / (1 - trust))
