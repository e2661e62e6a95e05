"""The methods' options on the command line: flags for the common ones, `--set` for all."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from manyminds.errors import InputError

COMMON = (
    "samples", "layers", "aggregator", "vote", "stop", "extract", "cut", "judge", "planner",
    "task", "prompt",
)  # fmt: skip
"""Options of methods that `ask` and `eval` have a flag for."""

Set: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="NAME=VALUE",
        help="Any option of the method, such as rounds=3; may be repeated. "
        "`manyminds methods METHOD` lists them.",
    ),
]
Samples: TypeAlias = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="How many answers at most.")
]
Layers: TypeAlias = Annotated[
    int | None, typer.Option(metavar="N", min=2, help="Layers, the aggregator's included.")
]
Aggregator: TypeAlias = Annotated[
    str | None, typer.Option(metavar="MODEL", help="Who writes the answer.")
]
Judge: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="Who judges: a vote, a debate, the answers of a layer."),
]
Planner: TypeAlias = Annotated[
    str | None, typer.Option(metavar="MODEL", help="Who splits the question into levels.")
]
Task: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="TASK",
        help="Steps: reasoning, arithmetic, hanoi; a forest or debate: gsm8k, math, mmlu, chess, "
        "humaneval.",
    ),
]
Vote: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="VOTE",
        help="majority, weighted, confidence; for open answers bleu, rouge, levenshtein, "
        "tfidf, universal, rated.",
    ),
]
Stop: TypeAlias = Annotated[
    str | None, typer.Option(metavar="RULE", help="When to stop early, such as beta:0.95.")
]
Cut: TypeAlias = Annotated[
    bool, typer.Option("--cut", help="Cut calls in flight once the vote is decided.")
]
Record: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder for records of runs, to show and replay. Default: $MANYMINDS_RUNS, else "
        "`runs` in the user's folder of manyminds.",
    ),
]
NoRecord: TypeAlias = Annotated[bool, typer.Option("--no-record", help="Record nothing.")]
PromptName: TypeAlias = Annotated[
    str | None, typer.Option(metavar="PROMPT", help="A prompt's name or file; see `prompts`.")
]


def texts(sets: Sequence[str] | None, **flags: object) -> dict[str, str]:
    """Return the options that were given, by name, all of them as text.

    Args:
        sets: NAME=VALUE, as --set takes them; a hyphen in a name is as good as an underscore.
        flags: by the option's name; None and False: not given.

    Raises:
        InputError: one is no NAME=VALUE, or is given twice.
    """
    found = {
        name: str(value)
        for name, value in flags.items()
        if value is not None and value is not False
    }
    for one in sets or []:
        name, value = pair(one)
        if name in found:
            raise InputError(f"{name} is given twice: leave one of them away")
        found[name] = value
    return found


def pair(text: str) -> tuple[str, str]:
    """Split NAME=VALUE.

    Raises:
        InputError: there is no name or no `=`.
    """
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not name or not equals:
        raise InputError(f"--set {text} is not understood: write NAME=VALUE, such as rounds=3")
    return name, value.strip()
