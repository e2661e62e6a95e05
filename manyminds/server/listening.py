"""Listens on an address and serves an application there, in one process or in several."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn

from manyminds.errors import InputError
from manyminds.server import application
from manyminds.server.config import Config

_WAITING = 2048  # connections that have not been accepted yet
_IDLE = 75  # seconds of a connection without a request: clients close theirs after 4 to 60
_SILENT = 30  # seconds after which a process counts as hung: a busy machine may leave it no time


def listen(
    config: Config,
    host: str,
    port: int,
    *,
    file: Path | None = None,
    processes: int = 1,
    began: Callable[[str], None],
) -> None:
    """Serve a configuration until a signal ends it.

    Args:
        config: The configuration.
        host: Address to listen on.
        port: Port to listen on; 0 is any free one.
        file: Where the configuration was read, for several processes, each of which reads it.
        processes: Number of processes, which share the port.
        began: Called with the server's address, such as `http://127.0.0.1:8000`.

    Raises:
        InputError: The address cannot be listened on, or the configuration cannot be used.
    """
    name = f"[{host}]" if ":" in host else host
    options: dict[str, Any] = {"log_level": "warning", "access_log": False}
    options |= {"timeout_graceful_shutdown": round(config.drain), "timeout_keep_alive": _IDLE}
    app = application.create_app(config)  # an error now, not in each of several processes
    config.share(processes)
    if file is None or processes == 1:
        with _place(host, port) as place, suppress(KeyboardInterrupt):
            began(f"http://{name}:{place.getsockname()[1]}")
            application.set_aside()
            uvicorn.Server(uvicorn.Config(app, **options)).run(sockets=[place])
        return
    with _place(host, port) as place:  # only to see whether it is free: uvicorn opens its own
        port = place.getsockname()[1]
    began(f"http://{name}:{port}")
    with TemporaryDirectory(prefix="manyminds-") as folder:
        where = application.for_processes(file, processes, Path(folder))
        options |= {"workers": processes, "timeout_worker_healthcheck": _SILENT}
        uvicorn.run(where, host=host, port=port, factory=True, **options)


def _place(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_WAITING)
    except OSError as error:
        raise InputError(
            f"--port {port}: it cannot be served there ({error.strerror}); give another, or 0"
        ) from None
