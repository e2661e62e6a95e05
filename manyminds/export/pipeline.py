"""From sources to a file of rows: read, filter, mix, convert, write, and count what is dropped."""

import math
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

from manyminds.errors import DataError, InputError
from manyminds.export.card import card
from manyminds.export.counts import Counts
from manyminds.export.exporter import Exporter, Row
from manyminds.export.filters import Gold, TestQuestions, refusal
from manyminds.export.from_records import Take
from manyminds.export.messages import NotHeldError
from manyminds.export.mixing import mixed
from manyminds.export.plan import Plan
from manyminds.export.registry import exporter
from manyminds.export.sources import read
from manyminds.export.spool import Spool
from manyminds.export.writer import open_writer
from manyminds.trajectory import Trajectory


def export(plan: Plan, out: Path) -> Counts:
    """Write the rows of a plan to a file, and a data card next to it.

    Memory does not grow with the number of trajectories: hashes for later comparison are kept on
    disk.

    Args:
        plan: What to export.
        out: The file; it is replaced when all rows are written.

    Returns:
        What was read, dropped and written.

    Raises:
        InputError: The plan cannot be used, a source cannot be read, or there is no row to write.
    """
    form, counts = exporter(plan.format), Counts()
    _check(plan, out)
    with open_writer(form, out) as writer, Spool() as spool:
        for row in islice(_rows(form, _kept(plan, form, counts, spool), counts, spool), plan.limit):
            writer.write(row)
            counts.rows += 1
        if not counts.rows:
            raise DataError(_nothing(counts, plan.take or form.take))
    try:
        out.with_name(f"{out.name}.card.md").write_text(card(plan, form, counts), "utf-8")
    except OSError as error:
        raise InputError(f"cannot write the data card of {out}: {error.strerror}") from None
    return counts


def _check(plan: Plan, out: Path) -> None:
    if not plan.sources:
        raise InputError("give at least one source: a record, a folder of records or a file")
    if plan.ratios and len(plan.ratios) != len(plan.sources):
        raise InputError(
            f"give one ratio for each source, not {len(plan.ratios)} for {len(plan.sources)}"
        )
    finite = all(0 <= ratio < math.inf for ratio in plan.ratios)  # NaN is neither
    if not finite or (plan.ratios and not sum(plan.ratios)):
        raise InputError("ratios must be finite numbers of 0 or more, and not all 0")
    if any(out.resolve() == source.resolve() for source in plan.sources):
        raise InputError(f"{out} is also a source: choose another file with --out")


def _kept(plan: Plan, form: Exporter, counts: Counts, spool: Spool) -> Iterator[Trajectory]:
    """Yield the trajectories that pass the filters, mixed."""
    gold = None if plan.gold is None else Gold(plan.gold)
    tests = None if plan.against is None else TestQuestions(plan.against, plan.ngram)

    def passed(source: Path) -> Iterator[Trajectory]:
        for trajectory in read(source, plan.take or form.take, counts):
            if gold is not None:
                gold.grade(trajectory)
            reason = refusal(trajectory, plan.limits, tests, spool)
            if reason is None:
                yield trajectory
            else:
                counts.dropped[reason] += 1

    streams = [passed(source) for source in plan.sources]
    if not plan.ratios:
        return chain.from_iterable(streams)
    return mixed(streams, plan.ratios, plan.seed, _dropper(counts))


def _dropper(counts: Counts) -> Callable[[str], None]:
    def drop(reason: str) -> None:
        counts.dropped[reason] += 1

    return drop


def _rows(
    form: Exporter, kept: Iterator[Trajectory], counts: Counts, spool: Spool
) -> Iterator[Row]:
    """Yield the rows; what the form cannot hold is counted by the reason."""
    for given in _grouped(kept, spool) if form.grouped else ([one] for one in kept):
        try:
            made = list(form.rows(given if form.grouped else given[0]))
        except NotHeldError as error:
            counts.dropped[error.reason] += len(given)
            continue
        counts.used += len(given)
        for trajectory in given:
            _count(trajectory, counts)
        yield from made


def _grouped(kept: Iterator[Trajectory], spool: Spool) -> Iterator[list[Trajectory]]:
    for trajectory in kept:
        spool.keep(trajectory)
    yield from spool.tasks()


def _count(trajectory: Trajectory, counts: Counts) -> None:
    counts.models[trajectory.model or "unknown"] += 1
    counts.methods[trajectory.method or "unknown"] += 1
    counts.roles[trajectory.role or "unknown"] += 1
    reward = trajectory.reward
    counts.rewards["unknown" if reward is None else f"{reward:.1f}"] += 1


def _nothing(counts: Counts, take: Take) -> str:
    if not counts.total:
        runs = "; ".join(f"{reason}: {n}" for reason, n in counts.runs.most_common())
        return (
            f"there is nothing to export: no conversation was found for --take {take} "
            f"({runs or 'no run'}); give another --take"
        )
    return f"there is no row to write: all {counts.total} were dropped ({counts.dropped_text()})"
