"""What kind of failure a provider describes, by its words and its status."""

import re

from manyminds.state import FailureKind

BY_STATUS: dict[int, FailureKind] = {
    401: "authentication",
    403: "authentication",
    408: "timeout",
    409: "server_error",
    413: "context_too_long",
    429: "rate_limit",
}
_RETRIABLE = frozenset({"timeout", "connection", "rate_limit", "server_error", "malformed"})
_WORDS: tuple[tuple[str, FailureKind], ...] = (
    ("no generation chunks were returned", "malformed"),
    ("null value for 'choices'", "malformed"),
    ("unexpected response type", "malformed"),
    ("content_filter", "refused"),
    ("content_policy", "refused"),
    ("insufficient_quota", "authentication"),
    ("invalid_api_key", "authentication"),
)
# Every engine says in words of its own that a prompt is too long.
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded|model_context_window_exceeded"
    r"|maximum context length|available context size|context (?:window|length|size)[^.]{0,40}exceed"
    r"|exceeds?[^.]{0,60}(?:context (?:window|length|size)|maximum number of (?:input )?tokens)"
    r"|(?:prompt|input)[^.]{0,60}(?:is )?(?:too long|longer than)"
    r"|longer than the maximum model length"
    r"|input tokens exceed|too many (?:input )?tokens|reduce the length of the (?:messages|prompt)"
    r"|must be less than or equal to[^.]{0,20}max_(?:model_len|seq_len)"
)


def kind_of_words(text: str, status: int | None = None) -> FailureKind | None:
    """Return the kind of failure that a provider's words, then its status, stand for."""
    text = text.lower()
    if status != 429 and _TOO_LONG.search(text):
        return "context_too_long"
    for words, kind in _WORDS:
        if words in text:
            return kind
    if status is None or status < 400:
        return None
    return BY_STATUS.get(status) or ("server_error" if status >= 500 else "invalid_request")


def retriable(kind: FailureKind) -> bool:
    """Tell whether the same request may succeed later."""
    return kind in _RETRIABLE
