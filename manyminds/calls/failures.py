"""Kinds of failures: an exception becomes a kind, a clean message, and whether to ask again.

Providers' clients are not imported: their errors are distinguished by HTTP status, by class name
and by the code in the body, which is the same for every OpenAI-compatible endpoint.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import cast

from manyminds.errors import AnswerError, BudgetError, QuorumError
from manyminds.models.envelopes import NO_COMPLETION, ProviderMessage, provider_message
from manyminds.models.http_responses import USAGE_SO_FAR
from manyminds.models.redact import without_keys
from manyminds.models.token_counts import reported_in, token_usage, usage_of_report
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
# Terminal escapes go as a whole, also as JSON writes them: what is left of one would hide the start
# of a key.
_ESCAPE = re.compile(
    r"(?:(?:\x1b|\\+(?:u001b|x1b|033|e))\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?",
    re.IGNORECASE,
)
_LONGEST_MESSAGE = 300


def clean(message: str) -> str:
    """Return an error message that may be shown: one line, no control characters, no keys."""
    text = _ESCAPE.sub(" ", message[:2_000])
    shown = "".join(character if character.isprintable() else " " for character in text)
    line = without_keys(re.sub(" +", " ", shown)).replace(" ssl:default", "").strip()
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def kind_of(error: BaseException) -> FailureKind:
    """Return the kind of failure that an exception is."""
    own = own_error(error)
    if own is not None:
        return cast(FailureKind, own.kind)
    if isinstance(error, QuorumError):
        return "quorum"
    if isinstance(error, BudgetError):
        return "budget"
    status = _status(error)
    if status is not None and _may_pass(status) and retry_after(error) is not None:
        return "rate_limit"
    if status is None and _lost(error) is not None:  # clients have words of their own for it
        return "connection"
    kind = _message_of(error).kind(status)
    if kind is not None:
        return kind
    if isinstance(error, TimeoutError):
        return "timeout"
    names = " ".join(c.__name__ for c in type(error).__mro__)
    for name, kind in _BY_NAME:
        if name in names:
            return kind
    return "connection" if isinstance(error, OSError) else "error"


def _may_pass(status: int) -> bool:
    """Return whether a status is one after which the same request may succeed."""
    return status >= 500 or status in (408, 409, 425)


def failure(error: BaseException, hide: Callable[[str], str] = str) -> Failure:
    """Turn an exception into plain data that may be kept in a state and shown to people.

    `hide` takes secrets out of its text before that is cut, so that no half of one is left.
    """
    kind, own = kind_of(error), own_error(error)
    retriable = kind in RETRIABLE if own is None else own.retriable
    cause = own or (_lost(error) or error if kind == "connection" else error)
    message = clean(hide(_message_of(cause).message)) or type(cause).__name__
    return Failure(
        kind=kind, message=message, retriable=retriable, maybe_billed=kind in MAYBE_BILLED
    )


def own_error(error: BaseException) -> AnswerError | None:
    """Return the error of manyminds that a client has wrapped into its own, or the error itself."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None or isinstance(cause, AnswerError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def no_answer(error: Exception, statuses: Sequence[int]) -> AnswerError:
    """Return what to say of a client's error: a response that it cannot read, or none at all.

    Args:
        error: what the client of an endpoint raised, which need not be about HTTP.
        statuses: of the responses that came.
    """
    if statuses:
        return AnswerError(NO_COMPLETION, kind="malformed", retriable=True)
    why = str(error) or type(error).__name__
    return AnswerError(f"no response came: {why}", kind="connection", retriable=True)


def usage_in(error: BaseException) -> TokenUsage | None:
    """Return the usage that a response reported although a client made an error of it."""
    own = own_error(error)
    if own is not None:
        return cast("TokenUsage | None", own.usage)
    if vars(error).get(USAGE_SO_FAR) is not None:
        return cast("TokenUsage", vars(error)[USAGE_SO_FAR])
    response = getattr(error, "response", None)
    with suppress(Exception):  # of whichever HTTP client it is; the body need not be JSON
        body: object = response.json() if response is not None else None
        if isinstance(body, Mapping):
            return usage_of_report(reported_in(cast("Mapping[str, object]", body)))
    usage = getattr(getattr(error, "completion", None), "usage", None)  # of the SDK's parsing
    read, written = (getattr(usage, f"{name}_tokens", None) for name in ("prompt", "completion"))
    return token_usage(read, written)


def words_of(error: BaseException) -> str:
    """Return a provider's message, with its codes."""
    given = _message_of(error)
    return f"{given.message} {given.codes}"


def _message_of(error: BaseException) -> ProviderMessage:
    """Return the provider's own message and codes, out of the body of its response."""
    found = provider_message(getattr(error, "body", None))
    if found is not None:
        return found
    given = map(vars(error).get, ("code", "type"))
    return ProviderMessage(
        str(error)[:2_000], " ".join(one for one in given if isinstance(one, str))
    )


def retry_after(error: BaseException) -> float | None:
    """Return the seconds a provider asks us to wait, from its Retry-After headers."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    given = cast("Mapping[str, str]", headers)
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _seconds(given.get(name, ""), given.get("date", ""))
        if seconds is not None:
            return max(0.0, seconds / unit)
    return None


def _seconds(value: str, now: str) -> float | None:
    """Read a header's number, or the time until its date; None where it has neither.

    Args:
        value: of the header.
        now: the server's own date, which counts: its clock and ours may differ by hours.
    """
    try:
        number = float(value)
        return number if isfinite(number) else None
    except ValueError:
        pass
    until = _time(value)
    return None if until is None else until - (_time(now) or time())


def _time(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _lost(error: BaseException) -> BaseException | None:
    """Return the error that broke the connection, which some clients report as a timeout."""
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
