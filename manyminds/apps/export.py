"""`manyminds export`: training data out of runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from manyminds.apps.terminal import counted, print_json
from manyminds.errors import InputError

if TYPE_CHECKING:
    from manyminds.export.counts import Counts
    from manyminds.export.from_records import Take
    from manyminds.export.plan import Plan


def export(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUNS]...",
            help="Records of runs, folders of records, or files of trajectories: ShareGPT, OpenAI "
            "messages, xLAM, Agent Data Protocol.",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="F", help="The form; --list names them.")
    ] = "trl",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file to write.")] = None,
    take: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="Conversations of a run: answer, winners, candidates, episodes or calls. "
            "Default: what the form is made from.",
        ),
    ] = None,
    min_reward: Annotated[
        float | None, typer.Option(metavar="X", help="Least reward, such as 1.")
    ] = None,
    min_rating: Annotated[
        float | None, typer.Option(metavar="X", help="Least rating, 0 to 5.")
    ] = None,
    min_agreement: Annotated[
        float | None,
        typer.Option(metavar="X", min=0, max=1, help="Least share of the vote behind the answer."),
    ] = None,
    max_chars: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Characters of a trajectory at most.")
    ] = None,
    dedupe: Annotated[
        bool, typer.Option("--dedupe", help="Drop a conversation that comes again.")
    ] = False,
    gold: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Questions with answers, which set the rewards."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Test questions: drop what shares words with one."),
    ] = None,
    ngram: Annotated[
        int, typer.Option(metavar="N", min=1, help="Words in a row that count as shared.")
    ] = 13,
    ratio: Annotated[
        list[float] | None,
        typer.Option(metavar="X", help="Share of a source in the mix; once for each, in order."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the mix.")] = 0,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Rows to write at most.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of a row and end.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the forms and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Write runs as training data, in the form that a trainer or a paper reads.

    Prints how many trajectories were read, dropped (by reason) and used, and writes a data card
    next to the file.
    """
    from manyminds.export.filters import Limits
    from manyminds.export.pipeline import export as write
    from manyminds.export.plan import Plan
    from manyminds.export.registry import EXPORTERS, exporter

    if listed:
        for one in EXPORTERS.values():
            print(f"{one.name:<14}{one.about}{f'; {one.paper}' if one.paper else ''}")
        return
    if schema:
        print(json.dumps(exporter(form).schema(), indent=2))
        return
    if out is None:
        raise InputError("give the file to write with --out FILE")
    plan = Plan(
        sources=runs or [],
        format=form,
        take=_take(take),
        limits=Limits(min_reward, min_rating, min_agreement, max_chars, dedupe),
        gold=gold,
        against=against,
        ngram=ngram,
        ratios=ratio or [],
        seed=seed,
        limit=limit,
    )
    counts = write(plan, out)
    if as_json:
        print_json(_described(plan, out, counts))
    else:
        _print(out, counts)


def _take(given: str | None) -> "Take | None":
    from manyminds.export.from_records import Take

    known = get_args(Take)
    if given is not None and given not in known:
        raise InputError(f"--take {given} is not understood: give one of {', '.join(known)}")
    return cast("Take | None", given)


def _described(plan: "Plan", out: Path, counts: "Counts") -> dict[str, object]:
    return {
        "file": str(out),
        "format": plan.format,
        "rows": counts.rows,
        "read": counts.total,
        "used": counts.used,
        "dropped": dict(counts.dropped.most_common()),
        "runs_without": dict(counts.runs.most_common()),
        "sources": dict(counts.read),
    }


def _print(out: Path, counts: "Counts") -> None:
    print(f"{counted(counts.rows, 'row')} in {out}")
    print(f"trajectories: {counts.total} read, {counts.used} used")
    for reason, number in counts.dropped.most_common():
        print(f"  dropped  {number:>8}  {reason}")
    for reason, number in counts.runs.most_common():
        print(f"  runs     {number:>8}  {reason}")
