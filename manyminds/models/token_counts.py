"""Token counts as providers report them: whole finite numbers, or not reported."""

from collections.abc import Mapping
from typing import cast

from manyminds.state import TokenUsage

_MOST, _DIGITS = 10**12, 12  # no call has more tokens
UNUSABLE_USAGE = "manyminds_unusable_usage"
"""Key of a message's metadata that says that the counts it came with are none."""


def token_usage(input_tokens: object, output_tokens: object) -> TokenUsage | None:
    """Return a usage of whole numbers; None where a count is negative, not finite or no number.

    A text of digits is a number.

    A missing count next to a good one is 0; where both are missing, nothing was reported.
    """
    if input_tokens is None and output_tokens is None:
        return None
    read, written = _count(input_tokens), _count(output_tokens)
    if read is None or written is None:
        return None
    return TokenUsage(input_tokens=read, output_tokens=written)


def usage_of(message: object) -> TokenUsage | None:
    """Return the usage that a LangChain message carries; None where it reports none."""
    found = getattr(message, "usage_metadata", None)
    if not isinstance(found, Mapping):
        return None
    reported = cast("Mapping[str, object]", found)
    return token_usage(reported.get("input_tokens"), reported.get("output_tokens"))


def is_unusable(message: object) -> bool:
    """Return whether a LangChain message came with a usage that holds no token counts."""
    if getattr(message, "response_metadata", {}).get(UNUSABLE_USAGE):
        return True
    return bool(getattr(message, "usage_metadata", None)) and usage_of(message) is None


def _count(value: object) -> int | None:
    if value is None:
        return 0
    if type(value) is int:  # and no bool
        return value if 0 <= value <= _MOST else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(value) if 0 <= value <= _MOST else None
