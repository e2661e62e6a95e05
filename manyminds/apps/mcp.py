"""`manyminds mcp`: ensembles as tools of a Model Context Protocol server."""

from pathlib import Path
from typing import Annotated

import typer

from manyminds.errors import InputError


def mcp(
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="YAML file of ensembles.")
    ],
) -> None:
    """Serve ensembles as MCP tools on standard input and output.

    The tools are consult, consult_in_background and consultation_result. The configuration is that
    of `manyminds serve`.
    """
    from manyminds.server.config import read_config

    found = read_config(config)
    try:
        from manyminds.server.mcp import create_mcp
    except ModuleNotFoundError as error:
        raise InputError(f"this needs {error.name}: install manyminds[mcp]") from None
    create_mcp(found).run()
