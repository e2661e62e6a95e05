"""voter: counts the votes so far, and says whether to go on sampling."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from manyminds.asking.run import Run
from manyminds.nodes.channels import Decision
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.settings import Context
from manyminds.state import Candidate
from manyminds.votes.answers import Extractor
from manyminds.votes.ballots import Ballot
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import consensus, labels, majority

Vote: TypeAlias = str | Callable[[Sequence[Candidate]], Ballot]


def voter(
    *,
    method: str,
    vote: Vote,
    extract: Extractor,
    rule: StoppingRule,
    quorum: float,
    context: Context,
) -> Node:
    """Return the node that votes after each wave.

    Args:
        method: name of the method.
        vote: "majority", "auto", a similarity ("bleu", "rouge", "levenshtein", "tfidf"), or a
            function from the candidates to a ballot.
        extract: what makes two answers the same.
        rule: when to stop sampling.
        quorum: good answers needed: a count, or a share of those asked if below 1.
        context: the builder's settings.

    Raises:
        QuorumError: while running, if too few answered.
    """

    async def run(state: State) -> Update:
        serving = Run.of(state, method, context)
        candidates: list[Candidate] = state["candidates"]
        groups = labels([c["answer"] for c in candidates], extract)
        reason = rule.stop(groups)
        spent = serving.exhausted() if reason is None else None
        if reason is None and spent is None:
            serving.emit("voted", counts=_counts(groups), asked=len(candidates), stop=None)
            return {"labels": groups, "decision": _decision(stop=False, reason="")}
        require(candidates, quorum)
        ballot = tally(candidates, vote, extract)
        serving.emit("voted", counts=_counts(groups), asked=len(candidates), stop=reason or spent)
        notes = [] if spent is None else [f"{spent} after {len(candidates)} samples"]
        if ballot["winner"] is None:
            notes.append("no answer could be read: the most typical reply was chosen")
            ballot = _consensus(candidates, "bleu", whole=True)
        return {
            "labels": groups,
            "ballot": ballot,
            "final": candidates[ballot["winner"] or 0],
            "notes": notes,
            "decision": _decision(stop=True, reason=reason or spent or ""),
        }

    return Node(run, "voter")


def tally(candidates: Sequence[Candidate], vote: Vote, extract: Extractor) -> Ballot:
    """Hold one vote over the candidates; those that failed abstain."""
    if callable(vote):
        return vote(candidates)
    answers = [c["answer"] for c in candidates]
    if vote == "auto":
        # Only where most replies say plainly what their answer is can answers be counted.
        good = sum(c["status"] == "ok" for c in candidates)
        vote = "majority" if 2 * sum(a is not None for a in answers) >= good else "bleu"
        if vote == "bleu":
            return _consensus(candidates, vote, whole=True)
    if vote == "majority":
        return majority(answers, extractor=extract)
    return _consensus(candidates, vote, whole=False)


def _consensus(candidates: Sequence[Candidate], metric: str, *, whole: bool) -> Ballot:
    return consensus(
        [None if c["status"] != "ok" else c["text"] if whole else c["answer"] for c in candidates],
        metric=metric,
    )


def _counts(groups: Sequence[int | None]) -> list[int]:
    counts = [0] * (1 + max((g for g in groups if g is not None), default=-1))
    for group in groups:
        if group is not None:
            counts[group] += 1
    return sorted(counts, reverse=True)


def _decision(*, stop: bool, reason: str) -> Decision:
    return Decision(stop=stop, reason=reason, source="rule", agreement=None)
