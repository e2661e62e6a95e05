"""The flags of the commands that put methods to a file of questions, and their members."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from manyminds.apps.choose import FILE
from manyminds.apps.terminal import complain
from manyminds.errors import InputError
from manyminds.evals.sandbox import Limits
from manyminds.models.recorded import recorded_names

Members: TypeAlias = Annotated[
    list[str] | None, typer.Option("--member", help="Member to ask; repeatable.")
]
MembersFrom: TypeAlias = Annotated[
    Path | None, typer.Option(help="a recorded member for each model in FILE")
]
MembersFile: TypeAlias = Annotated[
    Path | None, typer.Option("--members", help="members that `manyminds select` chose")
]
Data: TypeAlias = Annotated[
    Path, typer.Option(help="questions: JSON Lines, CSV, TSV (.gz or not) or Parquet")
]
Extract: TypeAlias = Annotated[
    str | None, typer.Option(help="how to read answers; default: suits the data")
]
Misses: TypeAlias = Annotated[
    int, typer.Option("--misses", metavar="N", min=0, help="print N runs graded as wrong, and why")
]
Grades: TypeAlias = Annotated[
    Path | None, typer.Option(help="flags of samples; default: the _passed file")
]
RunCode: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--run-code",
        metavar="[=unconfined]",
        help="run programs to grade them, in bubblewrap: no network, no files of yours, no child "
        "processes; --run-code=unconfined runs them without a sandbox",
    ),
]
Repeats: TypeAlias = Annotated[int, typer.Option(min=1, help="runs of each question")]
Limit: TypeAlias = Annotated[int | None, typer.Option(min=1, help="first questions only")]
Seed: TypeAlias = Annotated[int, typer.Option(help="drives every random choice")]
Concurrency: TypeAlias = Annotated[int, typer.Option(min=1, help="questions at once")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="print one JSON object")]


def asked(members: Sequence[str] | None, recorded: Path | None, selected: Path | None) -> list[str]:
    """Return the members that the flags name.

    Raises:
        InputError: nobody is.
    """
    everyone = [*(members or []), *each_of(recorded)]
    if selected is not None:
        everyone.append(f"{FILE}{selected}")
    if not everyone:
        raise InputError("nobody to ask: give --member X, or --members-from FILE for recorded ones")
    return everyone


def each_of(recorded: Path | None) -> list[str]:
    """Return a recorded member for each model in a file of recorded answers."""
    if recorded is None:
        return []
    return [f"recorded:{recorded}#model={name}" for name in recorded_names(recorded)]


def limits(run_code: str | None) -> Limits | None:
    """Return how programs run, and say it on standard error; None where none may run.

    Raises:
        InputError: The value is not known, or there is no sandbox.
    """
    if run_code is None:
        return None
    if run_code not in ("confined", "unconfined"):
        raise InputError(f"--run-code={run_code}: write --run-code or --run-code=unconfined")
    found = Limits(confined=run_code == "confined")
    found.check()
    complain(f"programs run {found}")
    return found
