"""The server's ASGI application: its routes."""

import contextlib
import gc
import os
import re
import secrets
import signal
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from manyminds.limits.sharing import share_limits
from manyminds.server import chat_completions, messages, responses
from manyminds.server.config import Config, read_config
from manyminds.server.database import opened
from manyminds.server.messages import MessagesRequest
from manyminds.server.metrics import FOLDER, forget_dead_processes, log_as_lines
from manyminds.server.pages import add_pages
from manyminds.server.problems import Problem
from manyminds.server.protocol import Protocol
from manyminds.server.server import Server
from manyminds.server.serving import Serving

_HERE = re.compile(r"(https?://)?(127\.0\.0\.1|localhost|\[::1\]|testserver)(:\d+)?")
PROTOCOLS = (chat_completions.PROTOCOL, responses.PROTOCOL, messages.PROTOCOL)
CONFIG, PROCESSES, ID = "MANYMINDS_SERVE", "MANYMINDS_SERVE_PROCESSES", "MANYMINDS_SERVE_ID"


def create_app(config: Config, id: str | None = None) -> FastAPI:
    """Build the server's ASGI application.

    Args:
        config: The configuration; see `read_config`.
        id: Name of the server, where several processes are one server.

    Raises:
        InputError: An ensemble cannot be built; the message says why.
    """
    server = Server(config, id)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if config.database is not None:
                server.database = await stack.enter_async_context(opened(config.database))
            _drain_on_signal(server)
            server.draining = False  # an application may be started again
            yield
            server.draining = True

    app = FastAPI(title="manyminds", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.server = server

    if not config.keys:
        app.add_middleware(OnlyThisMachine)

    @app.exception_handler(Problem)
    async def problem_response(request: Request, problem: Problem) -> Response:
        return _response(request, problem)

    @app.exception_handler(HTTPException)
    async def not_served(request: Request, error: HTTPException) -> Response:
        return _response(request, _not_served(request, error))

    _add_status(app, server)
    for protocol in PROTOCOLS:
        _add(app, server, protocol)
    _add_count(app, server)
    add_pages(app, server)
    return app


class OnlyThisMachine:
    """Refuses what other machines' pages send, where no key tells who asks.

    A page elsewhere could have its own name resolve to this machine.

    Args:
        app: Application that the other requests go to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        request = Request(scope) if scope["type"] == "http" else None
        refused = None if request is None else _refused(request)
        found = self.app if request is None or refused is None else _response(request, refused)
        await found(scope, receive, send)


def _response(request: Request, problem: Problem) -> Response:
    """Return a failure in the form of the protocol that the request's path belongs to."""
    path = request.url.path
    found = (one for one in PROTOCOLS if path == one.path or path.startswith(f"{one.path}/"))
    protocol = next(found, chat_completions.PROTOCOL)
    return problem.response({}, protocol.error(problem))


def _not_served(request: Request, error: HTTPException) -> Problem:
    what = f"{request.method} {request.url.path[:100]}"
    if error.status_code == 405:
        return Problem(405, "method_not_allowed", f"{what}: this path takes another method")
    if error.status_code == 404:
        served = ", ".join(one.path for one in PROTOCOLS)
        return Problem(404, "not_found", f"{what} is not served: there are {served}, /v1/models")
    return Problem(error.status_code, "invalid_request", str(error.detail))


def _refused(request: Request) -> Problem | None:
    if not _HERE.fullmatch(request.headers.get("host", "")):
        return Problem(403, "forbidden", "without keys, only localhost is served")
    origin = request.headers.get("origin")
    if origin is not None and not _HERE.fullmatch(origin):
        return Problem(403, "forbidden", "without keys, pages elsewhere cannot ask")
    return None


def for_processes(config: Path, processes: int, folder: Path) -> str:
    """Tell processes that are about to start what they serve; return where their app is made.

    Args:
        config: YAML file of ensembles.
        processes: Number of processes, which share limits.
        folder: Folder of their metrics, while the server runs.
    """
    os.environ |= {
        FOLDER: str(folder),
        CONFIG: str(config.resolve()),
        PROCESSES: str(processes),
        ID: secrets.token_hex(4),
    }
    return f"{__name__}:{of_environment.__name__}"


def of_environment() -> FastAPI:
    """Build the application in one of several processes, as `manyminds serve` starts them."""
    log_as_lines()
    forget_dead_processes()
    processes = int(os.environ[PROCESSES])
    share_limits(processes)
    config = read_config(Path(os.environ[CONFIG])).share(processes)
    app = create_app(config, os.environ[ID])
    set_aside()
    return app


def set_aside() -> None:
    """Leave what has been loaded out of garbage collection, which would stop requests for 0.1 s."""
    gc.collect()
    gc.freeze()


def _drain_on_signal(server: Server) -> None:
    """Take no new requests after the first signal to stop; open ones are finished."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def drain(*given: Any, before: Any = before) -> None:
            server.draining = True
            if callable(before):
                before(*given)

        signal.signal(number, drain)


def _add_status(app: FastAPI, server: Server) -> None:
    def with_key(request: Request) -> None:
        Serving(server, request).identify()

    guarded = [Depends(with_key)]

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> Response:
        """Return whether new requests are taken."""
        state = "draining" if server.draining else "ready"
        return JSONResponse({"status": state}, 503 if server.draining else 200)

    @app.get("/metrics", dependencies=guarded)
    async def metrics() -> Response:
        """Return Prometheus metrics."""
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/v1/models", dependencies=guarded)
    async def models() -> Response:
        """List the ensembles."""
        listed = server.models()
        ends = {"first_id": listed[0]["id"], "last_id": listed[-1]["id"]} if listed else {}
        return JSONResponse({"object": "list", "data": listed, "has_more": False, **ends})

    @app.get("/v1/models/{name}", dependencies=guarded)
    async def model(name: str) -> Response:
        """Return one ensemble."""
        found = [one for one in server.models() if one["id"] == name]
        if not found:
            raise Problem(404, "model_not_found", f"there is no model {name!r}")
        return JSONResponse(found[0])


def _add(app: FastAPI, server: Server, protocol: Protocol) -> None:
    async def answer(request: Request) -> Response:
        return await server.answer(request, protocol)

    app.post(protocol.path, summary=protocol.summary, openapi_extra=_body_of(protocol.request))(
        answer
    )
    app.post(f"{protocol.path}/", include_in_schema=False)(answer)  # a redirect loses some clients


def _add_count(app: FastAPI, server: Server) -> None:
    @app.post("/v1/messages/count_tokens", openapi_extra=_body_of(MessagesRequest))
    async def count(request: Request) -> Response:
        """Estimate the tokens of a request in Anthropic's form: a token has four characters."""
        serving = Serving(server, request)
        try:
            serving.admit()
            body = await serving.body(MessagesRequest)
        except Problem as problem:
            return problem.response(serving.headers, messages.error(problem))
        return JSONResponse({"input_tokens": body.tokens()}, headers=serving.headers)


def _body_of(kind: Any) -> dict[str, Any]:
    schema = kind.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
