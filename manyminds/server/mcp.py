"""The ensembles of a configuration as tools of a Model Context Protocol server."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any
from uuid import uuid4

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError, RunError
from manyminds.server.config import Config
from manyminds.server.events import short
from manyminds.views.progress import Progress

_MOST_JOBS = 64  # in the background at once, and finished ones that are kept


class Panels:
    """The ensembles, and the questions that are answered in the background.

    Args:
        config: The configuration.

    Raises:
        InputError: An ensemble cannot be built; the message says why.
    """

    def __init__(self, config: Config) -> None:
        self.apps = {name: one.build() for name, one in config.ensembles.items()}
        self.jobs: dict[str, asyncio.Task[dict[str, Any]]] = {}

    def app(self, ensemble: str) -> CompiledMethod:
        """Return an ensemble by its name; the first one where none is given.

        Raises:
            InputError: The ensemble does not exist; the message lists those that do.
        """
        name = ensemble or next(iter(self.apps))
        if name not in self.apps:
            known = ", ".join(self.apps)
            raise InputError(f"there is no ensemble {name[:100]!r}: there are {known}")
        return self.apps[name]

    async def consult(self, question: str, ensemble: str, context: Context[Any]) -> dict[str, Any]:
        """Ask an ensemble and tell the client how far it is.

        Raises:
            InputError: The question or the ensemble cannot be used.
            RunError: The ensemble gave no answer; the message says why.
        """
        progress, state, app = Progress(), dict[str, Any](), self.app(ensemble)
        running = app.astream(question, stream_mode=["custom", "values"])
        async for mode, part in running:
            if mode == "values":
                state = part
                continue
            before = progress.answered
            progress.event(part)
            if progress.answered != before:
                total = max(progress.planned, progress.asked)
                await context.report_progress(progress.answered, total, "answers")
        return _result(app, state)

    async def start(self, question: str, ensemble: str) -> dict[str, Any]:
        """Ask an ensemble in the background and return the job.

        Raises:
            InputError: Too many jobs run, or the ensemble does not exist.
        """
        app = self.app(ensemble)
        finished = [id for id, job in self.jobs.items() if job.done()]
        for id in finished[: max(0, len(self.jobs) - _MOST_JOBS + 1)]:
            del self.jobs[id]
        if len(self.jobs) >= _MOST_JOBS:
            raise InputError(f"{_MOST_JOBS} questions run in the background: wait for one of them")

        async def run() -> dict[str, Any]:
            return _result(app, await app.ainvoke(question))

        id = uuid4().hex[:12]
        self.jobs[id] = asyncio.create_task(run())
        return {"job": id, "status": "running"}

    async def result(self, job: str, seconds: float) -> dict[str, Any]:
        """Return the answer of a job, or that it is still running after the seconds to wait.

        Raises:
            InputError: The job does not exist.
            RunError: The ensemble gave no answer.
        """
        running = self.jobs.get(job)
        if running is None:
            raise InputError(f"there is no job {job[:100]!r}: `consult_in_background` starts one")
        await asyncio.wait({running}, timeout=max(0.0, min(seconds, 600.0)))
        return running.result() if running.done() else {"status": "running"}


def create_mcp(config: Config) -> MCPServer[Any]:
    """Build the MCP server of a configuration; `.run()` serves it on standard input and output.

    Args:
        config: The configuration; see `read_config`.

    Raises:
        InputError: An ensemble cannot be built; the message says why.
    """
    panels = Panels(config)
    names = ", ".join(f"{name} ({one.method})" for name, one in config.ensembles.items())
    server: MCPServer[Any] = MCPServer(
        "manyminds",
        instructions=f"Panels of language models that answer together. Ensembles: {names}.",
    )

    @server.tool()
    async def consult(question: str, context: Context[Any], ensemble: str = "") -> dict[str, Any]:
        """Ask a panel of language models a question and wait for the joint answer.

        Use it for a second opinion on a hard question. The question must be complete: the panel
        sees nothing else. `degraded` says why an answer is less than it could be.
        """
        return await _with_reasons(panels.consult(question, ensemble, context))

    @server.tool()
    async def consult_in_background(question: str, ensemble: str = "") -> dict[str, Any]:
        """Ask a panel a question without waiting; returns the job for `consultation_result`."""
        return await _with_reasons(panels.start(question, ensemble))

    @server.tool()
    async def consultation_result(job: str, wait_seconds: float = 0) -> dict[str, Any]:
        """Return the answer of a job, or that it is still running after the seconds to wait."""
        return await _with_reasons(panels.result(job, wait_seconds))

    return server


async def _with_reasons(work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Return a result; an error becomes the text that the client's model reads."""
    try:
        return await work
    except (InputError, RunError) as error:
        raise ToolError(str(error)) from None


def _result(app: CompiledMethod, state: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": "answered", "answer": state["answer"], **short(app, state)}
