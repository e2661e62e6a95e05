"""debate_vote: the vote that ends a debate, each debater's last answer counting once."""

from collections.abc import Sequence

from manyminds.nodes.debater import METHOD, Debating
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.tally import VoteFunction, similar, tally
from manyminds.runs.context import RunContext
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import reconcile_weights, weighted

WEIGHED = ("proportional", "reconcile", "confidence")
"""Votes that weigh answers by how sure their debaters say they are."""


def debate_vote(how: Debating, *, vote: str | VoteFunction) -> Node:
    """Return the node that votes on the last round (multi-agent debate, arXiv 2305.14325).

    The winner is passed on verbatim, without the line on its confidence, which we asked for.
    Where no answer can be read, the reply most like the others wins, and the run is marked.

    Args:
        how: the debate.
        vote: as for `create_debate`.
    """

    async def run(state: State) -> Update:
        candidates: list[Candidate] = state["candidates"]
        ballot, notes = hold(candidates, vote, how), list[str]()
        if ballot["winner"] is None:
            notes.append("no answer could be read: the most typical reply was chosen")
            ballot = similar(candidates, "bleu", whole=True)
        RunContext.of(state, METHOD, how.context).emit(
            "voted",
            counts=[len(group["indices"]) for group in ballot["groups"]],
            asked=len(candidates),
            stop=state["decision"]["reason"],
        )
        winner = how.passed_on(candidates[ballot["winner"] or 0])
        return {"ballot": ballot, "final": winner, "notes": notes}

    return Node(run, "voter")


def hold(candidates: Sequence[Candidate], vote: str | VoteFunction, how: Debating) -> Ballot:
    """Hold the vote; a missing confidence weighs as the mean of the others."""
    if vote not in ("proportional", "reconcile"):
        return tally(candidates, vote, how.extract, how.debaters)
    answers = [c["answer"] for c in candidates]
    sure = [_share(c) for c in candidates]
    if vote == "reconcile":
        weights = reconcile_weights(sure)
    else:
        known = [share for share in sure if share is not None]
        mean = sum(known) / len(known) if known else 1.0
        weights = [mean if share is None else share for share in sure]
    return weighted(answers, weights, extractor=how.extract, vote=str(vote))


def _share(candidate: Candidate) -> float | None:
    if candidate["answer"] is None or "confidence" not in candidate:
        return None
    return candidate["confidence"] / 100
