"""Failures told apart: an exception becomes a kind, a clean message, and whether to ask again.

Providers' clients are not imported: their errors are told apart by HTTP status, by class name and
by the code in the body, which is the same for every OpenAI-compatible endpoint.
"""

import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import cast

from manyminds.errors import AnswerError, BudgetError, QuorumError
from manyminds.models.envelopes import Told, told_in
from manyminds.models.redact import without_keys
from manyminds.models.token_counts import token_usage
from manyminds.state import Failure, FailureKind, TokenUsage

RETRIABLE: frozenset[FailureKind] = frozenset(
    {"timeout", "connection", "rate_limit", "server_error", "malformed", "empty"}
)
# The request may have reached the provider although no answer came back.
MAYBE_BILLED: frozenset[FailureKind] = frozenset({"timeout", "connection", "server_error"})

_BY_NAME: tuple[tuple[str, FailureKind], ...] = (
    ("Timeout", "timeout"),
    ("RateLimit", "rate_limit"),
    ("Authentication", "authentication"),
    ("PermissionDenied", "authentication"),
    ("ContentFilter", "refused"),
    ("LengthFinishReason", "truncated"),
    ("Connection", "connection"),
    ("Connect", "connection"),
    ("RemoteProtocol", "connection"),
    ("OutputParser", "malformed"),
    ("JSONDecode", "malformed"),
    ("APIResponseValidation", "malformed"),
    ("APIError", "server_error"),  # without a status: an error inside a stream
)
# Below the error that a client raises, the one that says what happened to the connection.
_LOST = ("ServerDisconnected", "ClientOSError", "ClientConnector", "ConnectionReset")
# Terminal escapes go as a whole: what is left of one would hide the start of a key.
_CONTROL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_LONGEST_MESSAGE = 300


def clean(message: str) -> str:
    """Return an error message that may be shown: one line, no control characters, no keys."""
    line = without_keys(_CONTROL.sub(" ", message[:2_000])).replace(" ssl:default", "").strip()
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def kind_of(error: BaseException) -> FailureKind:
    """Tell what kind of failure an exception is."""
    own = own_error(error)
    if own is not None:
        return cast(FailureKind, own.kind)
    if isinstance(error, QuorumError):
        return "quorum"
    if isinstance(error, BudgetError):
        return "budget"
    status = _status(error)
    if status is not None and status >= 500 and retry_after(error) is not None:
        return "rate_limit"
    kind = _told(error).kind(status)
    if kind is not None:
        return kind
    if _lost(error) is not None:
        return "connection"
    if isinstance(error, TimeoutError):
        return "timeout"
    names = " ".join(c.__name__ for c in type(error).__mro__)
    for name, kind in _BY_NAME:
        if name in names:
            return kind
    return "connection" if isinstance(error, OSError) else "error"


def failure(error: BaseException, hide: Callable[[str], str] = str) -> Failure:
    """Turn an exception into plain data that may be kept in a state and shown to people.

    `hide` takes secrets out of its text before that is cut, so that no half of one is left.
    """
    kind, own = kind_of(error), own_error(error)
    retriable = kind in RETRIABLE if own is None else own.retriable
    told = own or (_lost(error) or error if kind == "connection" else error)
    message = clean(hide(_told(told).message)) or type(told).__name__
    return Failure(
        kind=kind, message=message, retriable=retriable, maybe_billed=kind in MAYBE_BILLED
    )


def own_error(error: BaseException) -> AnswerError | None:
    """Return the error of ours that a client has wrapped into its own, or the error itself."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None or isinstance(cause, AnswerError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def usage_in(error: BaseException) -> TokenUsage | None:
    """Return the usage that a response reported although a client made an error of it."""
    own = own_error(error)
    if own is not None:
        return cast("TokenUsage | None", own.usage)
    usage = getattr(getattr(error, "completion", None), "usage", None)  # of the SDK's parsing
    read, written = (getattr(usage, f"{name}_tokens", None) for name in ("prompt", "completion"))
    return token_usage(read, written)


def words_of(error: BaseException) -> str:
    """Return what a provider said, with its codes."""
    told = _told(error)
    return f"{told.message} {told.codes}"


def _told(error: BaseException) -> Told:
    """Return the provider's own message and codes, out of the body of its response."""
    told = told_in(getattr(error, "body", None))
    if told is not None:
        return told
    given = map(vars(error).get, ("code", "type"))
    return Told(str(error)[:2_000], " ".join(one for one in given if isinstance(one, str)))


def retry_after(error: BaseException) -> float | None:
    """Return the seconds a provider asks us to wait, from its Retry-After headers."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    given = cast("Mapping[str, str]", headers)
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _seconds(given.get(name, ""))
        if seconds is not None:
            return max(0.0, seconds / unit)
    return None


def _seconds(value: str) -> float | None:
    """Read a header's number, or the time until its date; None where it has neither."""
    try:
        number = float(value)
        return number if isfinite(number) else None
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time()
    except (ValueError, OverflowError):
        return None


def _lost(error: BaseException) -> BaseException | None:
    """Return what broke the connection, which some clients report as a timeout; else None."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None or type(cause).__name__.startswith(_LOST):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    code = str(vars(error).get("code"))  # of an error inside a stream
    return int(code) if code.isdecimal() and len(code) == 3 else None
