"""The server's pages: a box to ask an ensemble, and the recorded runs, which are followed live."""

from asyncio import to_thread

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from manyminds.errors import DataError, InputError
from manyminds.server.server import Server
from manyminds.views.html import ask_page
from manyminds.views.runs_folder import RunsFolder, told


def add_pages(app: FastAPI, server: Server) -> None:
    """Add the pages.

    The runs are shown only by a server without keys: it answers this machine alone, while the
    holder of one key is not to read what another one asks.
    """
    config = server.config
    names = [(name, one.method) for name, one in config.ensembles.items()]
    runs: RunsFolder | None = None
    if config.record is not None and not config.keys and config.record.suffix != ".jsonl":
        runs = RunsFolder(config.record.resolve())

    @app.get("/", include_in_schema=False)
    async def ask() -> Response:
        try:
            page = ask_page(names, keys=bool(config.keys), runs=runs is not None)
        except InputError as error:
            return PlainTextResponse(str(error), 501)
        return HTMLResponse(page)

    if runs is None:
        return

    @app.get("/runs", include_in_schema=False)
    async def listed() -> Response:
        titles = await to_thread(runs.titles)
        return JSONResponse([title._asdict() for title in titles])

    @app.get("/runs/{name}", include_in_schema=False)
    async def run(name: str, request: Request) -> Response:
        mark = runs.mark(name)
        if mark is None:
            return PlainTextResponse("This folder has no run of that name.", 404)
        headers = {"ETag": mark, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers=headers)
        try:
            body = await to_thread(runs.page, name)
        except DataError as error:
            return PlainTextResponse(told(error), 422)
        if body is None:
            return PlainTextResponse("There is no run in this file yet.", 404)
        return HTMLResponse(body, headers=headers)
