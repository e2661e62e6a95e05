"""The server's state, and how it answers a request of any protocol."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import lru_cache
from typing import Any, cast
from uuid import uuid4

from fastapi import Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.presets import check_prices
from manyminds.records.jsonl import JsonlRecorder
from manyminds.server.config import Config
from manyminds.server.database import Database
from manyminds.server.events import Done, Event, Turn
from manyminds.server.keys import Holder, Keys
from manyminds.server.metrics import Metrics
from manyminds.server.problems import Problem, frame
from manyminds.server.protocol import Body, Frames, Protocol
from manyminds.server.serving import Serving

_WAITING = 256  # frames that a slow client may be behind
_COMPILED = 64  # sets of tools and output schemas whose graphs are kept


class Server:
    """The ensembles of a configuration, built once, and what is known of their requests.

    Args:
        config: The configuration.
        id: Name of the server in the path of ensembles that call each other; the same for all
            processes of one server.

    Attributes:
        apps: Ensembles by name.
        database: Where conversations are kept, once it has been opened.
        draining: Whether the server takes no new requests.

    Raises:
        InputError: An ensemble cannot be built; the message says why.
    """

    def __init__(self, config: Config, id: str | None = None) -> None:
        self.config = config
        self.id = id or uuid4().hex[:8]
        self.apps = {name: one.build() for name, one in config.ensembles.items()}
        for key in config.keys:
            for app in self.apps.values():
                check_prices(key.budget, _graph(app).members.values())
        self.keys = Keys(config.keys)
        self.metrics = Metrics()
        self.recorder = None if config.record is None else JsonlRecorder(config.record)
        self.database: Database | None = None
        self.draining = False
        self._compiled = lru_cache(_COMPILED)(self._compile)

    def app_of(self, turn: Turn) -> CompiledMethod:
        """Return the ensemble's application, followed by its writer where the turn needs one.

        Raises:
            InputError: The turn names a conversation, and the server keeps none.
        """
        written = turn.tools or turn.params or isinstance(turn.messages[-1], ToolMessage)
        if turn.thread and self.database is None:
            raise InputError("this server keeps no conversations: send all messages")
        if not (written or turn.thread):
            return self.apps[turn.model]
        tools = json.dumps([turn.tools, turn.params], sort_keys=True) if written else ""
        return self._compiled(turn.model, tools, bool(turn.thread))

    def config_of(self, turn: Turn, holder: Holder) -> RunnableConfig:
        """Return LangGraph's configuration of a turn; a key has conversations of its own."""
        config = RunnableConfig(metadata={"served_as": turn.model})
        if turn.thread:
            thread = f"{turn.model}/{holder.name}/{turn.thread}"
            config["configurable"] = {"thread_id": thread}
        return config

    def models(self) -> list[dict[str, Any]]:
        """Return the list of models, in a form that clients of OpenAI and of Anthropic read."""
        listed: list[dict[str, Any]] = []
        for name, one in self.config.ensembles.items():
            entry: dict[str, Any] = {"id": name, "object": "model", "created": 0}
            entry |= {"owned_by": "manyminds", "manyminds": {"method": one.method}}
            # Clients of Anthropic's protocol read these.
            entry |= {"type": "model", "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
            if (size := one.context(self.apps[name])) is not None:
                entry |= {"context_length": size, "max_model_len": size}
            listed.append(entry)
        return listed

    async def answer(self, request: Request, protocol: Protocol) -> Response:
        """Answer a request of one protocol."""
        serving = Serving(self, request)
        self.metrics.open.inc()
        try:
            serving.admit()
            body = cast("Body", await serving.body(protocol.request))
            own = self.config.ensembles.get(body.model)
            refuse = serving.refuses_degraded or (own is not None and own.refuse_degraded)
            turn = serving.named(body.turn(refuse_degraded=refuse))
            if turn.stream:
                return await self._streamed(serving, protocol, turn)
            done = await _unless_gone(request, _last(serving.run(turn)))
            response = JSONResponse(
                protocol.whole(done, turn, serving.id), headers=serving.headers_of(done)
            )
            self._close(serving, 200)
            return response
        except asyncio.CancelledError:
            self._close(serving, 499)
            raise
        except Exception as error:
            problem = serving.problem(error)
            self._close(serving, problem.status)
            return problem.response(serving.headers, protocol.error(problem))

    async def _streamed(self, serving: Serving, protocol: Protocol, turn: Turn) -> Response:
        """Return a stream; a run that fails before its first event has an HTTP status."""
        queue: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
        frames = protocol.stream(serving.run(turn), turn, serving.id)
        running = asyncio.create_task(_pump(frames, queue))
        first: Any = None
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.config.first_byte or None):
                    first = await queue.get()
        except asyncio.CancelledError:
            running.cancel()
            raise
        if isinstance(first, Exception):
            raise first
        status = 499  # unless the stream ends

        async def sent() -> AsyncIterator[bytes]:
            nonlocal status
            item = first
            while item is not _END:
                if isinstance(item, Exception):
                    problem = serving.problem(item)
                    status = problem.status
                    yield frame(protocol.failed(turn, serving.id, problem))
                    return
                if item is not None:
                    yield frame(item)
                try:
                    async with asyncio.timeout(self.config.keep_alive):
                        item = await queue.get()
                except TimeoutError:
                    item = None
                    yield b": keep-alive\n\n"
            status = 200

        async def ended() -> None:
            running.cancel()
            await asyncio.wait({running})
            self._close(serving, status)

        return _Stream(sent(), serving.headers, ended)

    def _compile(self, model: str, tools: str, kept: bool) -> CompiledMethod:
        """Compile an ensemble with these tools and parameters, as JSON, for the writer."""
        graph = _graph(self.apps[model])
        if tools:
            given, params = json.loads(tools)
            graph = graph.with_tools(given, params, self.config.ensembles[model].writer)
        if kept and self.database is not None:
            checkpointer, store = self.database
            return cast("CompiledMethod", graph.compile(checkpointer=checkpointer, store=store))
        return cast("CompiledMethod", graph.compile())

    def _close(self, serving: Serving, status: int) -> None:
        self.metrics.open.dec()
        serving.close(status)


class _Stream(StreamingResponse):
    """A stream of server-sent events that notices its end, however early the client goes."""

    def __init__(
        self,
        frames: AsyncIterator[bytes],
        headers: dict[str, str],
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        more = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(frames, headers={**headers, **more}, media_type="text/event-stream")
        self._ended = ended

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.shield(self._ended())


_END = object()


def _graph(app: CompiledMethod) -> Any:
    """Return the method's graph, which an application was compiled from."""
    return app.builder


async def _pump(frames: Frames, queue: "asyncio.Queue[Any]") -> None:
    """Put a stream's frames into a queue, then `_END`, or the error that ended it."""
    try:
        async for one in frames:
            await queue.put(one)
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
            running.cancel()
            await asyncio.wait({running})
            raise Problem(499, "client_gone", "the client has gone")
        return await running
    finally:
        running.cancel()
        watching.cancel()
