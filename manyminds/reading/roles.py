"""Replies of roles (judge, moderator, ranker, rater, planner, role writer), read tolerantly.

Each reader is a pure function from a reply to its value. It returns None where the reply says
nothing certain; then the role is asked again. It never raises and takes time linear in the reply.
"""

from collections.abc import Callable, Mapping

from manyminds.reading.roles_figures import read_confidence, read_rating
from manyminds.reading.roles_listed import read_plan, read_roles
from manyminds.reading.roles_pick import read_pick
from manyminds.reading.roles_ranking import Ranking, read_ranking
from manyminds.reading.roles_stop import read_stop, reason_of

__all__ = [
    "ROLE_READERS",
    "Ranking",
    "read_confidence",
    "read_pick",
    "read_plan",
    "read_ranking",
    "read_rating",
    "read_roles",
    "read_stop",
    "reason_of",
]


def _order(text: str, n: int) -> list[int] | None:
    ranking = read_ranking(text, n)
    return None if ranking is None else ranking.order


ROLE_READERS: Mapping[str, Callable[[str, int], object]] = {
    "ranking": _order,
    "stop": lambda text, _n: read_stop(text),
    "pick": read_pick,
    "confidence": lambda text, _n: read_confidence(text),
    "rating": lambda text, _n: read_rating(text),
    "plan": lambda text, _n: read_plan(text),
    "roles": read_roles,
}
"""From a kind of reply to its reader: text and number of answers (or roles) to a JSON value."""
