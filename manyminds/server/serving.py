"""One request, from its admission to its end."""

import contextlib
import json
import re
import time
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from fastapi import Request
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, ValidationError

from manyminds.aio import served_path
from manyminds.compiled_method import CompiledMethod
from manyminds.records.jsonl import JsonlRecorder
from manyminds.runs.context import ParentCall, parent_call
from manyminds.runs.usage import totals
from manyminds.server.config import Config
from manyminds.server.conversation import check_question, check_results
from manyminds.server.events import Done, Event, Turn, events, finished
from manyminds.server.keys import Holder, Keys
from manyminds.server.metrics import Metrics, log
from manyminds.server.problems import Problem, problem_of
from manyminds.server.stopping import until
from manyminds.settings import Context

B = TypeVar("B", bound=BaseModel)
PATH_HEADER = "x-manyminds-path"
THREAD_HEADER = "x-manyminds-thread"
_ID = re.compile(r"[\w.-]{1,64}")
_FORM = re.compile(r"(str|dict|list)(\[|$)")  # of a union, in the place of an error
_LONGEST_HEADER = 4_000
_DEEPEST = 8  # ensembles that may call each other, one behind the other


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

    def config_of(self, turn: Turn, holder: Holder) -> RunnableConfig:
        """Return LangGraph's configuration of a turn."""
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
        self.is_named = _ID.fullmatch(given) is not None  # so that it can be sent again
        self.id = given if self.is_named else uuid4().hex
        self.model, self.began = "unknown", time.monotonic()
        self.holder: Holder | None = None
        self.report: Mapping[str, Any] = {}
        self.account = ParentCall((), 0)
        self.limit: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every response."""
        return {"x-request-id": self.id}

    def headers_of(self, done: Done) -> dict[str, str]:
        """Return the headers of an answer: the run, and the report as JSON."""
        report = json.dumps(done.vendor, ensure_ascii=True)
        more = {"x-manyminds-report": report} if len(report) <= _LONGEST_HEADER else {}
        return {**self.headers, "x-manyminds-run": str(done.report["run"]), **more}

    def admit(self) -> None:
        """Check the key and its rate.

        Raises:
            Problem: The request is not admitted.
        """
        if self.server.draining:
            raise Problem(503, "shutting_down", "the server is stopping", retry_after=5)
        self.holder = self.identify()
        self.account = ParentCall(self.holder.counters, 0)
        wait = self.holder.admit()
        if wait > 0:
            message = f"the key {self.holder.name} asks too often: wait {wait:.1f} s"
            raise Problem(429, "rate_limit_exceeded", message, retry_after=wait)

    def identify(self) -> Holder:
        """Return the owner of the request's key.

        Raises:
            Problem: The request has none of the server's keys.
        """
        headers = self.request.headers
        given = headers.get("authorization") or f"Bearer {headers.get('x-api-key', '')}"
        holder = self.server.keys.holder(given)
        if holder is None:
            message = "send one of the server's API keys as `Authorization: Bearer KEY`"
            raise Problem(401, "invalid_api_key", message)
        return holder

    def named(self, turn: Turn) -> Turn:
        """Return a turn with the conversation that a header names, where the body names none.

        Raises:
            Problem: The conversation has no name that can be kept.
            InputError: There is no question, or tool calls and results do not belong together.
        """
        thread = turn.thread or self.request.headers.get(THREAD_HEADER, "")
        if not thread:
            check_results(turn.messages)
            check_question(turn.messages)
            return turn
        if not _ID.fullmatch(thread):
            message = "a conversation is named by 1 to 64 letters, digits, `.`, `_` and `-`"
            raise Problem(400, "invalid_request", message)
        # A repeated request replaces its messages instead of adding them once more.
        messages = [
            one.model_copy(update={"id": "system" if one.type == "system" else f"{self.id}-{k}"})
            for k, one in enumerate(turn.messages)
        ]
        return replace(turn, thread=thread, messages=messages)

    async def body(self, kind: type[B]) -> B:
        """Read the body.

        Raises:
            Problem: It is too large, or has another form.
        """
        packed = self.request.headers.get("content-encoding", "identity")
        if packed != "identity":
            message = f"the body is packed ({packed[:50]}): send it as it is, without an encoding"
            raise Problem(415, "invalid_request", message)
        most, parts, size = self.server.config.max_body_bytes, list[bytes](), 0
        async for part in self.request.stream():
            size += len(part)
            if size > most:
                message = f"the request is larger than {most:,} bytes"
                raise Problem(413, "request_too_large", message)
            parts.append(part)
        try:
            return kind.model_validate_json(b"".join(parts).removeprefix(BOM_UTF8))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            first = max(found, key=lambda one: len(one["loc"]))  # of a union, the form that fits
            where = [str(part) for part in first["loc"] if not _FORM.match(str(part))]
            message = f"{'.'.join(where) or 'body'}: {first['msg']}"
            raise Problem(400, "invalid_request", message) from None

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
        path = self._path()
        self.holder.check_budget()
        app = self.server.app_of(turn)
        self.limit = turn.limit
        context = Context(
            budget=own.budget,
            seed=turn.seed,
            recorder=self.server.recorder,
            answer_tokens=turn.limit,
        )
        tokens = served_path.set(path), parent_call.set(self.account)
        try:
            config = self.server.config_of(turn, self.holder)
            state = await finished(app, turn, config) if turn.thread and self.is_named else None
            found = events(app, turn, context, config, known=state)
            async for event in until(found, turn.stop) if turn.stop else found:
                if isinstance(event, Done):
                    self.report = event.report
                    degraded = event.report["degraded"]
                    if turn.refuse_degraded and degraded:
                        raise Problem(503, "degraded", f"the answer is degraded: {degraded}")
                yield event
        finally:
            with contextlib.suppress(ValueError):  # closed by another task than the one that ran
                served_path.reset(tokens[0])
                parent_call.reset(tokens[1])

    def _path(self) -> str:
        """Return the ensembles that this request is made for, its own last.

        Raises:
            Problem: The ensemble calls itself, or ensembles call each other too deeply.
        """
        entry = f"{self.server.id}/{self.model}"
        path = [*filter(None, self.request.headers.get(PATH_HEADER, "").split(","))]
        if entry in path:
            raise Problem(400, "recursion", f"the ensemble {self.model!r} calls itself")
        if len(path) >= _DEEPEST:
            raise Problem(400, "recursion", f"ensembles call each other {_DEEPEST} levels deep")
        return ",".join([*path, entry])

    @property
    def spent(self) -> dict[str, Any]:
        """Calls, requests, tokens and cost so far; empty where no call was made."""
        total = totals(self.account.spent)
        if not total["calls"]:
            return {}
        tokens = {"input": total["input_tokens"], "output": total["output_tokens"]}
        cost = None if total["unpriced"] >= total["calls"] else total["cost"]
        counted = {"calls": total["calls"], "requests": total["requests"]}
        return {**counted, "tokens": tokens, "cost": cost}

    def problem(self, error: Exception) -> Problem:
        """Return what the client reads of an error, with what the run has cost."""
        problem = problem_of(error, self.limit)
        if problem.status == 500:
            log.exception("request %s failed", self.id, exc_info=error)
        problem.spent = self.spent
        return problem

    def close(self, status: int) -> None:
        """Count and log the end of the request."""
        spent = self.spent
        degraded = self.report.get("degraded")
        if spent:
            self.server.metrics.answered(self.model, spent, degraded=bool(degraded))
        facts = {"run": self.report.get("run"), **spent, "degraded": degraded}
        key = None if self.holder is None else self.holder.name
        self.server.metrics.closed(
            self.model, status, self.began, request=self.id, key=key, **facts
        )
