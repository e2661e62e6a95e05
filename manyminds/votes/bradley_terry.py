"""Bradley-Terry strengths with ties (Davidson, 1970), and the pairs of a Swiss tournament."""

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

_ROUNDS = 200
_LEAST_CHANGE = 1e-9


class Game(NamedTuple):
    """One comparison: two places, and the share of the win that the first one has: 1, 0.5 or 0."""

    one: int
    other: int
    share: float


def strengths(games: Sequence[Game], n: int) -> list[float]:
    """Return the strength of each of `n` players, on average 1 (geometric mean).

    Davidson's model: the chance that i beats j goes as p_i, a tie as nu * sqrt(p_i * p_j). Each
    player also has one tie with a phantom of strength 1, so that a player who won or lost every
    game has a finite strength, and one without a game has the strength 1.

    Args:
        games: Comparisons; several of one pair count each.
        n: Number of players.
    """
    p, tie = [1.0] * n, 1.0
    ties = sum(game.share == 0.5 for game in games) + n  # those with the phantom, too
    points = [0.5] * n
    for one, other, share in games:
        points[one] += share
        points[other] += 1 - share
    for _ in range(_ROUNDS):
        expected, tied = [0.0] * n, 0.0
        for one, other in [(g.one, g.other) for g in games]:
            first, drawn = _chances(p[one], p[other], tie)
            expected[one] += first + drawn / 2
            expected[other] += 1 - first - drawn / 2
            tied += drawn
        for place in range(n):
            first, drawn = _chances(p[place], 1.0, tie)
            expected[place] += first + drawn / 2
            tied += drawn
        # The square root damps the steps, which would swing where games are few.
        steps = [math.sqrt(points[place] / expected[place]) for place in range(n)]
        p = [strength * step for strength, step in zip(p, steps, strict=True)]
        tie *= math.sqrt(ties / tied) if tied else 1.0
        if max((abs(step - 1) for step in steps), default=0.0) < _LEAST_CHANGE:
            break
    mean = math.exp(sum(map(math.log, p)) / n) if n else 1.0
    return [strength / mean for strength in p]


def _chances(one: float, other: float, tie: float) -> tuple[float, float]:
    """Return the chances of a win of the first and of a tie."""
    drawn = tie * math.sqrt(one * other)
    whole = one + other + drawn
    return one / whole, drawn / whole


def swiss_pairs(points: Sequence[float], met: Collection[frozenset[int]]) -> list[tuple[int, int]]:
    """Return the pairs of the next round: players with like points that have not met.

    An odd player, and one who has met all that are left, has no game in this round.

    Args:
        points: Points of each player so far.
        met: Pairs that have played.
    """
    left = sorted(range(len(points)), key=lambda place: (-points[place], place))
    pairs: list[tuple[int, int]] = []
    while left:
        one = left.pop(0)
        other = next((o for o in left if frozenset((one, o)) not in met), None)
        if other is not None:
            left.remove(other)
            pairs.append((one, other))
    return pairs
