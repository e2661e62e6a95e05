"""consensus: how far debaters agree after a round, and the vote that ends a debate."""

from collections import Counter
from collections.abc import Sequence

from langgraph.types import Overwrite

from manyminds.members import Member
from manyminds.nodes.channels import decide, usable
from manyminds.nodes.debater import Debating
from manyminds.nodes.layer import require
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import VoteFunction, hold, in_worker, tally, undecided
from manyminds.reading.answers import Extractor
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot
from manyminds.votes.effort import Effort
from manyminds.votes.votes import labels, reconcile_weights, weighted


def consensus_gate(how: Debating, share: float | None, calls: Sequence[int]) -> Run:
    """Return the step that closes a round: do the debaters agree, is there room for another round?

    Args:
        how: The debate.
        share: Share of the debaters who answered that must agree for the debate to end, two at
            least. None: no consensus ends it.
        calls: Calls that each round still has to pay for: its own and those of the last roles.
    """

    async def run(state: State, ask: Ask) -> Update:
        round, candidates = state["layer"], state["candidates"]
        run_scope(ask.run.id).drop_deadline(round)
        said = {"transcript": [*state["transcript"], *candidates]}
        if _cut_short(candidates, ask.run) and len(usable(state)) < len(state["previous"]):
            reason = (
                f"{ask.run.exhausted()} in round {round}: the answer rests on round {round - 1}"
            )
            back = {"candidates": Overwrite(state["previous"])}
            return {**said, **back, **_stop(reason, None, reason)}
        require(candidates, how.quorum)
        counts = await in_worker(ask.run, lambda: _counts(how, candidates, state["question"])) or []
        good, most = len(usable(state)), max(counts, default=0)
        agreement = most / good
        ask.run.emit("voted", counts=counts, asked=len(candidates), stop=None)
        if share is not None and most >= max(2.0, share * good - 1e-9):
            reason = f"consensus in round {round}: {most} of the {good} who answered agree"
            return {**said, **_stop(reason, agreement)}
        if round >= how.rounds:
            return {**said, **_stop("that was the last round", agreement)}
        spent = ask.run.exhausted(calls[round])
        if spent is not None:
            return {
                **said,
                **_stop(spent, agreement, f"{spent} after round {round} of {how.rounds}"),
            }
        decision = decide(False, "another round follows", agreement=agreement)
        return {**said, "previous": usable(state), "decision": decision}

    return run


def _counts(how: Debating, candidates: Sequence[Candidate], question: str) -> list[int]:
    """Return the number of each answer, most first; an unreadable one agrees with none."""
    read, extract = how.read_together(candidates, question)
    found = labels([c["answer"] for c in read], extract)
    return [count for _, count in Counter(n for n in found if n is not None).most_common()]


def _cut_short(candidates: Sequence[Candidate], ctx: RunContext) -> bool:
    """Tell whether an answer is missing because the budget ended, and for no other reason."""
    states = {candidate["status"] for candidate in candidates}
    return "skipped" in states or ("timeout" in states and ctx.seconds_left <= 0)


def _stop(reason: str, agreement: float | None, *notes: str) -> Update:
    return {"decision": decide(True, reason, agreement=agreement), "notes": list(notes)}


def debate_vote(how: Debating, vote: str | VoteFunction, *, judged: bool) -> Run:
    """Return the step that votes on the last round, each debater's last answer counting once.

    The winner is passed on verbatim, without the line on its confidence.
    """

    async def run(state: State, ask: Ask) -> Update:
        candidates: list[Candidate] = state["candidates"]
        read: list[Candidate] = list(candidates)

        def count(effort: Effort) -> Ballot:
            read[:], extract = how.read_together(candidates, state["question"])
            return _tally(read, vote, extract, how.debaters, effort)

        ballot, notes = await hold(ask.run, candidates, count)
        if not judged:
            notes += undecided(ballot, len(usable(state)))
        counts = [len(group["indices"]) for group in ballot["groups"]]
        reason = state["decision"]["reason"]
        ask.run.emit("voted", counts=counts, asked=len(candidates), stop=reason)
        winner = how.passed_on(read[ballot["winner"] or 0])
        return {"candidates": read, "ballot": ballot, "final": winner, "notes": notes}

    return run


def _tally(
    candidates: Sequence[Candidate],
    vote: str | VoteFunction,
    extract: Extractor,
    debaters: Sequence[Member],
    effort: Effort,
) -> Ballot:
    """Hold the vote; a missing confidence weighs as the mean of the others."""
    if vote not in ("proportional", "reconcile"):
        return tally(candidates, vote, extract, debaters, effort)
    sure = [
        c["confidence"] / 100 if c["answer"] and "confidence" in c else None for c in candidates
    ]
    if vote == "reconcile":
        weights = reconcile_weights(sure)
    else:
        known = [share for share in sure if share is not None]
        mean = sum(known) / len(known) if known else 1.0
        weights = [mean if share is None else share for share in sure]
    answers = [c["answer"] for c in candidates]
    return weighted(answers, weights, extractor=extract, vote=str(vote), effort=effort)
