"""The limit of a reply's tokens: a member's own, and the one that the caller of a run sets."""

import math
from collections.abc import Mapping
from typing import Any

from manyminds.calls.refusals import LIMITS
from manyminds.members import Member
from manyminds.models.openai import EndpointModel


def limit_in(params: Mapping[str, Any]) -> int | None:
    """Return the tokens that a reply may have, if the parameters say so."""
    limit = next(filter(None, map(params.get, LIMITS)), None)
    return limit if isinstance(limit, int) else None


def limited(
    member: Member, params: Mapping[str, Any], limit: int | None
) -> tuple[Mapping[str, Any], int | None]:
    """Return parameters with the caller's limit, and that limit where it is in force.

    It is not where the member writes no more anyway, or takes no limit.

    Args:
        member: Member that is asked.
        params: Parameters of the call.
        limit: Tokens that the caller wants at most; None: any number.
    """
    if limit is None or not _takes_limit(member):
        return params, None
    if limit >= min(limit_in(params) or math.inf, member.context or math.inf):
        return params, None
    return {**params, LIMITS[LIMITS[1] in params]: limit}, limit


def _takes_limit(member: Member) -> bool:
    fields = getattr(type(member.model), "model_fields", ())
    return isinstance(member.model, EndpointModel) or (member.is_chat and LIMITS[0] in fields)
