"""What providers say went wrong, out of the envelope that each puts it into."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from manyminds.errors import AnswerError
from manyminds.models.provider_kinds import kind_of_words, retriable
from manyminds.state import FailureKind, TokenUsage

# Names of keys, in small letters without marks.
_HOLDERS = (
    *("error", "errors", "baseresp", "message", "detail", "details", "msg", "reason", "title"),
    *(
        "errormessage",
        "errormsg",
        "errmsg",
        "err",
        "statusmsg",
        "usermessage",
        "description",
        "text",
    ),
    *("raw", "faultstring", "fault", "exception", "failurereason", "messages"),
    *("errordescription", "errordesc"),
)
_CODES = frozenset(
    {"code", "type", "status", "statuscode", "errorcode", "errcode", "errno", "reason"}
)
# Envelopes around the one that says what went wrong.
_AROUND = ("response", "responsemetadata", "data", "result", "output", "header", "body")
NO_COMPLETION = "the endpoint's reply has not the form of a chat completion"
_SAID_IN_STREAMS = (
    *("errors", "detail", "message", "msg", "errormessage", "errormsg", "errmsg", "err", "fault"),
    *("exception", "errordescription", "failurereason"),
)
_FAILED = frozenset({"error", "failed", "failure", "fail"})  # states
_STATES = ("baseresp", "header")  # with a code also where all is well, then one of _FINE
_FINE = frozenset({"0", "200", "success", "ok"})
_DEEPEST, _LONGEST = 6, 2_000


@dataclass(frozen=True, slots=True)
class ProviderMessage:
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


def provider_message(body: object) -> ProviderMessage | None:
    """Return what the body of a response says went wrong; None where it says nothing."""
    codes: list[str] = []
    message = _message(body, codes, 0)
    codes = [code for code in codes if code.lower() not in _FINE]
    if message is None and not codes:
        return None
    statuses = [int(code) for code in codes if code.isdecimal() and len(code) == 3]
    status = next((code for code in statuses if 400 <= code <= 599), None)
    return ProviderMessage((message or " ".join(codes))[:_LONGEST], " ".join(codes)[:200], status)


def is_error(chunk: Mapping[str, Any]) -> bool:
    """Return whether a chunk of a stream says that something went wrong."""
    if chunk.get("error") or chunk.get("object") == "error":
        return True
    if chunk.get("choices"):
        return False
    given = _by_name(chunk)
    around = {
        key: _by_name(cast("Mapping[str, Any]", given[key]))
        for key in (*_AROUND, *_STATES)
        if isinstance(given.get(key), Mapping)
    }
    if str(given.get("status")).lower() in _FAILED:
        return True
    return any(given.get(key) for key in _SAID_IN_STREAMS) or any(
        one.get("error") or (key in _STATES and _has_failed(one)) for key, one in around.items()
    )


def _has_failed(given: Mapping[str, Any]) -> bool:
    """Return whether a part of a chunk has the code of a failure."""
    codes = (given[key] for key in _CODES if isinstance(given.get(key), int | str))
    return any(str(code).lower() not in _FINE for code in codes)


def _by_name(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by their keys in small letters without marks."""
    return {re.sub(r"[\W_]", "", str(key)).lower(): value for key, value in given.items()}


def provider_error(
    body: object, usage: TokenUsage | None = None, otherwise: FailureKind = "server_error"
) -> AnswerError:
    """Return what a provider says went wrong inside a response, as an exception.

    Args:
        body: of the response, or the chunk of a stream.
        usage: usage that the response reports.
        otherwise: the kind of failure where the body does not name one.
    """
    unnamed = NO_COMPLETION if otherwise == "malformed" else "no reason given"
    given = provider_message(body) or ProviderMessage(unnamed)
    kind = given.kind() or otherwise
    made = AnswerError(given.message, kind=kind, retriable=retriable(kind))
    made.usage = usage
    return made


def _message(body: object, codes: list[str], depth: int) -> str | None:
    """Return the first text that reads as a message, and collect the codes on the way to it."""
    if isinstance(body, str):
        return _inside(body, codes, depth) or body.strip() or None
    if depth > _DEEPEST:
        return None
    if isinstance(body, Sequence) and not isinstance(body, bytes):
        found = [_message(one, codes, depth + 1) for one in cast("Sequence[object]", body)[:3]]
        return "; ".join(filter(None, found)) or None
    if not isinstance(body, Mapping):
        return None
    plain = cast("Mapping[str, Any]", body)
    given = _by_name(plain)
    codes += [
        str(one) for key, one in given.items() if key in _CODES and isinstance(one, int | str)
    ]
    for key in (*_HOLDERS, *_AROUND):
        value = given.get(key)
        if key in _AROUND and not isinstance(value, Mapping):
            continue
        message = _message(value, codes, depth + 1) if value else None
        if message is not None:
            extensions = given.get("extensions")  # GraphQL's codes
            _message(extensions, codes, depth + 1)
            return _in_full(message, plain)
    return _of_fields(plain) if depth else None


def _inside(text: str, codes: list[str], depth: int) -> str | None:
    """Return the message of an envelope that stands as text inside another."""
    if not text.lstrip().startswith(("{", "[")) or depth > _DEEPEST:
        return None
    try:
        return _message(json.loads(text), codes, depth + 1)
    except (ValueError, RecursionError):
        return None


def _of_fields(given: Mapping[str, Any]) -> str | None:
    """Return what is wrong with each field: {"temperature": ["is not allowed"]}."""
    reasons = [
        f"{field}: {'; '.join(map(str, cast('list[object]', said)[:3]))}"
        for field, said in list(given.items())[:3]
        if isinstance(said, list) and said and isinstance(said[0], str)
    ]
    return "; ".join(reasons) or None


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
