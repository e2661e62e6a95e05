"""`manyminds tasks`: the tasks of an environment, as a file of questions for other commands."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option

from manyminds.apps.flags import AsJson
from manyminds.apps.terminal import console, counted, facts, one_line, print_json, put
from manyminds.environments import ENVIRONMENTS, SPLITS, environment
from manyminds.errors import InputError
from manyminds.json_lines import encoded

if TYPE_CHECKING:
    from manyminds.environments import Ours, Split, Task


def tasks(
    name: Annotated[
        str | None,
        Argument(metavar="[ENVIRONMENT]", help="The one whose tasks are written."),
    ] = None,
    *,
    split: Annotated[str, Option(metavar="SPLIT", help=f"{', '.join(SPLITS)}.")] = "train",
    limit: Annotated[int | None, Option(metavar="N", min=1, help="First tasks only.")] = None,
    out: Annotated[
        Path | None, Option(metavar="FILE", help="File to write. Default: standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the environments that agents act in, or write the tasks of one as JSON Lines.

    A row has the task's id, its question and, where it is known, its answer: `eval` and `batch`
    take such a file, with `--set environment=NAME` for the method `interaction`.
    """
    if name is None:
        _list(as_json)
        return
    place = cast("Ours", environment(name))
    found = place.tasks(cast("Split", split))[:limit]
    text = b"".join(encoded(_row(task)) for task in found)
    if out is None:
        sys.stdout.write(text.decode())
        return
    try:
        out.write_bytes(text)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}") from None
    if as_json:
        print_json({"file": str(out), "environment": place.name, "tasks": len(found)})
    else:
        print(f"{counted(len(found), 'task')} of {place.name} in {out}")


def _row(task: "Task") -> dict[str, str]:
    row = {"id": task.id, "question": task.question}
    return {**row, "answer": task.answer} if task.answer else row


def _list(as_json: bool) -> None:
    places = [make() for make in ENVIRONMENTS.values()]
    if as_json:
        print_json({"environments": [_described(place) for place in places]})
        return
    from rich.text import Text

    screen = console()
    for place in places:
        screen.print(Text(place.name, "bold"))
        tools = ", ".join(tool.name for tool in place.tools)
        sizes = ", ".join(f"{count} {split}" for split, count in place.sizes.each())
        lines = {"what": one_line(place.about), "actions": tools, "tasks": sizes}
        put(screen, facts((f"  {label}", text) for label, text in lines.items()), "")
    put(screen, Text("Its tasks, as a file:  manyminds tasks NAME --out FILE", "dim"))


def _described(place: "Ours") -> dict[str, object]:
    return {
        "name": place.name,
        "about": place.about,
        "actions": [tool.name for tool in place.tools],
        "tasks": dict(place.sizes.each()),
    }
