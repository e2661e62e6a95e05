"""Failures as HTTP statuses and OpenAI's error objects."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from manyminds.errors import BudgetError, InputError, ManymindsError, QuorumError

_KINDS: Mapping[str, tuple[int, str]] = {
    "context_too_long": (400, "context_length_exceeded"),
    "rate_limit": (429, "rate_limit_exceeded"),
    "refused": (400, "content_policy_violation"),
    "timeout": (504, "upstream_timeout"),
}


class Problem(Exception):
    """A request that gets no answer.

    Attributes:
        spent: What the run has cost; empty where it made no call.

    Args:
        status: HTTP status.
        code: Short code for programs.
        message: What was wrong and what to do.
        retry_after: Seconds after which to try again.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.retry_after = retry_after
        self.spent: Mapping[str, Any] = {}

    @property
    def body(self) -> dict[str, Any]:
        """OpenAI's error object, with what the run has cost anyway."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": None, "code": self.code}
        return {"error": {**error, "manyminds": dict(self.spent)} if self.spent else error}

    def response(
        self, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> JSONResponse:
        """Return the failure as a response, by default with OpenAI's error object."""
        more = (
            {}
            if self.retry_after is None
            else {"Retry-After": str(max(1, round(self.retry_after)))}
        )
        return JSONResponse(body or self.body, self.status, headers={**headers, **more})


def problem_of(error: BaseException, limit: int | None = None) -> Problem:
    """Return an error of a run as what a client is told.

    Args:
        error: The error.
        limit: Tokens of the answer that the client allowed; None: any number.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, BudgetError):
        return Problem(429, "insufficient_quota", str(error))
    if isinstance(error, QuorumError):
        kinds = {failure.split(": ")[1] for failure in error.failures if failure.count(": ") > 1}
        only = kinds.pop() if len(kinds) == 1 else ""
        if only == "truncated" and limit is not None:
            message = f"the limit of {limit:,} tokens was reached before any answer: give more"
            return Problem(400, "max_tokens", message)
        status, code = _KINDS.get(only, (502, "no_answer"))
        return Problem(status, code, str(error))
    if isinstance(error, InputError):
        return Problem(400, "invalid_request", str(error))
    if isinstance(error, ManymindsError):
        return Problem(502, "no_answer", str(error))
    return Problem(500, "internal_error", f"the run failed: {type(error).__name__}; see the log")


def frame(chunk: Mapping[str, Any] | str) -> bytes:
    """Return a chunk as a frame of server-sent events, named where the chunk has a type."""
    if isinstance(chunk, str):
        return f"data: {chunk}\n\n".encode()
    name = f"event: {chunk['type']}\n" if "type" in chunk else ""
    return f"{name}data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode("utf-8", "replace")
