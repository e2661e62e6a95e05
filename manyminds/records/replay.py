"""`manyminds.replay`: runs a method again on the answers of a record."""

from pathlib import Path
from typing import Any

from manyminds.records.reader import load_run
from manyminds.records.rerun import Graph
from manyminds.records.run_record import RunRecord
from manyminds.settings import Context


def replay(
    run: RunRecord | str | Path,
    graph: Graph | None = None,
    *,
    strict: bool = False,
    context: Context | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Run a method again with the answers of a recorded run; see `areplay`."""
    found = run if isinstance(run, RunRecord) else load_run(run)
    return found.replay(graph, strict=strict, context=context, **changes)


async def areplay(
    run: RunRecord | str | Path,
    graph: Graph | None = None,
    *,
    strict: bool = False,
    context: Context | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Run a method again with the answers of a recorded run; only new calls are made.

    Use it to see what another judge, vote or number of kept answers would have made of the same
    answers: up to the first prompt that differs nothing is asked, and nothing paid. A call is the
    same where role, member, layer, index, draw, prompt and sampling parameters are.

    Args:
        run: the record, or its path.
        graph: the method to run now. Default: the recorded one, built again from its
            options, which works where all of them are texts and numbers.
        strict: make no call: raise if the record lacks an answer.
        context: settings in addition to the recorded seed and sampling parameters, such as a
            recorder.
        changes: options of the builder to change, such as keep=3; without `graph` only.

    Returns:
        The graph's result. Candidates from the record are marked with `reused="record"`.

    Raises:
        DataError: the record cannot be read, or has no answer and `strict` was asked for.
        InputError: the graph cannot be built from the record; the message says what to give.
    """
    found = run if isinstance(run, RunRecord) else load_run(run)
    return await found.areplay(graph, strict=strict, context=context, **changes)
