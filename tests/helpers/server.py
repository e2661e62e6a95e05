"""An OpenAI-compatible server over real HTTP, which answers and misbehaves as a test says.

    with Server(lambda body, k: Reply("hello", latency=0.1)) as server:
        ...  # server.url ends in /v1; server.requests holds what arrived

As a process of its own, for benchmarks: `PYTHONPATH=tests python -m helpers.server --latency 0.2`
prints its URL on the first line.
"""

import argparse
import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, TypeAlias, cast

from aiohttp import web

Body: TypeAlias = dict[str, Any]
_SECRET = {"authorization", "api-key", "x-api-key"}


@dataclass(frozen=True)
class Reply:
    """One answer, or one way to fail.

    Attributes:
        text: the answer; with a status of 400 or more, the error's message.
        status: HTTP status.
        code: of the error, such as "context_length_exceeded".
        headers: such as {"Retry-After": "1"}.
        latency: seconds before the answer begins.
        between: seconds between two chunks of a stream.
        hang: never answer; the connection stays open.
        drop: close the connection without an answer.
        half_stream: close the connection in the middle of the answer.
        malformed: send something that is not JSON.
        empty: send an answer without text.
        choices: the texts of all choices, instead of `text` n times.
        size: pad the text to so many characters.
        clock: begin the text with `w` and the seconds of `monotonic`, which all processes share.
        finish_reason: such as "length" or "content_filter".
        raw: send this JSON value instead of a completion; bytes as they are, with `headers`.
        events: send these as the events of a stream, and nothing after them; texts as they are.
        endless: repeat the last event until the client closes the connection.
    """

    text: str = "ok"
    status: int = 200
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    latency: float = 0.0
    between: float = 0.0
    hang: bool = False
    drop: bool = False
    half_stream: bool = False
    malformed: bool = False
    empty: bool = False
    choices: Sequence[str] | None = None
    size: int = 0
    clock: bool = False
    finish_reason: str = "stop"
    raw: object = None
    events: Sequence[object] | None = None
    endless: bool = False

    def texts(self, n: int) -> list[str]:
        """Return the text of each choice."""
        text = f"w{monotonic():.6f} {self.text}" if self.clock else self.text
        texts = [text] * n if self.choices is None else list(self.choices)
        return ["" if self.empty else text.ljust(self.size, ".") for text in texts]


@dataclass
class Request:
    """What arrived, without keys; `answered` is None while, or where, no answer went out."""

    body: Body
    headers: dict[str, str]
    arrived: float
    answered: float | None = None


Behaviour: TypeAlias = Callable[[Body, int], "Reply | str"]


def default_reply(body: Body, k: int) -> str:
    """Answer with the number of the request."""
    return f"answer {k}"


class Server:
    """The server, in a thread with an event loop of its own; use it as a context manager.

    Args:
        reply: from a request's body and its number (from 0) to the answer.
        models: the names that /v1/models lists.
        port: 0 takes a free one.
        key: where given, a request that does not carry it is refused with 401.
        together: no answer goes out before so many requests have been in flight at once.
    """

    def __init__(
        self,
        reply: Behaviour = default_reply,
        *,
        models: Sequence[str] = ("test-model",),
        port: int = 0,
        key: str | None = None,
        together: int = 1,
    ) -> None:
        self.reply, self.models, self.port, self._key = reply, tuple(models), port, key
        self.requests: list[Request] = []
        self.peak = 0  # most requests that were being answered at once
        self._count = self._busy = 0
        self._together = together
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def url(self) -> str:
        """The base URL that a client is given."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bodies(self) -> list[Body]:
        """The bodies of the requests, in order of arrival."""
        return [request.body for request in self.requests]

    @property
    def busy(self) -> int:
        """Requests that are being answered; one whose connection was closed is not."""
        return self._busy

    def clear(self) -> None:
        """Forget the requests so far; numbering begins at 0 again."""
        self.requests.clear()
        self.peak = self._count = 0
        self._loop.call_soon_threadsafe(self._enough.clear)

    def __enter__(self) -> "Server":
        self._thread.start()
        self._started.result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def join(self) -> None:
        """Wait until the server ends, which without a signal is never."""
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._enough = asyncio.Event()
        handler = web.Server(self._handle, handler_cancellation=True, access_log=None)
        runner = web.ServerRunner(handler, shutdown_timeout=0.05)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port, backlog=4096)
            await site.start()
            self.port = runner.addresses[0][1]
            self._started.set_result(None)
        except OSError as error:
            self._started.set_exception(error)
            self._stop.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        if self._key is not None and http.headers.get("Authorization") != f"Bearer {self._key}":
            return _error(401, "Incorrect API key provided", code="invalid_api_key")
        if http.path == "/v1/models":
            data = [{"id": name, "object": "model", "owned_by": "test"} for name in self.models]
            return web.json_response({"object": "list", "data": data})
        if http.path != "/v1/chat/completions" or http.method != "POST":
            return _error(404, f"no such path: {http.method} {http.path}")
        body: Body = json.loads(await http.content.read())
        headers = {k.lower(): v for k, v in http.headers.items() if k.lower() not in _SECRET}
        request = Request(body, headers, monotonic())
        k, self._count = self._count, self._count + 1
        self.requests.append(request)
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        if self._busy >= self._together:
            self._enough.set()
        try:
            await self._enough.wait()
            reply = self.reply(body, k)
            reply = Reply(reply) if isinstance(reply, str) else reply
            response = await self._answer(http, body, reply, k)
            request.answered = None if reply.hang or reply.drop else monotonic()
            return response
        finally:
            self._busy -= 1

    async def _answer(
        self, http: web.BaseRequest, body: Body, reply: Reply, k: int
    ) -> web.StreamResponse:
        if reply.latency:
            await asyncio.sleep(reply.latency)
        if reply.hang:
            await self._stop.wait()
        if reply.hang or reply.drop:
            _abort(http)
            return web.Response()
        if isinstance(reply.raw, bytes):
            headers = {"Content-Type": "application/json", **reply.headers}
            return web.Response(body=reply.raw, status=reply.status, headers=headers)
        if reply.status >= 400:
            return _error(reply.status, reply.text, reply.headers, reply.code)
        if reply.malformed:
            return web.Response(
                text='{"choices": [', content_type="application/json", headers=reply.headers
            )
        if reply.events is not None:
            return await _events(http, reply)
        if reply.raw is not None:
            return web.json_response(reply.raw, headers=reply.headers)
        if body.get("stream"):
            response = web.StreamResponse(
                headers={"Content-Type": "text/event-stream", **reply.headers}
            )
            with suppress(ConnectionError):  # the client has gone
                await _stream(response, http, body, reply, k)
            return response
        if reply.half_stream:
            return await _half(http, _completion(body, reply, k))
        return web.json_response(_completion(body, reply, k), headers=reply.headers)


def _usage(body: Body, texts: Sequence[str]) -> dict[str, int]:
    """Count words as tokens: of the messages once, of all answers."""
    asked = sum(len(str(message.get("content", "")).split()) for message in body["messages"])
    answered = sum(len(text.split()) for text in texts)
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }


def _head(body: Body, k: int, kind: str) -> Body:
    return {"id": f"chatcmpl-{k}", "object": kind, "created": 0, "model": body.get("model", "")}


def _completion(body: Body, reply: Reply, k: int) -> Body:
    texts = reply.texts(body.get("n") or 1)
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": text},
            "finish_reason": reply.finish_reason,
        }
        for index, text in enumerate(texts)
    ]
    head = _head(body, k, "chat.completion")
    return {**head, "choices": choices, "usage": _usage(body, texts)}


async def _stream(
    response: web.StreamResponse, http: web.BaseRequest, body: Body, reply: Reply, k: int
) -> None:
    """Send the answer as server-sent events, a word at a time, and the usage where asked for."""
    await response.prepare(http)
    head = _head(body, k, "chat.completion.chunk")

    async def send(index: int, delta: Body, finish: str | None = None) -> None:
        choice = {"index": index, "delta": delta, "finish_reason": finish}
        await response.write(_event({**head, "choices": [choice]}))

    texts = reply.texts(body.get("n") or 1)
    for index, text in enumerate(texts):
        words = text.split(" ")
        for nth, word in enumerate(words[: len(words) // 2] if reply.half_stream else words):
            await send(index, {"role": "assistant", "content": word if nth == 0 else f" {word}"})
            if reply.between:
                await asyncio.sleep(reply.between)
        if reply.half_stream:
            _abort(http)
            return
        await send(index, {}, reply.finish_reason)
    if (body.get("stream_options") or {}).get("include_usage"):
        await response.write(_event({**head, "choices": [], "usage": _usage(body, texts)}))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()


async def _events(http: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Send the given events, the last one without end where the reply is endless."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **reply.headers})
    sent = [
        f"data: {one}\n\n".encode() if isinstance(one, str) else _event(cast("Body", one))
        for one in reply.events or ()
    ]
    with suppress(ConnectionError):  # the client has gone
        await response.prepare(http)
        for event in sent:
            await response.write(event)
            if reply.between:
                await asyncio.sleep(reply.between)
        while reply.endless:
            await response.write(sent[-1])
        await response.write_eof()
    return response


async def _half(http: web.BaseRequest, answer: Body) -> web.StreamResponse:
    """Promise a whole answer, send half of it, and close the connection."""
    whole = json.dumps(answer).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(whole)
    with suppress(ConnectionError):  # the client was quicker
        await response.prepare(http)
        await response.write(whole[: len(whole) // 2])
    _abort(http)
    return response


def _event(data: Body) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def _error(
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
) -> web.StreamResponse:
    error = {"message": message, "type": "test_error", "code": code}
    return web.json_response({"error": error}, status=status, headers=headers)


def _abort(http: web.BaseRequest) -> None:
    if http.transport is not None:
        http.transport.close()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server for benchmarks.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--words", type=int, default=3, help="length of each answer")
    parser.add_argument("--between", type=float, default=0.0, help="seconds between two words")
    parser.add_argument(
        "--by-model", action="store_true", help="a model waits as its name says, as slow-1.5"
    )
    parser.add_argument("--clock", action="store_true", help="begin answers with the time")
    options = parser.parse_args()
    text = " ".join(["word"] * options.words)

    def reply(body: Body, _k: int) -> Reply:
        wait = float(body["model"].rsplit("-")[-1]) if options.by_model else options.latency
        return Reply(text, latency=wait, between=options.between, clock=options.clock)

    with Server(reply, port=options.port) as server, suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        server.join()


if __name__ == "__main__":
    main()
