"""layer: begins a layer or round; the gate closes it: are there answers enough, and calls left?"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from langgraph.types import Overwrite

from manyminds.errors import BudgetError, QuorumError, RunError
from manyminds.limits.quorum import Quorum, count_of
from manyminds.nodes.channels import decide
from manyminds.nodes.node import Node, State, Update
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.settings import Context
from manyminds.state import Candidate

Stop: TypeAlias = Callable[[Any], str | None]
"""A rule of a method: from the state to the reason to stop after this layer, or None."""


def layer(method: str = "", *, planned: int = 0, context: Context | None = None) -> Node:
    """Return the node that counts layers. What was kept stays: the next layer reads it.

    Args:
        method: Name of the method.
        planned: Calls of all layers together, for progress displays.
        context: The builder's settings.
    """

    async def run(state: State) -> Update:
        ctx, number = RunContext.of(state, method, context or Context()), state["layer"] + 1
        if planned and number == 1:
            ctx.emit("planned", calls=planned)
        ctx.emit("layer", layer=number)
        return {"layer": number}

    return Node(run, "layer")


def gate(
    method: str,
    *,
    calls: Sequence[int],
    quorum: Quorum,
    context: Context,
    reserve: int = 1,
    stop: Stop | None = None,
) -> Node:
    """Return the node that closes a layer.

    Args:
        method: Name of the method.
        calls: Members asked in each layer.
        quorum: Good answers that a layer needs: a count, or a share such as "75%".
        context: The builder's settings.
        reserve: Calls of the steps after the layers, which the budget must leave room for.
        stop: Function from the state to the reason to stop after this layer, or None.

    Raises:
        QuorumError: While running, if too few answered; each failure is named.
        BudgetError: The budget ended before any answer.
    """

    async def run(state: State) -> Update:
        layer, candidates = state["layer"], state["candidates"]
        ctx = RunContext.of(state, method, context)
        run_scope(ctx.id).drop_deadline(layer)
        try:
            require(candidates, quorum)
        except RunError:
            spent = ctx.exhausted()
            if spent is None or not state["previous"]:
                raise
            reason = f"{spent} in layer {layer}: the answer rests on layer {layer - 1}"
            return {**_stop(reason, reason), "candidates": Overwrite(state["previous"])}
        settled = None if stop is None else stop(state)
        if settled is not None:
            return _stop(settled)
        if layer >= len(calls):
            return _stop("that was the last layer")
        spent = ctx.exhausted(calls[layer] + reserve)
        if spent is not None:
            return _stop(spent, f"{spent} after layer {layer} of {len(calls)}")
        return {
            "decision": decide(False, "another layer follows"),
            "previous": candidates,
        }

    return Node(run, "gate")


def require(candidates: Sequence[Candidate], quorum: Quorum) -> None:
    """Raise if fewer candidates are good than the quorum asks for.

    Raises:
        QuorumError: Too few answered; each failure is named.
        BudgetError: Nobody could be asked within the budget.
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


def _stop(reason: str, *notes: str) -> Update:
    return {"decision": decide(True, reason), "notes": list(notes)}
