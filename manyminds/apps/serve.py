"""`manyminds serve`: methods as models over the OpenAI protocols."""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from manyminds.errors import InputError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="YAML file of ensembles.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes; each has its part of a key's limits.")
    ] = 1,
    new_key: Annotated[
        str | None,
        typer.Option("--new-key", metavar="NAME", help="Print a new API key and its entry."),
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Print an example FILE.")] = False,
) -> None:
    """Serve ensembles as models: Chat Completions, Responses, Messages, streamed or not.

    Any program that speaks to OpenAI takes http://HOST:PORT/v1 as its base URL and an ensemble's
    name as its model. /health, /ready and /metrics are for those who run it.
    """
    if new_key is not None:
        _print_key(new_key)
        return
    from manyminds.server.config import EXAMPLE, read_config

    if example:
        print(EXAMPLE, end="")
        return
    if config is None:
        raise InputError("give --config FILE; `manyminds serve --example` prints one")
    found = read_config(config)
    _check(host, has_keys=bool(found.keys))
    try:
        import uvicorn

        from manyminds.server import application
        from manyminds.server.metrics import log_as_lines
    except ModuleNotFoundError as error:
        raise InputError(
            f"the server needs {error.name}: install manyminds[server], for example with "
            "`pip install 'manyminds[server]'`"
        ) from None
    log_as_lines()
    names = ", ".join(found.ensembles)
    options: dict[str, Any] = {"host": host, "port": port, "log_level": "warning"}
    options |= {"access_log": False, "timeout_graceful_shutdown": round(found.drain)}
    if processes == 1:
        app: Any = application.create_app(found)
    else:
        found.share(processes)  # an error now, not in each process
        app = application.for_processes(config, processes)
        options |= {"factory": True, "workers": processes}
    print(f"Serving {names} at http://{host}:{port}/v1 (Ctrl-C stops)", flush=True)
    uvicorn.run(app, **options)


def _check(host: str, *, has_keys: bool) -> None:
    if host not in _LOOPBACK and not has_keys:
        raise InputError(
            f"--host {host} is open to others, so the configuration needs `keys`: "
            "`manyminds serve --new-key NAME` makes one"
        )


def _print_key(name: str) -> None:
    from manyminds.server.config import hash_of

    key = f"mm-{secrets.token_urlsafe(32)}"
    print(f"The key, shown once:  {key}\n\nkeys:\n  - name: {name}\n    sha256: {hash_of(key)}")
