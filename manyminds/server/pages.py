"""The server's pages: a box to ask an ensemble, and the recorded runs, which are followed live."""

from asyncio import to_thread
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from manyminds.errors import DataError, InputError
from manyminds.method_graph import MethodGraph
from manyminds.server.server import Server
from manyminds.views.html import Offered, server_page
from manyminds.views.runs_folder import RunsFolder, reason_of


def add_pages(app: FastAPI, server: Server) -> None:
    """Add the pages.

    The runs are shown only by a server without keys: it answers this machine alone, while the
    holder of one key is not to read what another one asks.
    """
    config = server.config
    runs: RunsFolder | None = None
    if config.record is not None and not config.keys and config.record.suffix != ".jsonl":
        runs = RunsFolder(config.record.resolve())

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        titles = None if runs is None else await to_thread(runs.titles)
        folder = "" if runs is None else runs.folder.name
        try:
            shown = server_page(_offered(server), titles, folder=folder, keys=bool(config.keys))
        except InputError as error:
            return PlainTextResponse(str(error), 501)
        return HTMLResponse(shown.encode("utf-8", "replace"))

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
            return PlainTextResponse(reason_of(error), 422)
        if body is None:
            return PlainTextResponse("There is no run in this file yet.", 404)
        return HTMLResponse(body, headers=headers)


def _offered(server: Server) -> list[Offered]:
    offered: list[Offered] = []
    for name, one in server.config.ensembles.items():
        graph = cast("MethodGraph", server.apps[name].builder)
        budget = {} if one.budget is None else one.budget.model_dump(exclude_none=True)
        budget.pop("exhausted", None)
        limits = ", ".join(f"{value:,.10g} {what}" for what, value in budget.items())
        offered.append(Offered(name, one.method, graph.shape, list(graph.members), limits))
    return offered
