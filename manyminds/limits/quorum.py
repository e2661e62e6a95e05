"""How long a layer, wave or round waits for late calls: deadline, quorum and grace."""

import math
from collections.abc import Sequence

from manyminds.limits.deadline import Deadline, Enough, StopCondition, cut_failure
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.state import Candidate, Failure

_DECIDED = Failure(
    kind="cancelled",
    message="cut because the vote was decided; it may be billed all the same",
    retriable=False,
    maybe_billed=True,
)


def layer_deadline(
    ctx: RunContext, layer: int, *, asked: int, quorum: float, rule: Enough | None = None
) -> Deadline | None:
    """Return the deadline that the branches of a layer share; None where all are waited for.

    Args:
        ctx: the run; its settings have the deadline and the grace.
        layer: layer, wave or round, from 1.
        asked: calls of the layer.
        quorum: good answers that are enough: a count, or a share of the calls if below 1.
        rule: ends the layer at once when it returns True for the candidates that came in.
    """
    seconds, grace = ctx.settings.deadline, ctx.settings.grace
    if seconds is None and grace is None and rule is None:
        return None
    conditions = [] if rule is None else [StopCondition(rule, 0.0, _DECIDED)]
    if grace is not None:
        needed = max(1, count_of(quorum, asked))

        def enough(seen: Sequence[Candidate]) -> bool:
            return len(seen) >= needed and sum(c["status"] == "ok" for c in seen) >= needed

        conditions.append(
            StopCondition(
                enough, grace, cut_failure(f"cut {grace:g} s after {needed} answers were in")
            )
        )
    return run_scope(ctx.id).deadline(layer, lambda: Deadline(conditions, seconds=seconds))


def count_of(quorum: float, asked: int) -> int:
    """Return a quorum as a count of calls."""
    # The small number keeps 0.1 * 30 = 3.0000000000000004 from asking for a fourth.
    return math.ceil(quorum * asked - 1e-9) if quorum < 1 else int(quorum)
