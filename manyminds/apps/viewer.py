"""A small server, for this machine only, that lists the runs of a folder and follows them live."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from manyminds.errors import DataError, InputError
from manyminds.records.files import SUFFIX
from manyminds.records.reader import load_runs
from manyminds.views.html import index, page
from manyminds.views.reading import data_of

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

HOST = "127.0.0.1"
_MOST = 200  # runs that are listed, newest first
_KNOWN_AS = frozenset({HOST, "localhost", "[::1]"})


class Viewer:
    """Answers requests for the runs of a folder; each file is read anew only when it has grown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._titles: dict[Path, tuple[str, str, str, str]] = {}
        self._marks: dict[Path, str] = {}

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

        found = self.folder.glob(f"*{SUFFIX}")
        files = sorted(found, key=lambda file: file.stat().st_mtime, reverse=True)[:_MOST]
        titles = [title for file in files if (title := self._title(file)) is not None]
        return web.Response(text=index(self.folder.name, titles), content_type="text/html")

    async def show_run(self, request: "web.Request") -> "web.Response":
        """Answer with the page of a run, or that there is no news since the caller's last look."""
        from aiohttp import web

        file = self.folder / request.match_info["name"]
        if file.parent != self.folder or file.suffix != SUFFIX or not file.is_file():
            raise web.HTTPNotFound(text="There is no such run in this folder.")
        mark = _mark(file)
        if request.headers.get("If-None-Match") == mark:
            return web.Response(status=304, headers={"ETag": mark})
        try:
            runs = load_runs(file)
        except DataError as error:
            raise web.HTTPUnprocessableEntity(text=str(error)) from None
        if not runs:
            raise web.HTTPNotFound(text="There is no run in this file yet.")
        text = page(data_of(runs[-1]), live=f"/runs/{quote(file.name)}")
        headers = {"ETag": mark, "Cache-Control": "no-cache"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    def _title(self, file: Path) -> tuple[str, str, str, str] | None:
        """Return address, question, method and state; None for a file that holds no run."""
        mark = _mark(file)
        if self._marks.get(file) != mark:
            try:
                runs = load_runs(file)
            except DataError:  # not a record: something else that ends in .jsonl
                runs = []
            self._marks[file] = mark
            self._titles.pop(file, None)
            if runs:
                run = runs[-1]
                state = "finished" if run.finished else "running, or broken off"
                began = datetime.fromtimestamp(run.began).strftime("%Y-%m-%d %H:%M")
                about = f"{began}, {len(run.calls):,} calls, {state}"
                address = f"/runs/{quote(file.name)}"
                self._titles[file] = (address, run.question, run.method, about)
        return self._titles.get(file)


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
    if not folder.is_dir():
        raise InputError(f"--serve {folder}: there is no such folder")
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


def _mark(file: Path) -> str:
    known = file.stat()
    return f'"{known.st_mtime_ns:x}-{known.st_size:x}"'
