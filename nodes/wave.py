"""wave: decides how many samples to ask for next, and splits them into branches."""

import math
from typing import Any

from langgraph.types import Send

from manyminds.errors import BudgetError
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.sampler import Chunk, Sampling
from manyminds.runs.context import RunContext

# Branches cost about a tenth of a millisecond each and more with their number; a chunk asks its
# samples at once, so wide waves lose nothing by having few branches.
MOST_BRANCHES = 64
SMALLEST_CHUNK = 16


def wave(how: Sampling) -> Node:
    """Return the node that plans the next wave.

    A wave holds as many samples as the stopping rule needs at the very least before it could stop,
    and no more than the budget allows: none is asked for that one-by-one sampling would not buy.

    Raises:
        BudgetError: while running, if the budget leaves not one sample.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, how.method, how.context)
        asked = len(state["candidates"])
        wanted = min(how.rule.need(how.votes(state["candidates"])), how.most - asked)
        planned = int(min(wanted, ctx.calls_left))
        if planned < 1:
            reason = ctx.exhausted() or "the budget is spent"
            raise BudgetError(f"{reason} before the first sample")
        ctx.emit("planned", calls=planned)
        ctx.emit("layer", layer=state["layer"] + 1)
        return {"layer": state["layer"] + 1, "asked": asked, "planned": planned}

    return Node(run, "wave")


def branches(state: Any) -> list[Send]:
    """Send each chunk of the wave to a sampler."""
    first, planned = state["asked"], state["planned"]
    size = max(SMALLEST_CHUNK, math.ceil(planned / MOST_BRANCHES))
    return [
        Send(
            "sampler",
            Chunk(
                run=state["run"],
                question=state["question"],
                question_id=state["question_id"],
                messages=state["messages"],
                layer=state["layer"],
                first=first + start,
                count=min(size, planned - start),
                planned=planned,
            ),
        )
        for start in range(0, planned, size)
    ]
