"""`manyminds report`: what an evaluation or a comparison found, as Markdown, HTML and CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from manyminds.apps.terminal import console, print_json, write_text
from manyminds.errors import InputError
from manyminds.evals.advice import advice
from manyminds.evals.findings import find
from manyminds.evals.study import read_folder
from manyminds.views.html import report as page
from manyminds.views.sections import Section, markdown
from manyminds.views.study import methods_table, pairs_table, sections

_PLOTS = "report-plots"


def report(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder that `eval` or `compare` wrote with --out."),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the report. Default: the folder itself."),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(metavar="SHARE", min=0, max=1, help="Accuracy that a vote is to reach."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget-dollars", metavar="DOLLARS", min=0, help="What a vote may cost a question."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of bootstraps and orders.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Report what an evaluation or a comparison found, and advise.

    Writes report.md, report.html, methods.csv, pairs.csv and plots, and prints the advice: which
    method to use, with what it costs and gains, or why no ensemble helps.
    """
    found = find(read_folder(folder), seed, target=target, budget=budget)
    parts = sections(found)
    title = f"Report on {folder.resolve().name}"
    into = out or folder
    files = {
        "report.md": markdown(title, parts, _PLOTS),
        "report.html": page(title, parts),
        "methods.csv": methods_table(found).csv(),
        "pairs.csv": pairs_table(found).csv(),
    }
    _write(into, files, parts)
    if as_json:
        print_json(
            {
                "advice": advice(found),
                "files": [str(into / name) for name in files],
                **found.comparison.to_json(),
            }
        )
        return
    screen = console()
    screen.print(advice(found))
    screen.print(f"written: {', '.join(str(into / name) for name in files)}", markup=False)


def _write(into: Path, files: Mapping[str, str], parts: Sequence[Section]) -> None:
    """Write the files of a report and its plots."""
    try:
        (into / _PLOTS).mkdir(parents=True, exist_ok=True)
        for plot in (plot for part in parts for plot in part.plots):
            (into / _PLOTS / f"{plot.name}.png").write_bytes(plot.png)
    except OSError as error:
        raise InputError(f"cannot write to {into}: {error.strerror}; give --out DIR") from None
    for name, text in files.items():
        write_text(into / name, text)
