"""layer: begins a layer or round; its gate closes it: are there answers enough, and calls left?"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from langgraph.types import Overwrite

from manyminds.errors import RunError
from manyminds.limits.quorum import Quorum, require
from manyminds.nodes.channels import decide, usable
from manyminds.nodes.debater import Debating
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import in_worker
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.state import Candidate
from manyminds.votes.votes import labels

Stop: TypeAlias = Callable[[Any], str | None]
"""A rule of a method: from the state to the reason to stop after this layer, or None."""


def layer(*, planned: int = 0) -> Run:
    """Return the step that begins a layer. `kept` stays: the next layer reads it.

    Args:
        planned: Calls of all layers together, for progress displays.
    """

    async def run(_state: State, ask: Ask) -> Update:
        if planned and ask.layer == 1:
            ask.run.emit("planned", calls=planned)
        ask.run.emit("layer", layer=ask.layer)
        return {}

    return run


def gate(
    *, calls: Sequence[int], quorum: Quorum, reserve: int = 1, stop: Stop | None = None
) -> Run:
    """Return the step that closes a layer.

    Args:
        calls: Members asked in each layer.
        quorum: Good answers that a layer needs: a count, or a share such as "75%".
        reserve: Calls of the steps after the layers, which the budget must leave room for.
        stop: Function from the state to the reason to stop after this layer, or None.

    If too few answered in a later layer, the answer rests on the layer before.

    Raises:
        QuorumError: While running, if too few answered in the first layer; each failure is named.
        BudgetError: The budget ended before any answer.
    """

    async def run(state: State, ask: Ask) -> Update:
        layer, candidates = ask.layer, state["candidates"]
        run_scope(ask.run.id).drop_deadline(layer)
        try:
            require(candidates, quorum)
        except RunError as error:
            if not state["previous"]:
                raise
            reason = _rests(ask, error, "layer")
            return {**_stop(reason, reason), "candidates": Overwrite(state["previous"])}
        settled = None if stop is None else stop(state)
        if settled is not None:
            return _stop(settled)
        if layer >= len(calls):
            return _stop("that was the last layer")
        spent = ask.run.exhausted(calls[layer] + reserve)
        if spent is not None:
            return _stop(spent, f"{spent} after layer {layer} of {len(calls)}")
        return {
            "decision": decide(False, "another layer follows"),
            "previous": candidates,
        }

    return run


def consensus_gate(config: Debating, share: float | None, calls: Sequence[int]) -> Run:
    """Return the step that closes a round: do the debaters agree, is there room for another round?

    Args:
        config: The debate.
        share: Share of the debaters who answered that must agree for the debate to end, two at
            least. None: no consensus ends it.
        calls: Calls that each round still has to pay for: its own and those of the last roles.
    """

    async def run(state: State, ask: Ask) -> Update:
        round, candidates = state["layer"], state["candidates"]
        run_scope(ask.run.id).drop_deadline(round)
        said = {"transcript": [*state["transcript"], *candidates]}
        before = state["previous"]
        fewer = _cut_short(candidates, ask.run) and len(usable(state)) < len(before)
        try:
            require(candidates, config.quorum if not fewer else len(before))
        except RunError as error:
            if not before:
                raise
            reason = _rests(ask, error, "round")
            return {**said, **_stop(reason, reason), "candidates": Overwrite(before)}
        counts = (
            await in_worker(ask.run, lambda: _counts(config, candidates, state["question"])) or []
        )
        good, most = len(usable(state)), max(counts, default=0)
        agreement = most / good
        ask.run.emit("voted", counts=counts, asked=len(candidates), stop=None)
        if share is not None and most >= max(2.0, share * good - 1e-9):
            reason = f"consensus in round {round}: {most} of the {good} who answered agree"
            return {**said, **_stop(reason, agreement=agreement)}
        if round >= config.rounds:
            return {**said, **_stop("that was the last round", agreement=agreement)}
        spent = ask.run.exhausted(calls[round])
        if spent is not None:
            note = f"{spent} after round {round} of {config.rounds}"
            return {**said, **_stop(spent, note, agreement=agreement)}
        decision = decide(False, "another round follows", agreement=agreement)
        return {**said, "previous": usable(state), "decision": decision}

    return run


def _counts(config: Debating, candidates: Sequence[Candidate], question: str) -> list[int]:
    """Return the number of each answer, most first; an unreadable one agrees with none."""
    read, extract = config.read_together(candidates, question)
    found = labels([c["answer"] for c in read], extract)
    return [count for _, count in Counter(n for n in found if n is not None).most_common()]


def _cut_short(candidates: Sequence[Candidate], ctx: RunContext) -> bool:
    """Return whether an answer is missing because the budget ended, and for no other reason."""
    states = {candidate["status"] for candidate in candidates}
    return "skipped" in states or ("timeout" in states and ctx.seconds_left <= 0)


def _rests(ask: Ask, error: RunError, word: str) -> str:
    """Return why the answer rests on the layer before: the budget, or who did not answer."""
    spent, number = ask.run.exhausted(), ask.layer
    why = f"{word} {number}: {error};" if spent is None else f"{spent} in {word} {number}:"
    return f"{why} the answer rests on {word} {number - 1}"


def _stop(reason: str, *notes: str, agreement: float | None = None) -> Update:
    return {"decision": decide(True, reason, agreement=agreement), "notes": list(notes)}
