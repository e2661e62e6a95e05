"""`manyminds serve`: methods as models over the OpenAI protocols."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from manyminds.errors import InputError

if TYPE_CHECKING:
    from manyminds.server.config import Config

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
    name as its model. A browser finds a page to ask on at http://HOST:PORT/. /health, /ready and
    /metrics are for those who run it.
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
    names = ", ".join(found.ensembles)

    def began(address: str) -> None:
        print(f"Serving {names} at {address}/v1 (Ctrl-C stops)", flush=True)

    run_server(found, host, port, file=config, processes=processes, began=began)


def run_server(config: "Config", *where: Any, **options: Any) -> None:
    """Serve a configuration; arguments are those of `manyminds.server.listening.listen`.

    Raises:
        InputError: A package is missing, or the server cannot be started.
    """
    try:
        from manyminds.server.listening import listen
        from manyminds.server.metrics import log_as_lines
    except ModuleNotFoundError as error:
        raise InputError(
            f"the server needs {error.name}: install manyminds[server], for example with "
            "`pip install 'manyminds[server]'`"
        ) from None
    log_as_lines()
    listen(config, *where, **options)


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
