"""`manyminds tune`: a model trained on what runs have shown."""

from pathlib import Path
from typing import Annotated

import typer

from manyminds.apps.terminal import counted, print_json
from manyminds.errors import InputError


def tune(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUNS]...", help="Records of runs, folders of records, files of trajectories."
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="What is trained; --list names the recipes.")
    ] = "vote",
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Folder of a model, or smollm2.")
    ] = "smollm2",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for data, adapter and merged model.")
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Questions with answers, which set the rewards."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Test questions: drop what shares words with one."),
    ] = None,
    min_agreement: Annotated[
        float | None,
        typer.Option(metavar="X", min=0, max=1, help="Least share of the vote behind the answer."),
    ] = None,
    epochs: Annotated[
        float, typer.Option(metavar="X", min=0.01, help="Passes over the rows.")
    ] = 2.0,
    learning_rate: Annotated[
        float, typer.Option(metavar="X", min=0, help="Learning rate at the start.")
    ] = 2e-4,
    rank: Annotated[int, typer.Option(metavar="N", min=1, help="Rank of LoRA.")] = 16,
    batch: Annotated[int, typer.Option(metavar="N", min=1, help="Rows of a step.")] = 8,
    max_tokens: Annotated[
        int, typer.Option(metavar="N", min=16, help="Tokens of a row at most.")
    ] = 1_024,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the training.")] = 0,
    listed: Annotated[bool, typer.Option("--list", help="List the recipes and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
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
    plan = Plan(runs or [], chosen.forms[0], limits=limits, gold=gold, against=against)
    rows, counts = rows_for(chosen, plan, out / "data")
    warned = too_little(chosen, counts)
    if not as_json:
        print(f"{counted(counts.rows, 'row')} in {rows}; dropped: {counts.dropped_text()}")
        if warned:
            typer.echo(f"manyminds: {warned}", err=True)
    how = Training(model, epochs, learning_rate, rank, batch, max_tokens, seed)
    losses, adapter, merged = train(rows, chosen.kind, how, out)
    if as_json:
        print_json(
            {"rows": counts.rows, "warning": warned, "losses": losses, "adapter": str(adapter),
             "merged": str(merged)}
        )  # fmt: skip
    else:
        fell = f"loss {losses[0][1]:.3f} -> {losses[-1][1]:.3f}" if losses else "no step was made"
        print(f"{fell}; adapter in {adapter}, merged model in {merged}")
