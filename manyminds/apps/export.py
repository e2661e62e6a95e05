"""`manyminds export`: training data out of runs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

from typer import Argument, Option

from manyminds.apps.flags import AsJson, TestSets
from manyminds.apps.terminal import counted, print_json
from manyminds.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manyminds.export.counts import Counts
    from manyminds.export.from_records import Take
    from manyminds.export.plan import Plan


@dataclass(frozen=True)
class Form:
    """The conversations of a run that are written.

    Attributes:
        format: The form; --list names them.
        take: Conversations of a run: answer, winners, candidates, episodes or calls. Default: what
            the form is made from.
    """

    format: Annotated[str, Option("--format", "-f", metavar="F")] = "trl"
    take: Annotated[str | None, Option(metavar="WHAT")] = None


@dataclass(frozen=True)
class Filters:
    """Conditions on the trajectories that are written.

    Attributes:
        min_reward: Least reward, such as 1.
        min_rating: Least rating, 0 to 5.
        min_agreement: Least share of the vote behind the answer.
        max_chars: Characters of a trajectory at most.
        dedupe: Drop a conversation that comes again.
    """

    min_reward: Annotated[float | None, Option(metavar="X")] = None
    min_rating: Annotated[float | None, Option(metavar="X")] = None
    min_agreement: Annotated[float | None, Option(metavar="X", min=0, max=1)] = None
    max_chars: Annotated[int | None, Option(metavar="N", min=1)] = None
    dedupe: Annotated[bool, Option()] = False


@dataclass(frozen=True)
class Mix:
    """How rows of several sources are mixed.

    Attributes:
        ratio: Share of a source in the mix; once for each, in order.
        seed: Seed of the mix.
        limit: Rows to write at most.
    """

    ratio: Annotated[list[float] | None, Option(metavar="X")] = None
    seed: Annotated[int, Option(metavar="N")] = 0
    limit: Annotated[int | None, Option(metavar="N", min=1)] = None


@dataclass(frozen=True)
class Instead:
    """What is done instead of writing.

    Attributes:
        check: Check that files have the form, and write nothing.
        schema: Print the JSON schema of a row and end.
        listed: List the forms and end.
    """

    check: Annotated[bool, Option()] = False
    schema: Annotated[bool, Option()] = False
    listed: Annotated[bool, Option("--list")] = False


def export(
    runs: Annotated[
        list[Path] | None,
        Argument(
            metavar="RUNS",
            help="Records of runs, folders of records, or files of trajectories: ShareGPT, OpenAI "
            "messages, xLAM, Agent Data Protocol.",
        ),
    ] = None,
    *,
    form: Form,
    out: Annotated[Path | None, Option(metavar="FILE", help="The file to write.")] = None,
    filters: Filters,
    sets: TestSets,
    mix: Mix,
    instead: Instead,
    as_json: AsJson = False,
) -> None:
    """Write runs as training data, in the form that a trainer or a paper reads.

    Prints how many trajectories were read, dropped (by reason) and used, and writes a data card
    next to the file.
    """
    if instead.listed or instead.schema:
        _print_forms(form.format if instead.schema and not instead.listed else None)
        return
    if instead.check:
        _check(runs or [], form.format, as_json)
        return
    if out is None:
        raise InputError("give the file to write with --out FILE")
    from manyminds.export.filters import Limits
    from manyminds.export.pipeline import export as write
    from manyminds.export.plan import Plan

    plan = Plan(
        sources=runs or [],
        format=form.format,
        take=_take(form.take),
        limits=Limits(**asdict(filters)),
        **asdict(sets),
        ratios=mix.ratio or [],
        seed=mix.seed,
        limit=mix.limit,
    )
    counts = write(plan, out)
    if as_json:
        print_json(_described(plan, out, counts))
    else:
        _print(out, counts)


def _print_forms(form: str | None) -> None:
    """Print the JSON schema of one form, or the list of all."""
    from manyminds.export.registry import EXPORTERS, exporter

    if form is not None:
        print(json.dumps(exporter(form).schema(), indent=2))
        return
    for one in EXPORTERS.values():
        print(f"{one.name:<14}{one.about}{f'; {one.paper}' if one.paper else ''}")


def _check(files: "Sequence[Path]", form: str, as_json: bool) -> None:
    """Check that files have a form; the first that has not is an error."""
    from manyminds.export.checking import check_file
    from manyminds.export.registry import exporter

    if not files:
        raise InputError("give the files to check")
    rows = {str(file): check_file(file, exporter(form)) for file in files}
    if as_json:
        print_json({"format": form, "rows": rows})
        return
    for file, count in rows.items():
        print(f"{counted(count, 'row')} in {file}, each in the form {form}")


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
