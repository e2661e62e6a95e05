"""Responses of endpoints as they are read: no more than an answer can be, and from no other host.

The hook `check_response` of the HTTP client bounds every response; `reading` holds what is known of
the stream that is being read.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from manyminds.errors import AnswerError
from manyminds.models.redact import shown_url
from manyminds.state import TokenUsage

MOST_BYTES = 32 * 2**20
"""Bytes of a response, decompressed, that are read."""

USAGE_SO_FAR = "manyminds_usage"
"""Attribute of a client's error: the usage that a stream reported before it."""

_PARTS = 400_000  # colons and lists of a response: reading more would block for seconds
_EVENT = 4 << 20  # bytes of an event of a stream
_TAIL = 4_096  # bytes of a stream's end in which an error is looked for
_PIECE = 8_192  # compressed bytes that are decompressed at once: at most some 8 MB
_ENCODINGS = {"", "identity", "gzip", "deflate"}


@dataclass
class StreamState:
    """What is known of the stream that is being read."""

    usage: TokenUsage | None = None
    nonsense: bool = False
    finished: bool = False
    tail: bytes = b""
    arguments: dict[int, str] = field(default_factory=dict[int, str])

    def call(self, piece: Mapping[str, Any]) -> None:
        """Take in a piece of a tool call; its arguments come in several."""
        index, given = piece.get("index"), piece["function"].get("arguments")
        if isinstance(index, int):
            self.arguments[index] = self.arguments.get(index, "") + str(given or "")

    def check_calls(self) -> None:
        """Refuse tool calls that were cut off: LangChain completes what is left open.

        Raises:
            AnswerError: Arguments are no JSON.
        """
        for arguments in self.arguments.values():
            try:
                json.loads(arguments or "{}")
            except ValueError:
                error = broken_call(arguments)
                error.usage = self.usage
                raise error from None

    def count(self, more: TokenUsage | None) -> None:
        """Keep the greatest counts: some servers send what there is so far with every chunk."""
        if more is not None and self.usage is not None:
            more = TokenUsage(
                input_tokens=max(more["input_tokens"], self.usage["input_tokens"]),
                output_tokens=max(more["output_tokens"], self.usage["output_tokens"]),
            )
        self.usage = more or self.usage


def broken_call(arguments: object) -> AnswerError:
    """Return the failure of a reply with a tool call that cannot be read."""
    said = f"the arguments of a tool call are no JSON object: {str(arguments)[:100]}"
    return AnswerError(said, kind="malformed", retriable=True)


received: ContextVar[list[int] | None] = ContextVar("manyminds_received", default=None)
"""Statuses of the responses that came to the running request; None: nobody asks for them."""

reading: ContextVar[StreamState | None] = ContextVar("manyminds_stream", default=None)


class _Limits:
    """Counts what has been read of a response, and stops where it is too much to be an answer.

    Args:
        events: The response is a stream of events, each of which is read by itself.
    """

    def __init__(self, events: bool) -> None:
        self._events = events
        self._size = self._parts = self._event = 0

    def count(self, part: bytes) -> None:
        """Count bytes that were read.

        Raises:
            AnswerError: the response is too large.
        """
        self._size += len(part)
        if self._size > MOST_BYTES:
            raise _too_much(f"is larger than {MOST_BYTES >> 20} MB")
        if not self._events:
            self._parts += part.count(b":") + part.count(b"[")
            if self._parts > _PARTS:
                raise _too_much(f"has more than {_PARTS:,} parts")
            return
        newline = part.rfind(b"\n")
        self._event = self._event + len(part) if newline < 0 else len(part) - newline
        if self._event > _EVENT:
            raise _too_much(f"has an event larger than {_EVENT >> 20} MB")


def _too_much(what: str) -> AnswerError:
    return AnswerError(f"the response {what}", kind="malformed")


async def check_response(response: Any) -> None:
    """Hook of an HTTP client: read no response that is no answer, or too large to be one.

    Raises:
        AnswerError: the response redirects elsewhere, is a web page, or is packed in a way that has
            no bound.
    """
    statuses = received.get()
    if statuses is not None:
        statuses.append(response.status_code)
    encoding = str(response.headers.get("content-encoding", "")).strip().lower()
    kind = str(response.headers.get("content-type", "")).lower()
    if response.has_redirect_location:
        _check_redirect(response)
    if encoding not in _ENCODINGS:
        raise AnswerError(f"the response is compressed with {encoding[:20]}", kind="malformed")
    if response.is_success and "html" in kind:
        raise AnswerError(
            f"the endpoint answered with a web page ({kind[:40]}): check the address, and whether "
            "a proxy or a login stands before it",
            kind="malformed",
            retriable=True,
        )
    _limit(response, "json" in kind, bool(encoding))


def _check_redirect(response: Any) -> None:
    """Follow a redirect only to the same host, and only where it keeps the request as it is.

    To another host, headers with a key would go along, and so would the prompt.
    """
    here = response.request.url
    there = here.join(response.headers["location"])
    same = there.host == here.host and there.scheme in (here.scheme, "https")
    if not same or response.status_code not in (307, 308):
        raise AnswerError(
            f"the endpoint redirects to {shown_url(str(there))}: give that address if you trust it",
            kind="invalid_request",
        )


def _limit(response: Any, is_json: bool, is_packed: bool) -> None:
    """Have a response read within limits, and as one event where a stream was asked for."""
    raw, whole, stream = response.aiter_raw, response.aiter_bytes, reading.get()

    async def in_pieces(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        async for part in raw(*args, **kwargs):
            for start in range(0, len(part), _PIECE):
                yield part[start : start + _PIECE]

    async def limited(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        limits = _Limits(events=stream is not None and not is_json)
        try:
            async for part in whole(*args, **kwargs):
                limits.count(part)
                if stream is not None:
                    stream.tail = (stream.tail + part)[-_TAIL:]
                yield part
        except Exception as error:
            if type(error).__name__ != "DecodingError":  # of whichever HTTP client it is
                raise
            raise AnswerError(
                f"the body of the response could not be decompressed: {error}",
                kind="malformed",
                retriable=True,
            ) from None

    async def as_event(*args: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        """Give the whole response of a server that does not stream as one event."""
        whole = b"".join([part async for part in limited(*args, **kwargs)])
        yield b"data: " + re.sub(rb"[\r\n]", b" ", whole) + b"\n\n"

    if is_packed:
        response.aiter_raw = in_pieces
    response.aiter_bytes = as_event if is_json and stream is not None else limited
