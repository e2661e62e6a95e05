"""What providers say went wrong, out of the envelope that each puts it into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from manyminds.errors import AnswerError
from manyminds.models.provider_kinds import kind_of_words, retriable
from manyminds.state import FailureKind, TokenUsage

_HOLDERS = (
    *("error", "errors", "base_resp", "message", "detail", "details", "msg", "reason", "title"),
    *("error_message", "error_msg", "errorMessage", "status_msg", "description", "text", "raw"),
)
_CODES = ("code", "type", "status", "status_code", "error_code", "errorCode", "reason")
NO_COMPLETION = "the endpoint's reply has not the form of a chat completion"
_SAID_IN_STREAMS = ("errors", "detail", "message", "msg", "error_message", "error_msg")
_DEEPEST, _LONGEST = 6, 2_000


@dataclass(frozen=True, slots=True)
class Told:
    """A provider's message, its codes, and the HTTP status among these."""

    message: str
    codes: str | None = None
    status: int | None = None

    def kind(self, status: int | None = None) -> FailureKind | None:
        """Return the kind of failure; `status` is that of the response, if it has one of its own.

        None where neither words nor codes say anything.
        """
        text = f"{self.codes or ''} {self.message}"
        return kind_of_words(text, status or self.status, self.codes)


def told_in(body: object) -> Told | None:
    """Return what the body of a response says went wrong; None where it says nothing."""
    codes: list[str] = []
    message = _message(body, codes, 0)
    if message is None and not codes:
        return None
    statuses = [int(code) for code in codes if code.isdecimal() and len(code) == 3]
    status = next((code for code in statuses if 400 <= code <= 599), None)
    return Told((message or " ".join(codes))[:_LONGEST], " ".join(codes)[:200], status)


def is_error(chunk: Mapping[str, Any]) -> bool:
    """Tell whether a chunk of a stream says that something went wrong."""
    if chunk.get("error") or chunk.get("object") == "error":
        return True
    return not chunk.get("choices") and any(chunk.get(key) for key in _SAID_IN_STREAMS)


def provider_error(
    body: object, usage: TokenUsage | None = None, otherwise: FailureKind = "server_error"
) -> AnswerError:
    """Return what a provider says went wrong inside a response, as an exception.

    Args:
        body: of the response, or the chunk of a stream.
        usage: usage that the response reports.
        otherwise: the kind of failure where the body does not name one.
    """
    told = told_in(body) or Told(NO_COMPLETION if otherwise == "malformed" else "no reason given")
    kind = told.kind() or otherwise
    made = AnswerError(told.message, kind=kind, retriable=retriable(kind))
    made.usage = usage
    return made


def _message(body: object, codes: list[str], depth: int) -> str | None:
    """Return the first text that reads as a message, and collect the codes on the way to it."""
    if isinstance(body, str):
        return body.strip() or None
    if depth > _DEEPEST:
        return None
    if isinstance(body, Sequence) and not isinstance(body, bytes):
        found = [_message(one, codes, depth + 1) for one in cast("Sequence[object]", body)[:3]]
        return "; ".join(filter(None, found)) or None
    if not isinstance(body, Mapping):
        return None
    given = cast("Mapping[str, Any]", body)
    codes += [str(given[key]) for key in _CODES if isinstance(given.get(key), int | str)]
    for key in _HOLDERS:
        message = _message(given[key], codes, depth + 1) if given.get(key) else None
        if message is not None:
            return _in_full(message, given)
    return None


def _in_full(message: str, given: Mapping[str, Any]) -> str:
    """Add to a message which field it is about, or what the provider behind a router said."""
    where, more = given.get("loc"), given.get("metadata")
    if isinstance(where, list):  # pydantic's errors
        return f"{'.'.join(map(str, cast('list[object]', where)[:5]))}: {message}"
    param = given.get("param")
    if isinstance(param, str) and param and param not in message:
        return f"{param}: {message}"
    raw = cast("Mapping[str, object]", more).get("raw") if isinstance(more, Mapping) else None
    return f"{message}: {raw}" if isinstance(raw, str) and raw.strip() else message
