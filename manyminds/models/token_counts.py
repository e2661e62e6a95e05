"""Token counts as providers report them: whole finite numbers, or not reported."""

from collections.abc import Mapping
from typing import Any, cast

from manyminds.state import TokenUsage

_MOST, _DIGITS = 10**12, 12  # no call has more tokens
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")
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
    if not isinstance(found, dict):
        return None
    reported = cast("dict[str, object]", found)
    return token_usage(reported.get("input_tokens"), reported.get("output_tokens"))


def is_unusable(message: object) -> bool:
    """Return whether a LangChain message came with a usage that holds no token counts."""
    if getattr(message, "response_metadata", {}).get(UNUSABLE_USAGE):
        return True
    return bool(getattr(message, "usage_metadata", None)) and usage_of(message) is None


def reported_in(chunk: Mapping[str, Any]) -> object:
    """Return the usage in a chunk, in its choice (Moonshot), or in a part of its own (Groq)."""
    choices, groq = chunk.get("choices"), chunk.get("x_groq")
    holders = [chunk, *(choices[:1] if isinstance(choices, list) else []), groq]
    found = (
        cast("Mapping[str, Any]", one).get("usage") for one in holders if isinstance(one, dict)
    )
    return next(filter(None, found), None)


def usage_of_report(reported: object) -> TokenUsage | None:
    """Return the usage that a response reports, under the names of either protocol."""
    if not isinstance(reported, Mapping):
        return None
    given = cast("Mapping[str, object]", reported)
    read, written = given.get("prompt_tokens"), given.get("completion_tokens")
    if read is None and written is None:  # as other protocols name them
        read, written = given.get("input_tokens"), given.get("output_tokens")
    return token_usage(read, written)


def as_reported(reported: object, usage: TokenUsage | None) -> dict[str, Any] | None:
    """Return a usage that LangChain can add up, with the details that are counts."""
    if usage is None:
        return None
    whole: dict[str, Any] = {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["input_tokens"] + usage["output_tokens"],
    }
    for name in _DETAILS:
        details = cast("Mapping[str, Any]", reported).get(name)
        if isinstance(details, Mapping):
            counts = cast("Mapping[str, object]", details).items()
            whole[name] = {key: n for key, n in counts if type(n) is int and n >= 0}
    return whole


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
