"""Certified stop: the leading answer is the mode, with error at most alpha whenever it stops.

After the e-processes of "Certified Self-Consistency", arXiv 2510.17472, and arXiv 2605.05873.

Against each answer m there is a bettor whose hypothesis is that m is not the mode. Before each vote
the bettor puts a share of its wealth on the leader among the other answers. A vote for that leader
wins the share, a vote for m loses it. If m is the mode, none of these bets has an expected gain, so
the wealth ever exceeds 1 / alpha with probability at most alpha (Ville's inequality). The leader is
certified when the bettors against all other answers, and against every answer not seen yet, have
had 1 / alpha. A wrong certificate needs that of the bettor against the true mode; so the error is
at most alpha, at any stopping time, without a union bound and without knowing the set of answers.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from manyminds.errors import InputError

_PRIOR = 0.5  # votes that a bettor holds back: 6 votes in a row certify at 0.05


class Bets:
    """The bettors' log wealth after some votes, against each answer seen and against the others."""

    def __init__(self) -> None:
        self.counts: dict[Hashable, int] = {}
        self._wealth: dict[Hashable, float] = {}
        self._most: dict[Hashable, float] = {}
        self._unseen = 0.0

    def copy(self) -> "Bets":
        """Return an independent copy."""
        other = Bets()
        other.counts, other._wealth = dict(self.counts), dict(self._wealth)
        other._most, other._unseen = dict(self._most), self._unseen
        return other

    @property
    def leader(self) -> Hashable | None:
        """The answer with most votes, of equal ones the one seen first."""
        return max(self.counts, key=lambda one: self.counts[one], default=None)

    def add(self, vote: Hashable) -> None:
        """Settle the bets on one vote."""
        first, second = self._top()
        if vote not in self.counts:  # until now it was one of the answers not seen
            self._wealth[vote] = self._most[vote] = self._unseen
            self.counts[vote] = 0
            against_itself = first
        else:
            against_itself = second if vote == first else first
        for answer in self._wealth:
            on = second if answer == first else first
            if answer == vote:
                self._wealth[answer] += self._loss(against_itself, answer)
            elif on == vote:
                self._wealth[answer] += self._gain(vote, answer)
                self._most[answer] = max(self._most[answer], self._wealth[answer])
        if first == vote:
            self._unseen += math.log1p(_share(self.counts[vote], 0))
        self.counts[vote] += 1

    def least(self) -> float:
        """Return the least wealth that a bettor against a rival of the leader ever had (log).

        A vote that is once certain stays certain: the bound holds for all times together.
        """
        leader = self.leader
        rivals = [wealth for answer, wealth in self._most.items() if answer != leader]
        return min([*rivals, self._unseen]) if leader is not None else 0.0

    def _top(self) -> tuple[Hashable | None, Hashable | None]:
        """Return the leader and the runner-up."""
        first = self.leader
        rest = [answer for answer in self.counts if answer != first]
        return first, max(rest, key=lambda one: self.counts[one], default=None)

    def _gain(self, on: Hashable, against: Hashable) -> float:
        return math.log1p(_share(self.counts[on], self.counts[against]))

    def _loss(self, on: Hashable | None, against: Hashable) -> float:
        if on is None:
            return 0.0
        return math.log1p(-_share(self.counts[on], self.counts[against]))


def _share(on: int, against: int) -> float:
    """Return the share of the wealth that is put on an answer, from the votes before."""
    return max(0.0, (on - against) / (on + against + _PRIOR))


@dataclass(frozen=True)
class CertifiedRule:
    """Stop when the leader is certified to be the most likely answer."""

    name: str
    cap: int
    alpha: float

    def stop(self, votes: Sequence[Hashable | None]) -> str | None:
        """Return why to stop now, or None."""
        bets = _settled(votes)
        if self.certain(bets):
            lead = bets.counts[bets.leader]
            return f"certified: {lead} of {sum(bets.counts.values())}, error <= {self.alpha}"
        return f"cap: {len(votes)} asked" if len(votes) >= self.cap else None

    def need(self, votes: Sequence[Hashable | None]) -> int:
        """Return the least number of further samples after which it could stop."""
        bets, left = _settled(votes), max(0, self.cap - len(votes))
        return min([left, *(self._until(bets.copy(), one, left) for one in self._hopes(bets))])

    def _hopes(self, bets: Bets) -> list[Hashable]:
        """Return the answers that could be certified soonest: those with most votes."""
        ranked = sorted(bets.counts, key=lambda one: -bets.counts[one])
        return ranked[:2] or ["any"]

    def _until(self, bets: Bets, vote: Hashable, most: int) -> int:
        """Return how many votes for one answer certify it."""
        for more in range(most):
            if self.certain(bets):
                return more
            bets.add(vote)
        return most

    def certain(self, bets: Bets) -> bool:
        """Return whether the leader of these bets is certified."""
        return bets.least() >= -math.log(self.alpha) - 1e-12


def _settled(votes: Sequence[Hashable | None]) -> Bets:
    """Return the bets after these votes; abstentions are none."""
    bets = Bets()
    for vote in votes:
        if vote is not None:
            bets.add(vote)
    return bets


def certified(alpha: float = 0.05, cap: int = 40) -> CertifiedRule:
    """Stop when the leader is the most likely answer, with error at most alpha at any time.

    The error is the probability, over the samples, that it ever stops with an answer that is not
    the mode; the cap gives no certificate. `beta` stops earlier, without such a bound. At 0.05 it
    stops at 6:0, at 0.01 at 9:0.

    Args:
        alpha: Error of the certificate, between 0 and 1.
        cap: Samples at most.

    Raises:
        InputError: An argument is out of range.
    """
    if not 0 < alpha < 1:
        raise InputError(f"give certified an error between 0 and 1, not {alpha}")
    if cap < 1:
        raise InputError(f"give certified a cap of at least 1 sample, not {cap}")
    return CertifiedRule(f"certified:{alpha},{cap}", cap, alpha)
