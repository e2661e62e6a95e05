"""`manyminds show`: a run as a page to look at, or a folder of runs that are followed live."""

from pathlib import Path
from typing import Annotated

import typer

from manyminds.apps.recording import runs_folder
from manyminds.apps.terminal import write_text
from manyminds.errors import DataError, InputError

HOST, PORT = "127.0.0.1", 8765


def show(
    record: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN.jsonl",
            help="The record of a run, or a folder of records, whose newest is shown. "
            "Default: the newest of those that `ask` and `eval` write.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Page to write. Default: the record's name, .html."),
    ] = None,
    serve: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="List the runs of a folder and follow them live instead."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --serve: ensembles to ask on the page, as for `manyminds serve`; their runs "
            "go into DIR.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Where to serve; 0: any free port.")
    ] = PORT,
) -> None:
    """Show a run: one HTML file that needs no network, or with --serve a live view of a folder.

    The page has the answer and what it cost, the graph with the path taken, the candidates of each
    layer and what was kept, the ballot, a timeline, and every call to search and filter.
    """
    if serve is None:
        if config is not None:
            raise InputError("--config FILE goes with --serve DIR")
        print(write_page(record or runs_folder(), out))
        return
    if record is not None or out is not None:
        raise InputError("--serve DIR shows all runs of a folder: leave out RUN.jsonl and --out")
    _follow(serve, port, config)


def _follow(folder: Path, port: int, file: Path | None) -> None:
    """Run the server for a folder of runs, with ensembles to ask where a file names them.

    Raises:
        InputError: The folder or a package is missing, or the file or the port cannot be used.
    """
    from manyminds.apps.serve import run_server
    from manyminds.server.config import Config, read_config
    from manyminds.views.html import check_installed

    check_installed()
    if not folder.is_dir() and file is None:
        raise InputError(
            f"--serve {folder}: the folder does not exist; give one of runs, or --config FILE of "
            "ensembles to ask, whose runs go there"
        )
    config = Config() if file is None else read_config(file)
    if config.keys:
        raise InputError(f"{file} has keys, and runs are shown by a server without: leave them out")

    def began(address: str) -> None:
        print(f"the runs of {folder}: {address}/ (Ctrl-C ends it)", flush=True)

    run_server(config.model_copy(update={"record": folder}), HOST, port, began=began)


def write_page(record: Path, out: Path | None = None) -> Path:
    """Write the page of a run next to its record, or to `out`, and return where it is.

    Raises:
        DataError: the record does not exist, it cannot be read, or the page cannot be written.
    """
    from manyminds.records.reader import load_runs, newest
    from manyminds.views.html import page_of

    file = newest(record)
    runs = load_runs(file)
    if not runs:
        raise DataError(f"{file}: there is no run in it yet")
    target = out or file.with_suffix(".html")
    if target.resolve() == file.resolve():
        raise InputError(f"{target} is the record itself: give another file for the page")
    write_text(target, page_of(runs[-1]))
    return target
