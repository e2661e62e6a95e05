"""consensus: all of a round are in; do they agree, and is there room for another round?"""

from collections import Counter
from collections.abc import Sequence

from langgraph.types import Overwrite

from manyminds.nodes.channels import decide, usable
from manyminds.nodes.debater import METHOD, Debating
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.votes import labels


def consensus_gate(how: Debating, *, share: float | None, calls: Sequence[int]) -> Node:
    """Return the node that closes a round of a debate.

    Args:
        how: the debate.
        share: of the debaters who answered, so many must agree for the debate to end (1: all),
            and two at least. None: no consensus ends it.
        calls: what each round still has to pay for before there is an answer: its own calls and
            those of the roles after the last one.

    Raises:
        QuorumError: while running, if too few answered; each failure is named.
        BudgetError: the budget ended before any answer.
    """

    async def run(state: State) -> Update:
        round, candidates = state["layer"], state["candidates"]
        ctx = RunContext.of(state, METHOD, how.context)
        said = {"transcript": [*state["transcript"], *candidates]}
        if _cut_short(candidates, ctx) and len(usable(state)) < len(state["previous"]):
            spent = ctx.exhausted()
            reason = f"{spent} in round {round}: the answer rests on round {round - 1}"
            back = {"candidates": Overwrite(state["previous"])}
            return {**said, **back, **_stop(reason, None, reason)}
        require(candidates, how.quorum)
        counts, good = counted(candidates, how)
        most = max(counts, default=0)
        agreement = most / good
        ctx.emit("voted", counts=counts, asked=len(candidates), stop=None)
        if share is not None and most >= max(2.0, share * good - 1e-9):
            reason = f"consensus in round {round}: {most} of the {good} who answered agree"
            return {**said, **_stop(reason, agreement)}
        if round >= how.rounds:
            return {**said, **_stop("that was the last round", agreement)}
        spent = ctx.exhausted(calls[round])
        if spent is not None:
            note = f"{spent} after round {round} of {how.rounds}"
            return {**said, **_stop(spent, agreement, note)}
        decision = decide(False, "another round follows", agreement=agreement)
        return {**said, "previous": usable(state), "decision": decision}

    return Node(run, "gate")


def counted(candidates: Sequence[Candidate], how: Debating) -> tuple[list[int], int]:
    """Return how many gave each answer, most first, and how many answered at all.

    One whose answer cannot be read agrees with nobody.
    """
    good = [c["answer"] for c in candidates if c["status"] == "ok"]
    counts = Counter(label for label in labels(good, how.extract) if label is not None)
    return [count for _, count in counts.most_common()], len(good)


def _cut_short(candidates: Sequence[Candidate], ctx: RunContext) -> bool:
    """Tell whether somebody gave no answer because the budget ended, and not for another reason."""
    states = {candidate["status"] for candidate in candidates}
    return "skipped" in states or ("timeout" in states and ctx.seconds_left <= 0)


def _stop(reason: str, agreement: float | None, *notes: str) -> Update:
    return {"decision": decide(True, reason, agreement=agreement), "notes": list(notes)}
