"""One request, from its admission to its end."""

import contextlib
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from fastapi import Request
from pydantic import BaseModel, ValidationError

from manyminds.aio import served_path
from manyminds.compiled_method import CompiledMethod
from manyminds.records.jsonl import JsonlRecorder
from manyminds.server.config import Config
from manyminds.server.events import Done, Event, Turn, events
from manyminds.server.keys import Holder, Keys
from manyminds.server.metrics import Metrics
from manyminds.server.problems import Problem
from manyminds.settings import Context

B = TypeVar("B", bound=BaseModel)
PATH_HEADER = "x-manyminds-path"
_ID = re.compile(r"[\w.-]{1,64}")
_LOGGED = ("run", "calls", "tokens", "cost", "degraded")


class Server(Protocol):
    """What a request knows of its server."""

    config: Config
    id: str
    keys: Keys
    metrics: Metrics
    recorder: JsonlRecorder | None
    draining: bool

    def app_of(self, turn: Turn) -> CompiledMethod:
        """Return the application that answers a turn."""
        ...


class Serving:
    """One request from its admission to its end.

    Args:
        server: The server.
        request: The HTTP request.
    """

    def __init__(self, server: Server, request: Request) -> None:
        self.server, self.request = server, request
        given = request.headers.get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else uuid4().hex
        self.model, self.began = "unknown", time.monotonic()
        self.holder: Holder | None = None
        self.report: Mapping[str, Any] = {}

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every response."""
        return {"x-request-id": self.id}

    def admit(self) -> None:
        """Check the key and its rate.

        Raises:
            Problem: The request is not admitted.
        """
        if self.server.draining:
            raise Problem(503, "shutting_down", "the server is stopping", retry_after=5)
        self.holder = self.server.keys.holder(self.request.headers.get("authorization", ""))
        if self.holder is None:
            message = "send one of the server's API keys as `Authorization: Bearer KEY`"
            raise Problem(401, "invalid_api_key", message)
        wait = self.holder.admit()
        if wait > 0:
            message = f"the key {self.holder.name} asks too often: wait {wait:.1f} s"
            raise Problem(429, "rate_limit_exceeded", message, retry_after=wait)

    async def body(self, kind: type[B]) -> B:
        """Read the body.

        Raises:
            Problem: It is too large, or has another form.
        """
        most, parts, size = self.server.config.max_body_bytes, list[bytes](), 0
        async for part in self.request.stream():
            size += len(part)
            if size > most:
                message = f"the request is larger than {most:,} bytes"
                raise Problem(413, "request_too_large", message)
            parts.append(part)
        try:
            return kind.model_validate_json(b"".join(parts))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "body"
            raise Problem(400, "invalid_request", f"{where}: {first['msg']}") from None

    @property
    def refuses_degraded(self) -> bool:
        """Whether the client asks for an error instead of a degraded answer."""
        return self.request.headers.get("x-manyminds-refuse-degraded", "") in ("1", "true")

    async def run(self, turn: Turn) -> AsyncIterator[Event]:
        """Run a turn and yield its events.

        Raises:
            Problem: The ensemble is unknown, calls itself, or its answer is refused.
        """
        assert self.holder is not None
        own = self.server.config.ensembles.get(turn.model)
        if own is None:
            known = ", ".join(self.server.config.ensembles)
            message = f"there is no model {turn.model[:100]!r}: there are {known}"
            raise Problem(404, "model_not_found", message)
        self.model = turn.model
        entry = f"{self.server.id}/{turn.model}"
        path = [*filter(None, self.request.headers.get(PATH_HEADER, "").split(",")), entry]
        if entry in path[:-1]:
            raise Problem(400, "recursion", f"the ensemble {turn.model!r} calls itself")
        app = self.server.app_of(turn)
        context = Context(
            budget=self.holder.budget(own.budget), seed=turn.seed, recorder=self.server.recorder
        )
        token = served_path.set(",".join(path))
        try:
            async for event in events(app, turn, context):
                if isinstance(event, Done):
                    self.settle(event.report)
                    degraded = event.report["degraded"]
                    if turn.refuse_degraded and degraded:
                        raise Problem(503, "degraded", f"the answer is degraded: {degraded}")
                yield event
        finally:
            with contextlib.suppress(ValueError):  # closed by another task than the one that ran
                served_path.reset(token)

    def settle(self, report: Mapping[str, Any]) -> None:
        """Count what the run has spent."""
        self.report = report
        self.server.metrics.answered(self.model, report)
        if self.holder is not None:
            self.holder.settle(report)

    def close(self, status: int) -> None:
        """Count and log the end of the request."""
        facts = {
            key: self.report.get(key) for key in ("run", "calls", "tokens", "cost", "degraded")
        }
        key = None if self.holder is None else self.holder.name
        self.server.metrics.closed(
            self.model, status, self.began, request=self.id, key=key, **facts
        )
