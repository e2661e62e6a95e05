"""A small server, for this machine only, that lists the runs of a folder and follows them live."""

import stat
from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from manyminds.apps.terminal import counted
from manyminds.errors import DataError, InputError
from manyminds.records.files import SUFFIX
from manyminds.records.reader import load_runs
from manyminds.views.html import check_installed, index, page_of
from manyminds.views.style import when

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

HOST = "127.0.0.1"
_MOST = 200  # runs that are listed, newest first
_KNOWN_AS = frozenset({HOST, "localhost", "[::1]"})


class Viewer:
    """Answers requests for the runs of a folder; each file is read again only when it has grown."""

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

        return web.Response(body=await to_thread(self._index), content_type="text/html")

    async def show_run(self, request: "web.Request") -> "web.Response":
        """Answer with the page of a run, or that there is no news since the caller's last look."""
        from aiohttp import web

        file = self.folder / request.match_info["name"]
        mark = self._mark(file)
        if mark is None:
            raise web.HTTPNotFound(text="This folder has no run of that name.")
        if request.headers.get("If-None-Match") == mark:
            return web.Response(status=304, headers={"ETag": mark})
        try:
            body = await to_thread(_page, file)
        except DataError as error:
            text = str(error).encode("utf-8", "replace").decode()
            raise web.HTTPUnprocessableEntity(text=text) from None
        if body is None:
            raise web.HTTPNotFound(text="There is no run in this file yet.")
        headers = {"ETag": mark, "Cache-Control": "no-cache"}
        return web.Response(body=body, content_type="text/html", headers=headers)

    def _index(self) -> bytes:
        marked = [(file, self._mark(file)) for file in self.folder.glob(f"*{SUFFIX}")]
        files = sorted(
            ((file, mark) for file, mark in marked if mark is not None),
            key=lambda one: one[1],
            reverse=True,
        )[:_MOST]
        titles = [title for one in files if (title := self._title(*one)) is not None]
        return index(self.folder.name, titles).encode("utf-8", "replace")

    def _mark(self, file: Path) -> str | None:
        """Return the state of a record; None for what is no regular file of this folder."""
        try:
            real = file.resolve(strict=True)
            known = real.stat()
        except (OSError, ValueError, RuntimeError):
            return None
        inside = file.parent == self.folder == real.parent and file.suffix == SUFFIX
        if not inside or not stat.S_ISREG(known.st_mode):
            return None
        return f'"{known.st_mtime_ns:020x}-{known.st_size:x}"'

    def _title(self, file: Path, mark: str) -> tuple[str, str, str, str] | None:
        """Return address, question, method and state; None for a file that holds no run."""
        if self._marks.get(file) != mark:
            self._marks[file] = mark
            self._titles.pop(file, None)
            try:
                title = _described(file)
            except Exception:  # not a record, or a damaged one: it has no row, the others do
                title = None
            if title is not None:
                self._titles[file] = title
        return self._titles.get(file)


def _described(file: Path) -> tuple[str, str, str, str] | None:
    runs = load_runs(file)
    if not runs:
        return None
    run = runs[-1]
    about = f"{when(run.began)}, {counted(len(run.calls), 'call')}, {run.state}"
    return f"/runs/{quote(file.name, errors='replace')}", str(run.question), str(run.method), about


def _page(file: Path) -> bytes | None:
    """Return the page of the last run of a file; None where there is no run yet.

    Raises:
        DataError: The record cannot be read or shown.
    """
    runs = load_runs(file)
    if not runs:
        return None
    live = f"/runs/{quote(file.name, errors='replace')}"
    return page_of(runs[-1], live=live).encode("utf-8", "replace")


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
