"""The server's application: routes, admission, and a run for each request."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import uuid4

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from langchain_core.messages import ToolMessage
from pydantic import BaseModel

from manyminds.compiled_method import CompiledMethod
from manyminds.records.jsonl import JsonlRecorder
from manyminds.server import chat_completions, responses
from manyminds.server.chat_completions import ChatRequest
from manyminds.server.config import Config
from manyminds.server.events import Done, Event, Turn
from manyminds.server.keys import Keys
from manyminds.server.metrics import Metrics, log
from manyminds.server.problems import Problem, frame, problem_of
from manyminds.server.responses import ResponsesRequest
from manyminds.server.serving import Serving

B = TypeVar("B", bound=BaseModel)
Encoded = AsyncIterator[dict[str, Any] | str]
PATH_HEADER = "x-manyminds-path"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1", "testserver"})
_WAITING = 256  # chunks that a slow client may be behind
_ID = re.compile(r"[\w.-]{1,64}")


class Server:
    """The ensembles of a configuration, built once, and what is known of their requests.

    Args:
        config: The configuration.

    Raises:
        InputError: An ensemble cannot be built; the message says why.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.id = uuid4().hex[:8]
        self.apps = {name: one.build() for name, one in config.ensembles.items()}
        self.keys = Keys(config.keys)
        self.metrics = Metrics()
        self.recorder = None if config.record is None else JsonlRecorder(config.record)
        self.draining = False

    def app_of(self, turn: Turn) -> CompiledMethod:
        """Return the ensemble's application, followed by its writer where the turn needs one."""
        app = self.apps[turn.model]
        if not (turn.tools or turn.params or isinstance(turn.messages[-1], ToolMessage)):
            return app
        writer = self.config.ensembles[turn.model].writer
        return app.builder.with_tools(turn.tools, turn.params, writer).compile()  # type: ignore[attr-defined, no-any-return]

    def models(self) -> list[dict[str, Any]]:
        """Return the list of models in OpenAI's form."""
        listed: list[dict[str, Any]] = []
        for name, one in self.config.ensembles.items():
            entry: dict[str, Any] = {"id": name, "object": "model", "created": 0}
            entry |= {"owned_by": "manyminds", "manyminds": {"method": one.method}}
            if (size := one.context_length) is not None:
                entry |= {"context_length": size, "max_model_len": size}
            listed.append(entry)
        return listed

    async def answer(
        self,
        request: Request,
        kind: "type[ChatRequest] | type[ResponsesRequest]",
        encode: Callable[[Serving, Turn, BaseModel], "Encoding"],
    ) -> Response:
        """Answer a request of one protocol."""
        serving = Serving(self, request)
        self.metrics.open.inc()
        try:
            serving.admit()
            body = await serving.body(kind)
            refuse = serving.refuses_degraded or self._refuses(body.model)
            turn = body.turn(refuse_degraded=refuse)
            encoding = encode(serving, turn, body)
            if turn.stream:
                return await self._streamed(serving, encoding)
            done = await _unless_gone(request, _last(serving.run(turn)))
            response = JSONResponse(encoding.whole(done), headers=serving.headers)
            response.headers["x-manyminds-run"] = str(done.report["run"])
            self._close(serving, 200)
            return response
        except asyncio.CancelledError:
            self._close(serving, 499)
            raise
        except Exception as error:
            problem = _told(error, serving)
            self._close(serving, problem.status)
            return problem.response(serving.headers)

    async def _streamed(self, serving: Serving, encoding: "Encoding") -> Response:
        """Return a stream; a run that fails before its first event has an HTTP status."""
        queue: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
        running = asyncio.create_task(_pump(encoding.stream, queue))
        first: Any = None
        with contextlib.suppress(TimeoutError):
            first = await asyncio.wait_for(queue.get(), self.config.first_byte or None)
        if isinstance(first, Exception):
            raise first

        async def frames() -> AsyncIterator[bytes]:
            status, item = 200, first
            try:
                while item is not _END:
                    if isinstance(item, Exception):
                        problem = _told(item, serving)
                        status = problem.status
                        yield frame(encoding.failed(problem.body))
                        break
                    if item is not None:
                        yield frame(item)
                    try:
                        item = await asyncio.wait_for(queue.get(), self.config.keep_alive)
                    except TimeoutError:
                        item = None
                        yield b": keep-alive\n\n"
            except (asyncio.CancelledError, GeneratorExit):
                status = 499
                raise
            finally:
                running.cancel()
                self._close(serving, status)

        headers = {**serving.headers, "cache-control": "no-cache", "x-accel-buffering": "no"}
        return StreamingResponse(frames(), media_type="text/event-stream", headers=headers)

    def _refuses(self, model: str) -> bool:
        own = self.config.ensembles.get(model)
        return own is not None and own.refuse_degraded

    def _close(self, serving: Serving, status: int) -> None:
        self.metrics.open.dec()
        serving.close(status)


class Encoding(BaseModel):
    """How one protocol writes a run: as one object, as a stream, and a failure in a stream."""

    model_config = {"arbitrary_types_allowed": True}

    whole: Callable[[Done], dict[str, Any]]
    stream: Any
    failed: Callable[[Mapping[str, Any]], dict[str, Any]]


_END = object()


async def _pump(chunks: Encoded, queue: "asyncio.Queue[Any]") -> None:
    """Put a stream's chunks into a queue, then `_END`, or the error that ended it."""
    try:
        async for chunk in chunks:
            await queue.put(chunk)
        await queue.put(_END)
    except Exception as error:
        await queue.put(error)


async def _last(stream: AsyncIterator[Event]) -> Done:
    done: Event | None = None
    async for event in stream:
        done = event
    assert isinstance(done, Done)
    return done


async def _unless_gone(request: Request, work: Awaitable[Done]) -> Done:
    """Wait for a run; cancel it when the client has gone."""
    running = asyncio.ensure_future(work)

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    watching = asyncio.create_task(watch())
    try:
        await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise Problem(499, "client_gone", "the client has gone")
        return await running
    finally:
        running.cancel()
        watching.cancel()


def _told(error: Exception, serving: Serving) -> Problem:
    problem = problem_of(error)
    if problem.status == 500:
        log.exception("request %s failed", serving.id, exc_info=error)
    return problem


def create_app(config: Config) -> FastAPI:
    """Build the server's ASGI application.

    Args:
        config: The configuration; see `read_config`.

    Raises:
        InputError: An ensemble cannot be built; the message says why.
    """
    server = Server(config)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield
        server.draining = True

    app = FastAPI(title="manyminds", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.server = server

    @app.middleware("http")
    async def only_known_hosts(
        request: Request, following: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        # Without keys, a page elsewhere could have its own name resolve to this machine.
        if not config.keys and (request.url.hostname or "") not in _LOOPBACK:
            return Problem(403, "forbidden", "without keys, only localhost is served").response({})
        return await following(request)

    @app.exception_handler(Problem)
    async def told(_request: Request, problem: Problem) -> Response:
        return problem.response({})

    _add_status(app, server)
    _add_protocols(app, server)
    return app


def _add_status(app: FastAPI, server: Server) -> None:
    def with_key(request: Request) -> None:
        if server.keys.holder(request.headers.get("authorization", "")) is None:
            raise Problem(401, "invalid_api_key", "send an API key")

    guarded = [Depends(with_key)]

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> Response:
        """Say whether new requests are taken."""
        state = "draining" if server.draining else "ready"
        return JSONResponse({"status": state}, 503 if server.draining else 200)

    @app.get("/metrics", dependencies=guarded)
    async def metrics() -> Response:
        """Return Prometheus metrics."""
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/v1/models", dependencies=guarded)
    async def models() -> Response:
        """List the ensembles."""
        return JSONResponse({"object": "list", "data": server.models()})

    @app.get("/v1/models/{name}", dependencies=guarded)
    async def model(name: str) -> Response:
        """Return one ensemble."""
        found = [one for one in server.models() if one["id"] == name]
        if not found:
            raise Problem(404, "model_not_found", f"there is no model {name!r}")
        return JSONResponse(found[0])


def _add_protocols(app: FastAPI, server: Server) -> None:
    def chat_encoding(serving: Serving, turn: Turn, body: BaseModel) -> Encoding:
        assert isinstance(body, ChatRequest)
        return Encoding(
            whole=lambda done: chat_completions.whole(done, turn, serving.id),
            stream=chat_completions.stream(
                serving.run(turn), turn, serving.id, with_usage=body.with_usage
            ),
            failed=lambda error: {"error": dict(error)},
        )

    def responses_encoding(serving: Serving, turn: Turn, _body: BaseModel) -> Encoding:
        return Encoding(
            whole=lambda done: responses.whole(done, turn, serving.id),
            stream=responses.stream(serving.run(turn), turn, serving.id),
            failed=lambda error: responses.failed(turn, serving.id, error),
        )

    @app.post("/v1/chat/completions", openapi_extra=_body_of(ChatRequest))
    async def chat(request: Request) -> Response:
        """Answer in OpenAI's Chat Completions form."""
        return await server.answer(request, ChatRequest, chat_encoding)

    @app.post("/v1/responses", openapi_extra=_body_of(ResponsesRequest))
    async def respond(request: Request) -> Response:
        """Answer in OpenAI's Responses form."""
        return await server.answer(request, ResponsesRequest, responses_encoding)


def _body_of(kind: type[BaseModel]) -> dict[str, Any]:
    schema = kind.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
