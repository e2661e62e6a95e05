"""Verdicts in the shape that nodes use: places from 0 instead of the numbers shown."""

from typing import NamedTuple

from manyminds.fence import escaped, in_one_line
from manyminds.reading import roles


class Ranking(NamedTuple):
    """A ranking by place: the number shown, less one.

    Attributes:
        order: Best first, without repeats; may leave some out.
        scores: From 0 to 10; may leave some out.
        reasons: One line each; may leave some out.
    """

    order: list[int]
    scores: dict[int, float]
    reasons: dict[int, str]


class StopVote(NamedTuple):
    """A decision to stop or to continue, with its reason."""

    stop: bool
    reason: str


def read_ranking(reply: str, n: int) -> Ranking | None:
    """Return the ranking of `n` answers in a reply, as `roles.read_ranking` reads it."""
    found = roles.read_ranking(reply, n)
    if found is None:
        return None
    return Ranking(
        [number - 1 for number in found.order],
        {number - 1: score for number, score in found.scores.items()},
        {number - 1: in_one_line(reason[:500]) for number, reason in found.reasons.items()},
    )


def read_choice(reply: str, n: int) -> int | None:
    """Return the place of the answer, of `n`, that a reply picks; None where it picks none."""
    number = roles.read_pick(reply, n)
    return None if number is None else number - 1


def read_stop(reply: str) -> StopVote | None:
    """Return the decision in a reply, as `roles.read_stop` reads it."""
    stop = roles.read_stop(reply)
    return None if stop is None else StopVote(stop, in_one_line(roles.reason_of(reply)[:500]))


def read_roles(reply: str, n: int) -> list[str] | None:
    """Return the first `n` roles in a reply, safe for a prompt."""
    found = roles.read_roles(reply, n)
    texts = [] if found is None else [escaped(role).strip() for role in found]
    return texts if found is not None and all(texts) else None


def read_plan(reply: str, most: int) -> list[str]:
    """Return the first `most` questions of a plan, each in one line; empty if none can be read."""
    return [in_one_line(question) for question in roles.read_plan(reply) or []][:most]
