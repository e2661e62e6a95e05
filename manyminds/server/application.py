"""The server's ASGI application: its routes."""

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from manyminds.limits.sharing import share_limits
from manyminds.server import chat_completions, messages, responses
from manyminds.server.config import Config, read_config
from manyminds.server.database import opened
from manyminds.server.messages import MessagesRequest
from manyminds.server.metrics import log_as_lines
from manyminds.server.pages import add_pages
from manyminds.server.problems import Problem
from manyminds.server.protocol import Protocol
from manyminds.server.server import Server
from manyminds.server.serving import Serving

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1", "testserver"})
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

    @app.middleware("http")
    async def only_known_hosts(
        request: Request, following: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        # Without keys, a page elsewhere could have its own name resolve to this machine.
        if not config.keys and (request.url.hostname or "") not in _LOOPBACK:
            return Problem(403, "forbidden", "without keys, only localhost is served").response({})
        origin = urlsplit(request.headers.get("origin", "")).hostname
        if not config.keys and origin is not None and origin not in _LOOPBACK:
            return Problem(403, "forbidden", "without keys, pages elsewhere cannot ask").response(
                {}
            )
        return await following(request)

    @app.exception_handler(Problem)
    async def told(_request: Request, problem: Problem) -> Response:
        return problem.response({})

    _add_status(app, server)
    for protocol in PROTOCOLS:
        _add(app, server, protocol)
    _add_count(app, server)
    add_pages(app, server)
    return app


def for_processes(config: Path, processes: int) -> str:
    """Tell processes that are about to start what they serve; return where their app is made.

    Args:
        config: YAML file of ensembles.
        processes: Number of processes, which share limits.
    """
    os.environ |= {
        CONFIG: str(config.resolve()),
        PROCESSES: str(processes),
        ID: secrets.token_hex(4),
    }
    return f"{__name__}:{of_environment.__name__}"


def of_environment() -> FastAPI:
    """Build the application in one of several processes, as `manyminds serve` starts them."""
    log_as_lines()
    processes = int(os.environ[PROCESSES])
    share_limits(processes)
    config = read_config(Path(os.environ[CONFIG])).share(processes)
    return create_app(config, os.environ[ID])


def _drain_on_signal(server: Server) -> None:
    """Take no new requests from the first signal to stop on; open ones come to their end."""
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


def _add(app: FastAPI, server: Server, protocol: Protocol) -> None:
    async def answer(request: Request) -> Response:
        return await server.answer(request, protocol)

    app.post(protocol.path, summary=protocol.summary, openapi_extra=_body_of(protocol.request))(
        answer
    )


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
