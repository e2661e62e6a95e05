"""A small server, for this machine only, that lists the runs of a folder and follows them live."""

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from manyminds.errors import DataError, InputError
from manyminds.views.html import check_installed
from manyminds.views.runs_folder import RunsFolder, told

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

HOST = "127.0.0.1"
_KNOWN_AS = frozenset({HOST, "localhost", "[::1]"})


class Viewer:
    """Answers requests for the runs of a folder."""

    def __init__(self, folder: Path) -> None:
        self.runs = RunsFolder(folder)

    def app(self) -> "web.Application":
        """Return the server's application."""
        from aiohttp import web

        @web.middleware
        async def only_from_here(request: web.Request, handler: "Handler") -> web.StreamResponse:
            # A page elsewhere could have its own name resolve to this machine and read the runs.
            if (request.url.host or "") not in _KNOWN_AS:
                raise web.HTTPForbidden(text="This server answers to localhost only.")
            return await handler(request)

        app = web.Application(middlewares=[only_from_here])
        app.add_routes([web.get("/", self.list_runs), web.get("/runs/{name}", self.show_run)])
        return app

    async def list_runs(self, _request: "web.Request") -> "web.Response":
        """Answer with the list of runs, newest first."""
        from aiohttp import web

        return web.Response(body=await to_thread(self.runs.index), content_type="text/html")

    async def show_run(self, request: "web.Request") -> "web.Response":
        """Answer with the page of a run, or that there is no news since the caller's last look."""
        from aiohttp import web

        name = request.match_info["name"]
        mark = self.runs.mark(name)
        if mark is None:
            raise web.HTTPNotFound(text="This folder has no run of that name.")
        if request.headers.get("If-None-Match") == mark:
            return web.Response(status=304, headers={"ETag": mark})
        try:
            body = await to_thread(self.runs.page, name)
        except DataError as error:
            raise web.HTTPUnprocessableEntity(text=told(error)) from None
        if body is None:
            raise web.HTTPNotFound(text="There is no run in this file yet.")
        headers = {"ETag": mark, "Cache-Control": "no-cache"}
        return web.Response(body=body, content_type="text/html", headers=headers)


def run_viewer(folder: Path, port: int) -> None:
    """Serve the runs of a folder until interrupted.

    Raises:
        InputError: the folder or aiohttp is missing, or the port is taken.
    """
    try:
        from aiohttp import web
    except ModuleNotFoundError as error:
        raise InputError(
            '--serve needs aiohttp, which is not installed: pip install "manyminds[server]".'
        ) from error
    check_installed()
    if not folder.is_dir():
        raise InputError(f"--serve {folder}: the folder does not exist")
    import asyncio

    app = Viewer(folder.resolve()).app()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, port)
            await site.start()
            host, chosen = runner.addresses[0][:2]
            print(f"the runs of {folder}: http://{host}:{chosen}/ (Ctrl-C ends it)", flush=True)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    try:
        asyncio.run(serve())
    except OSError as error:
        raise InputError(
            f"--port {port}: it cannot be served there ({error.strerror}); give another, or 0"
        ) from None
