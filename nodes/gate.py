"""gate: all of a layer are in; is it enough, and is there room for another layer?"""

import math
from collections.abc import Sequence

from manyminds.asking.run import Run
from manyminds.errors import BudgetError, QuorumError
from manyminds.nodes.channels import Decision
from manyminds.nodes.node import Node, State, Update
from manyminds.settings import Context
from manyminds.state import Candidate


def gate(method: str, *, calls: Sequence[int], quorum: float, context: Context) -> Node:
    """Return the node that closes a layer.

    Args:
        method: name of the method.
        calls: members asked in each layer.
        quorum: good answers that a layer needs: a count, or a share of those asked if below 1.
        context: the builder's settings.

    Raises:
        QuorumError: while running, if too few answered; each failure is named.
        BudgetError: the budget ended before any answer.
    """

    async def run(state: State) -> Update:
        layer, candidates = state["layer"], state["candidates"]
        require(candidates, quorum)
        if layer >= len(calls):
            return {"decision": _decision(stop=True, reason="that was the last layer")}
        left = Run.of(state, method, context).calls_left
        needed = calls[layer] + 1
        if left < needed:
            reason = f"the budget leaves {left:g} of the {needed} calls that another layer needs"
            return {"decision": _decision(stop=True, reason=reason), "notes": [reason]}
        return {"decision": _decision(stop=False, reason="another layer follows")}

    return Node(run, "gate")


def require(candidates: Sequence[Candidate], quorum: float) -> None:
    """Raise if fewer candidates are good than the quorum asks for.

    Raises:
        QuorumError: too few answered; each failure is named.
        BudgetError: nobody could be asked within the budget.
    """
    good = sum(candidate["status"] == "ok" for candidate in candidates)
    needed = max(1, _count_of(quorum, len(candidates)))
    if good >= needed:
        return
    failures = [
        f"{candidate['member']}: {error['kind']}: {error['message']}"
        for candidate in candidates
        if (error := candidate["error"]) is not None
    ]
    if not good and all(c["status"] == "skipped" for c in candidates):
        raise BudgetError("; ".join(dict.fromkeys(failures)) + " before there was an answer")
    message = f"{good} of {len(candidates)} members answered and the quorum is {needed}"
    raise QuorumError(message, list(dict.fromkeys(failures)))


def _count_of(quorum: float, asked: int) -> int:
    # The small number keeps 0.1 * 30 = 3.0000000000000004 from asking for a fourth.
    return math.ceil(quorum * asked - 1e-9) if quorum < 1 else int(quorum)


def _decision(*, stop: bool, reason: str) -> Decision:
    return Decision(stop=stop, reason=reason, source="rule", agreement=None)
