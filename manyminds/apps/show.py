"""`manyminds show`: a run as a page to look at, or a folder of runs that are followed live."""

from pathlib import Path
from typing import Annotated

import typer

from manyminds.apps.recording import runs_folder
from manyminds.apps.terminal import write_text
from manyminds.errors import DataError, InputError

PORT = 8765


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
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Where to serve; 0: any free port.")
    ] = PORT,
) -> None:
    """Show a run: one HTML file that needs no network, or with --serve a live view of a folder.

    The page has the answer and what it cost, the graph with the path taken, the candidates of each
    layer and what was kept, the ballot, a timeline, and every call to search and filter.
    """
    if serve is None:
        print(write_page(record or runs_folder(), out))
        return
    if record is not None or out is not None:
        raise InputError("--serve DIR shows all runs of a folder: leave out RUN.jsonl and --out")
    from manyminds.apps.viewer import run_viewer

    run_viewer(serve, port)


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
