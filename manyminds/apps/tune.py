"""`manyminds tune`: a model trained on recorded runs, measured before and after."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from manyminds.apps.flags import AsJson, TestSets
from manyminds.apps.terminal import complain, console, counted, print_json, watched
from manyminds.errors import InputError

if TYPE_CHECKING:
    from manyminds.export.measure import Measured
    from manyminds.export.tuning import OnProgress, Tuned

MinAgreement = Annotated[
    float | None,
    Option(metavar="X", min=0, max=1, help="Least share of the vote behind the answer."),
]


@dataclass(frozen=True)
class TrainingFlags:
    """How a model is trained.

    Attributes:
        model: smollm2, a GGUF file, or the folder of a model.
        epochs: Passes over the rows.
        learning_rate: Learning rate at the start.
        rank: Rank of LoRA.
        batch: Rows of a step.
        max_tokens: Tokens of a row at most.
        seed: Seed of every random choice.
    """

    model: Annotated[str, Option(metavar="MODEL")] = "smollm2"
    epochs: Annotated[float, Option(metavar="X", min=0.01)] = 2.0
    learning_rate: Annotated[float, Option(metavar="X", min=0)] = 2e-4
    rank: Annotated[int, Option(metavar="N", min=1)] = 16
    batch: Annotated[int, Option(metavar="N", min=1)] = 8
    max_tokens: Annotated[int, Option(metavar="N", min=16)] = 1_024
    seed: Annotated[int, Option(metavar="N")] = 0


@dataclass(frozen=True)
class Measuring:
    """How the model is measured before and after.

    Attributes:
        questions: Held-out questions with answers; rows that share words with one are dropped.
        samples: Replies that vote.
        reply_tokens: Tokens of a reply at most.
    """

    questions: Annotated[Path | None, Option(metavar="FILE")] = None
    samples: Annotated[int, Option(metavar="N", min=1)] = 8
    reply_tokens: Annotated[int, Option(metavar="N", min=1)] = 64


def tune(
    runs: Annotated[
        list[Path] | None,
        Argument(metavar="RUNS", help="Records of runs, folders of records, or trajectories."),
    ] = None,
    *,
    more_runs: Annotated[
        list[Path] | None, Option("--runs", metavar="DIR", help="The same, as an option.")
    ] = None,
    recipe: Annotated[
        str, Option(metavar="NAME", help="What is trained; --list names the recipes.")
    ] = "vote",
    out: Annotated[
        Path | None, Option(metavar="DIR", help="Folder for data, adapter and models.")
    ] = None,
    sets: TestSets,
    min_agreement: MinAgreement = None,
    training: TrainingFlags,
    measuring: Measuring,
    listed: Annotated[bool, Option("--list", help="List the recipes and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model with LoRA on exported runs; needs the extra `tune`.

    With --questions the model answers them before and after. Interrupted, the same command
    continues where it stopped.
    """
    from manyminds.export.filters import Limits
    from manyminds.export.measure import Sampling
    from manyminds.export.plan import Plan
    from manyminds.export.training import Training
    from manyminds.export.tuning import Job, recipe_of
    from manyminds.export.tuning import tune as work

    if listed:
        _print_recipes()
        return
    chosen = recipe_of(recipe)
    if out is None:
        raise InputError("give the folder to write into with --out DIR")
    sources, limits = [*(runs or []), *(more_runs or [])], Limits(min_agreement=min_agreement)
    job = Job(
        chosen,
        Plan(sources, "trl", limits=limits, seed=training.seed, **asdict(sets)),
        Training(**asdict(training)),
        measuring.questions,
        Sampling(measuring.samples, measuring.reply_tokens, training.seed),
    )
    with _bar(hidden=as_json) as on_progress:
        tuned = work(job, out, on_progress, on_warning=complain)
    if as_json:
        print_json(tuned.to_json())
    else:
        _print(tuned)


def _print_recipes() -> None:
    from manyminds.export.recipes import RECIPES

    for name, one in RECIPES.items():
        print(f"{name:<10}{one.about}; {one.trainers}")


@contextmanager
def _bar(*, hidden: bool) -> "Generator[OnProgress, None, None]":
    """Show the current step and its progress; gives the function that updates it."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(sys.stderr),
        transient=True,
        disable=hidden or not watched(),
    )
    with progress:
        task = progress.add_task("")

        def on_progress(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield on_progress


def _print(tuned: "Tuned") -> None:
    for (rows, counts), losses in zip(tuned.rows, tuned.losses, strict=True):
        print(f"{counted(counts.rows, 'row')} in {rows}; dropped: {counts.dropped_text()}")
        fell = f"loss {losses[0][1]:.3f} -> {losses[-1][1]:.3f}" if losses else "no step was made"
        print(f"{fell} in {counted(len(losses), 'step')}")
    for when, found in (("before", tuned.before), ("after", tuned.after)):
        if found is not None:
            print(f"{when:<7}{_line(found)}")
    print(f"adapter in {tuned.trained.adapter}, merged model in {tuned.trained.merged}")
    print(f"Ask it: manyminds ask --member {tuned.member} 'What is 7 + 5?'")


def _line(found: "Measured") -> str:
    def share(value: float, ends: tuple[float, float]) -> str:
        return f"{value:.1%} [{ends[0]:.1%}, {ends[1]:.1%}]"

    sure = f"{found.sure_right} of {counted(found.sure, 'sure vote')} right"
    single = share(found.single, found.single_interval)
    vote = share(found.vote, found.vote_interval)
    return f"one reply {single}, vote of {found.samples} {vote}, {sure}"
