"""`manyminds report`: results of an evaluation or a comparison, as Markdown, HTML and CSV."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from manyminds.apps.terminal import console, print_json, write_text
from manyminds.errors import InputError
from manyminds.evals.advice import advice
from manyminds.evals.findings import find
from manyminds.evals.judged.folder import read_judged
from manyminds.evals.provenance import starts
from manyminds.evals.study import read_folder
from manyminds.views.html import report as page
from manyminds.views.judged import conclusion, judged_sections, ratings_table
from manyminds.views.sections import Section, markdown
from manyminds.views.study import methods_table, pairs_table, sections

_PLOTS = "report-plots"


def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder that `eval`, `compare` or `judge` wrote with --out."
        ),
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
    """Report the results of an evaluation, a comparison or a judge, and advise.

    Writes report.md, report.html, methods.csv, pairs.csv (of a judge: ratings.csv) and plots, and
    prints the advice: which method to use, with what it costs and gains, or why no ensemble helps.
    """
    judged = read_judged(folder)
    if judged is not None:
        _of_judge(folder, judged, out or folder, as_json)
        return
    found = find(read_folder(folder), seed, target=target, budget=budget)
    parts = sections(found)
    tables = {"methods.csv": methods_table(found).csv(), "pairs.csv": pairs_table(found).csv()}
    files = _write(folder, out or folder, tables, parts)
    _say(advice(found), files, found.comparison.to_json() if as_json else None)


def _of_judge(folder: Path, judged: Mapping[str, Any], into: Path, as_json: bool) -> None:
    if "found" not in judged:
        raise InputError(f"{folder} is not finished: run the same `manyminds judge` command again")
    parts = judged_sections(judged, starts(folder))
    files = _write(folder, into, {"ratings.csv": ratings_table(judged["found"]).csv()}, parts)
    _say(conclusion(judged), files, dict(judged["found"]) if as_json else None)


def _say(advice: str, files: Sequence[Path], figures: Mapping[str, object] | None) -> None:
    """Print the advice and the files written; as JSON, if `figures` are given."""
    if figures is not None:
        print_json({"advice": advice, "files": list(map(str, files)), **figures})
        return
    screen = console()
    screen.print(advice)
    screen.print(f"written: {', '.join(map(str, files))}", markup=False)


def _write(
    folder: Path, into: Path, tables: Mapping[str, str], parts: Sequence[Section]
) -> list[Path]:
    """Write the files of a report and its plots, and return where they are."""
    title = f"Report on {folder.resolve().name}"
    texts = {
        "report.md": markdown(title, parts, _PLOTS),
        "report.html": page(title, parts),
        **tables,
    }
    plots = [plot for part in parts for plot in part.plots]
    try:
        (into / _PLOTS if plots else into).mkdir(parents=True, exist_ok=True)
        for plot in plots:
            (into / _PLOTS / f"{plot.name}.png").write_bytes(plot.png)
    except OSError as error:
        raise InputError(f"cannot write to {into}: {error.strerror}; give --out DIR") from None
    for name, text in texts.items():
        write_text(into / name, text)
    return [into / name for name in texts]
