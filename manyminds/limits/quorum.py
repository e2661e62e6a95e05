"""How many good answers a layer needs, and how long it waits for late calls."""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, TypeAlias

from typing_extensions import Doc

from manyminds.errors import BudgetError, InputError, QuorumError
from manyminds.limits.deadline import Deadline, Enough, StopCondition, cut_failure
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure

Quorum: TypeAlias = Annotated[int | str, Doc('a count, or a share such as "75%"')]
"""Good answers that a layer needs: a count, or a share of its calls such as "75%"."""

_SHARE = re.compile(r"\s*(\d{1,3}(?:\.\d{1,9})?)\s*%\s*")
_DECIDED = Failure(
    kind="cancelled",
    message="cut because the vote was decided; it may be billed anyway",
    retriable=False,
    maybe_billed=True,
)


def layer_deadline(
    ctx: RunContext, layer: int, *, asked: int, quorum: Quorum, rule: Enough | None = None
) -> Deadline | None:
    """Return the deadline that the branches of a layer share; None where all are waited for.

    Args:
        ctx: the run; its settings have the deadline and the grace.
        layer: layer, wave or round, from 1.
        asked: calls of the layer.
        quorum: Good answers that are enough.
        rule: ends the layer at once when it returns True for the candidates that came in.
    """
    seconds, grace = ctx.settings.deadline, ctx.settings.grace
    if seconds is None and grace is None and rule is None:
        return None
    conditions = [] if rule is None else [StopCondition(rule, 0.0, _DECIDED)]
    if grace is not None:
        needed = count_of(quorum, asked)

        def enough(seen: Sequence[Candidate]) -> bool:
            return len(seen) >= needed and sum(c["status"] == "ok" for c in seen) >= needed

        conditions.append(
            StopCondition(
                enough, grace, cut_failure(f"cut {grace:g} s after {needed} answers were in")
            )
        )
    return ctx.scope.deadline(layer, lambda: Deadline(conditions, seconds=seconds))


def count_of(quorum: Quorum, asked: int) -> int:
    """Return a quorum as a count of calls, at least 1.

    Args:
        quorum: A count, or a share such as "75%".
        asked: Number of calls.
    """
    if isinstance(quorum, int):
        return max(1, quorum)
    return max(1, math.ceil(Fraction(quorum.strip(" %")) * asked / 100))


def check_quorum(quorum: Quorum, asked: int) -> None:
    """Refuse a quorum that `asked` calls could never reach, or that means nothing.

    Raises:
        InputError: It is neither a count from 1 to `asked` nor a share of more than 0 %.
    """
    if isinstance(quorum, str):
        share = _SHARE.fullmatch(quorum)
        good = share is not None and 0 < Fraction(share[1]) <= 100
    else:
        good = isinstance(quorum, int) and quorum is not True and 1 <= quorum <= asked  # pyright: ignore[reportUnnecessaryIsInstance]
    if not good:
        form = f'give a count from 1 to {asked}, or a share such as "75%"'
        raise InputError(f"quorum={quorum!r}: {form}")


def require(candidates: Sequence[Candidate], quorum: Quorum) -> None:
    """Raise if fewer candidates are good than the quorum asks for.

    Raises:
        QuorumError: Too few answered; each failure is named.
        BudgetError: The budget had no room for any call.
    """
    good = sum(candidate["status"] == "ok" for candidate in candidates)
    needed = count_of(quorum, len(candidates))
    if good >= needed:
        return
    failures = [
        f"{candidate['member']}: {error['kind']}: {error['message']}"
        for candidate in candidates
        if (error := candidate["error"]) is not None
    ]
    if not good and all(c["status"] == "skipped" for c in candidates):
        raise BudgetError("; ".join(dict.fromkeys(failures)) + " before there was an answer")
    several = len({candidate["member"] for candidate in candidates}) < len(candidates)
    asked = f"{len(candidates)} {'calls were' if several else 'members'} answered"
    message = f"{good} of {asked} and the quorum is {needed}"
    raise QuorumError(message, list(dict.fromkeys(failures)))
