"""`manyminds runs`: the list of recorded runs, and the deletion of old ones."""

from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated

import typer

from manyminds.apps.flags import AsJson
from manyminds.apps.recording import runs_folder
from manyminds.apps.terminal import console, counted, dollars, facts, one_line, print_json, put
from manyminds.errors import DataError, InputError

if TYPE_CHECKING:
    from rich.text import Text

    from manyminds.records.run_record import RunRecord

_DAY = 86_400.0
_MOST = 20


def runs(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The folder of records. Default: that of `ask`."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only runs of this method.")
    ] = None,
    question: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only runs whose question contains TEXT.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="The number of runs, newest first.")
    ] = _MOST,
    prune: Annotated[
        float | None,
        typer.Option(metavar="DAYS", min=0, help="Delete the records that are older than DAYS."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List recorded runs, newest first, or delete old ones with --prune DAYS.

    A row has the time, the method, the question, the members, the cost and the state of the run.
    """
    where = folder or runs_folder()
    if folder is not None and not folder.is_dir():
        raise InputError(f"{folder}: the folder does not exist")
    if prune is not None:
        if method is not None or question is not None:
            raise InputError("--prune goes by age only: leave out --method and --question")
        _prune(where, prune, as_json)
        return
    kept, total, unread = _chosen(where, method, question, limit)
    if as_json:
        rows = [_described(run) for run in kept]
        print_json({"folder": str(where), "found": total, "unreadable": unread, "runs": rows})
    else:
        _print(where, kept, total, unread)


def _chosen(
    folder: Path, method: str | None, question: str | None, limit: int
) -> "tuple[list[RunRecord], int, int]":
    """Return the newest runs that match, the number of all, and the number of unreadable files."""
    from manyminds.records.files import records_below
    from manyminds.records.reader import load_runs

    found: list[RunRecord] = []
    unread = 0
    for file in records_below(folder):
        try:
            read = load_runs(file)
        except DataError:
            unread += 1
            continue
        found += [run for run in read if _matches(run, method, question)]
    found.sort(key=lambda run: run.began, reverse=True)
    return found[:limit], len(found), unread


def _matches(run: "RunRecord", method: str | None, question: str | None) -> bool:
    return (method is None or run.method == method) and (
        question is None or question.casefold() in run.question.casefold()
    )


def _described(run: "RunRecord") -> dict[str, object]:
    return {
        "file": str(run.path),
        "run": run.id,
        "began": run.began,
        "method": run.method,
        "question": run.question,
        "members": [member["name"] for member in run.members],
        "calls": sum(1 for _ in run.everything()),
        "cost": run.cost,
        "state": run.state,
        "answer": run.answer,
        "error": run.error,
    }


def _print(folder: Path, kept: "list[RunRecord]", total: int, unread: int) -> None:
    from rich.padding import Padding
    from rich.text import Text

    screen = console()
    for run in kept:
        put(screen, _head(run), Padding(facts(_rows(run, folder)), (0, 0, 1, 2)))
    if not kept:
        put(screen, Text(f"no runs in {folder}"))
    else:
        shown = f"{len(kept)} of {counted(total, 'run')}" if len(kept) < total else ""
        put(screen, Text(f"{shown or counted(total, 'run')} in {folder}", "dim"))
    if unread:
        put(screen, Text(f"{counted(unread, 'file')} could not be read", "yellow"))


def _head(run: "RunRecord") -> "Text":
    from rich.text import Text

    from manyminds.views.style import when

    text = Text.assemble((when(run.began), "dim"), "  ", (one_line(run.method, 40), "bold"), "  ")
    return text.append(run.state, "green" if run.state == "finished" else "yellow")


def _rows(run: "RunRecord", folder: Path) -> list[tuple[str, str]]:
    names = [member["name"] for member in run.members]
    calls = counted(sum(1 for _ in run.everything()), "call")
    return [
        ("question", one_line(run.question, 160)),
        ("members", one_line(", ".join(names), 160)),
        ("used", f"{calls}, {dollars(run.cost)}"),
        ("record", one_line(str(run.path.relative_to(folder)), 160)),
    ]


def _prune(folder: Path, days: float, as_json: bool) -> None:
    """Delete the records without a new line for that number of days, and their pages."""
    from manyminds.records.files import is_record, records_below

    before = time() - days * _DAY
    deleted = 0
    for file in records_below(folder):
        try:
            if file.stat().st_mtime >= before or not is_record(file):
                continue
            file.unlink()
            file.with_suffix(".html").unlink(missing_ok=True)
            if file.parent != folder and not any(file.parent.iterdir()):
                file.parent.rmdir()
        except OSError as error:
            raise DataError(f"{file}: cannot be deleted: {error.strerror or error}") from None
        deleted += 1
    if as_json:
        print_json({"folder": str(folder), "deleted": deleted})
    else:
        print(f"{counted(deleted, 'record')} deleted in {folder}")
