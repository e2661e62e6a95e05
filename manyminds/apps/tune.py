"""`manyminds tune`: a model trained on what runs have shown."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from manyminds.apps.flags import AsJson, TestSets
from manyminds.apps.terminal import complain, counted, print_json
from manyminds.errors import InputError

MinAgreement = Annotated[
    float | None,
    Option(metavar="X", min=0, max=1, help="Least share of the vote behind the answer."),
]


@dataclass(frozen=True)
class TrainingFlags:
    """How a model is trained.

    Attributes:
        model: Folder of a model, or smollm2.
        epochs: Passes over the rows.
        learning_rate: Learning rate at the start.
        rank: Rank of LoRA.
        batch: Rows of a step.
        max_tokens: Tokens of a row at most.
        seed: Seed of the training.
    """

    model: Annotated[str, Option(metavar="MODEL")] = "smollm2"
    epochs: Annotated[float, Option(metavar="X", min=0.01)] = 2.0
    learning_rate: Annotated[float, Option(metavar="X", min=0)] = 2e-4
    rank: Annotated[int, Option(metavar="N", min=1)] = 16
    batch: Annotated[int, Option(metavar="N", min=1)] = 8
    max_tokens: Annotated[int, Option(metavar="N", min=16)] = 1_024
    seed: Annotated[int, Option(metavar="N")] = 0


def tune(
    runs: Annotated[
        list[Path] | None,
        Argument(
            metavar="RUNS", help="Records of runs, folders of records, files of trajectories."
        ),
    ] = None,
    *,
    recipe: Annotated[
        str, Option(metavar="NAME", help="What is trained; --list names the recipes.")
    ] = "vote",
    out: Annotated[
        Path | None, Option(metavar="DIR", help="Folder for data, adapter and merged model.")
    ] = None,
    sets: TestSets,
    min_agreement: MinAgreement = None,
    training: TrainingFlags,
    listed: Annotated[bool, Option("--list", help="List the recipes and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model with LoRA on exported runs; needs the extra `tune`.

    An interrupted training goes on from its last checkpoint when the same command is given again.
    """
    from manyminds.export.filters import Limits
    from manyminds.export.plan import Plan
    from manyminds.export.recipes import RECIPES
    from manyminds.export.tuning import Training, check_packages, recipe_of, rows_for, train
    from manyminds.export.tuning import warning as too_little

    if listed:
        for name, one in RECIPES.items():
            print(f"{name:<10}{one.about}; {' then '.join(one.forms)}, {one.kind.upper()}")
        return
    chosen = recipe_of(recipe)
    if out is None:
        raise InputError("give the folder to write into with --out DIR")
    check_packages()
    limits = Limits(min_agreement=min_agreement)
    plan = Plan(runs or [], chosen.forms[0], limits=limits, **asdict(sets))
    rows, counts = rows_for(chosen, plan, out / "data")
    warned = too_little(chosen, counts)
    if not as_json:
        print(f"{counted(counts.rows, 'row')} in {rows}; dropped: {counts.dropped_text()}")
        if warned:
            complain(warned)
    losses, adapter, merged = train(rows, chosen.kind, Training(**asdict(training)), out)
    if as_json:
        found = {"losses": losses, "adapter": str(adapter), "merged": str(merged)}
        print_json({"rows": counts.rows, "warning": warned, **found})
    else:
        fell = f"loss {losses[0][1]:.3f} -> {losses[-1][1]:.3f}" if losses else "no step was made"
        print(f"{fell}; adapter in {adapter}, merged model in {merged}")
