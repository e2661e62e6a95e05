"""`manyminds batch`: a method on a file of questions or trajectories, one row each."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from typer import Argument, Option

from manyminds.apps.choose import build, choose_members, choose_method
from manyminds.apps.flags import CONCURRENCY, Concurrency, Members, Seed, Set, texts
from manyminds.apps.terminal import complain, console, counted, one_line, watched
from manyminds.errors import InputError
from manyminds.evals.batch import FORMS, Batch, Form, batch, read_items
from manyminds.evals.batch_ray import ray_batch

if TYPE_CHECKING:
    from manyminds.compiled_method import CompiledMethod

RESULTS = "results.jsonl"


def run(
    data: Annotated[
        Path,
        Argument(
            metavar="FILE", help="Questions or trajectories: .jsonl, .json, .csv, .tsv or .parquet."
        ),
    ],
    *,
    name: Annotated[str, Option("--method", metavar="METHOD", help="See `manyminds methods`.")],
    out: Annotated[
        Path,
        Option(
            metavar="DIR",
            help=f"Folder for {RESULTS}, or a .jsonl file; a batch continues where it stopped.",
        ),
    ],
    members: Members,
    form: Annotated[
        str, Option("--form", metavar="FORM", help=f"Form of a row: {', '.join(FORMS)}.")
    ] = "plain",
    sets: Set = None,
    seed: Seed = 0,
    concurrency: Concurrency = CONCURRENCY,
    engine: Annotated[
        str, Option(metavar="NAME", help="local, or ray: on a Ray cluster; needs manyminds[ray].")
    ] = "local",
    workers: Annotated[
        int | None, Option(min=1, help="With ray: processes. Default: one a processor.")
    ] = None,
) -> None:
    """Run a method on a file, and append a row for each question or trajectory.

    Nothing is graded. `--method rater --form trajectories` rates trajectories; `--method debategpt
    --form alpaca` writes instructions with debated answers; `--method interaction --form
    trajectories` collects trajectories of agents.
    """
    file = out if out.suffix == ".jsonl" else out / RESULTS
    asked = choose_members(members.required(), method=name)
    make = partial(built, name, asked, texts(sets), seed)
    graph = make()  # wrong options are an error now, not in another process
    if engine not in ("local", "ray"):
        raise InputError(f"--engine {engine}: give local or ray")
    options: dict[str, Any] = {"form": _form(form), "seed": seed, "concurrency": concurrency}
    work = partial(ray_batch, make, workers=workers) if engine == "ray" else partial(batch, graph)
    counts = _followed(partial(work, read_items(data), file, **options), file)
    for why, count in counts.errors.most_common(3):
        complain(f"{counted(count, 'run')} ended without an answer: {one_line(why)}")
    kept = f", {counts.kept:,} were there before" if counts.kept else ""
    typer.echo(f"{counted(counts.done, 'item')} done{kept}; {counts.calls:,} calls; see {file}")


def _followed(work: Callable[..., Batch], out: Path) -> Batch:
    """Run a batch with its progress on the terminal."""
    with _progress() as bar:
        task = bar.add_task("")

        def show(now: Batch) -> None:
            without = f"{now.errors.total():,} without answer"
            bar.update(task, description=f"{now.done:,} done, {without}")

        try:
            return work(on_item=show)
        except KeyboardInterrupt:
            kept = f"; {out} keeps its rows: the same command continues from there"
            raise KeyboardInterrupt(kept) from None


def built(name: str, members: Any, sets: Any, seed: int) -> "CompiledMethod":
    """Build the method; also in the processes of other machines."""
    method, options = choose_method(name, members, sets)
    return build(method, members, options, seed=seed).compile()


def _form(text: str) -> Form:
    found: dict[str, Form] = {form: form for form in FORMS}
    return found.get(text, text)  # type: ignore[arg-type]  # `abatch` says which there are


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        console=console(sys.stderr),
        disable=not watched(),
        transient=True,
    )
