"""Token counts as providers report them: whole finite numbers, or not reported."""

from collections.abc import Mapping
from math import isfinite
from typing import cast

from manyminds.state import TokenUsage

_MOST = 10**12  # no call has more tokens


def token_usage(input_tokens: object, output_tokens: object) -> TokenUsage | None:
    """Return a usage of whole numbers; None where a count is negative, not finite or no number.

    A missing count next to a good one is 0; where both are missing, nothing was reported.
    """
    if input_tokens is None and output_tokens is None:
        return None
    counts = [0 if each is None else _count(each) for each in (input_tokens, output_tokens)]
    if counts[0] is None or counts[1] is None:
        return None
    return TokenUsage(input_tokens=counts[0], output_tokens=counts[1])


def usage_of(message: object) -> TokenUsage | None:
    """Return the usage that a LangChain message carries; None where it reports none."""
    found = getattr(message, "usage_metadata", None)
    if not isinstance(found, Mapping):
        return None
    reported = cast("Mapping[str, object]", found)
    return token_usage(reported.get("input_tokens"), reported.get("output_tokens"))


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not isfinite(value):
        return None
    return round(value) if 0 <= value <= _MOST else None
