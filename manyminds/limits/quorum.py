"""How long a layer, wave or round waits for those who are late: deadline, quorum and grace."""

import math
from collections.abc import Sequence

from manyminds.limits.deadline import Deadline, Enough, StopCondition, clock, late
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure

_DECIDED = Failure(
    kind="cancelled",
    message="cut because the vote was decided; it may be billed all the same",
    retriable=False,
    maybe_billed=True,
)


def layer_clock(
    run: RunContext, layer: int, *, asked: int, quorum: float, rule: Enough | None = None
) -> Deadline | None:
    """Return the clock that the branches of a layer share; None where all are waited for.

    Args:
        run: the run; its settings have the deadline and the grace.
        layer: layer, wave or round, from 1.
        asked: how many are asked in it.
        quorum: good answers that are enough: a count, or a share of those asked if below 1.
        rule: cuts the others at once when it says that what came in is enough.
    """
    deadline, grace = run.settings.deadline, run.settings.grace
    if deadline is None and grace is None and rule is None:
        return None
    bells = [] if rule is None else [StopCondition(rule, 0.0, _DECIDED)]
    if grace is not None:
        needed = max(1, count_of(quorum, asked))

        def enough(seen: Sequence[Candidate]) -> bool:
            return len(seen) >= needed and sum(c["status"] == "ok" for c in seen) >= needed

        bells.append(
            StopCondition(enough, grace, late(f"cut {grace:g} s after {needed} answers were in"))
        )
    return clock(run.id, layer, lambda: Deadline(bells, deadline=deadline))


def count_of(quorum: float, asked: int) -> int:
    """Return a quorum as a count of those asked."""
    # The small number keeps 0.1 * 30 = 3.0000000000000004 from asking for a fourth.
    return math.ceil(quorum * asked - 1e-9) if quorum < 1 else int(quorum)
