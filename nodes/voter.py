"""voter: counts the votes so far, says whether to go on sampling, and holds the final vote."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from typing_extensions import TypedDict

from manyminds.members import Member
from manyminds.nodes.channels import decide
from manyminds.nodes.gate import require
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.sampler import Sampling
from manyminds.reading.answers import Extractor
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.runs.usage import spent_on
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import cisc_weights, consensus, majority, weighted

VoteFunction: TypeAlias = Callable[[Sequence[Candidate]], Ballot]


class AskedVote(Protocol):
    """A vote for which somebody is asked: a judge, a rater."""

    @property
    def name(self) -> str:
        """As it stands on the ballot; another name there means that it fell back on that."""
        ...

    @property
    def members(self) -> Sequence[Member]:
        """Who may be asked."""
        ...

    def hold(
        self, candidates: Sequence[Candidate], state: State, run: RunContext
    ) -> Awaitable[tuple[Ballot, list[Candidate]]]:
        """Hold the vote; return the ballot and what was asked for it, for the ledger."""
        ...


Vote: TypeAlias = str | VoteFunction | AskedVote


class Sampled(TypedDict):
    """How the sampling went: samples asked, flagged and cut, rounds, samples saved."""

    asked: int
    flagged: int
    cut: int
    rounds: int
    saved: int
    rule: str


def voter(how: Sampling, *, vote: Vote, planned: int) -> Node:
    """Return the node that votes after each wave.

    Args:
        how: the sampling.
        vote: "majority", "auto", "weighted", "confidence", a similarity ("bleu", ...), a function
            from the candidates to a ballot, or an asked vote.
        planned: samples that would be asked without a stopping rule.

    Raises:
        QuorumError: while running, if too few answered.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, how.method, how.context)
        candidates: list[Candidate] = state["candidates"]
        run_scope(state["run"]).drop_deadline(state["layer"])
        groups = how.votes(candidates)
        spent = None
        reason = how.rule.stop(groups)
        if reason is None:
            unasked = any(c["status"] == "skipped" for c in candidates)
            if unasked or len(candidates) < how.most:
                spent = ctx.exhausted()
            if spent is None and len(candidates) >= how.most:
                reason = f"cap: {len(candidates)} drawn"
        stop = reason or spent
        ctx.emit("voted", counts=_counts(groups), asked=len(candidates), stop=stop)
        if stop is None:
            return {"decision": decide(False, "")}
        require(candidates, how.quorum)
        notes = [] if spent is None else [f"{spent} after {len(candidates)} samples"]
        update = await _final(candidates, vote, how, state, ctx, notes)
        return {
            **update,
            "sampled": _sampled(candidates, state["layer"], planned, how),
            "decision": decide(True, stop),
        }

    return Node(run, "voter")


async def _final(
    candidates: Sequence[Candidate],
    vote: Vote,
    how: Sampling,
    state: State,
    ctx: RunContext,
    notes: list[str],
) -> Update:
    update: Update = {}
    extract = how.extract
    if how.reads_together and vote in _COUNTED:
        before = [c["answer"] for c in candidates]
        candidates, extract = _read_together(candidates, state["question"])
        changed = zip(before, candidates, strict=True)
        update["candidates"] = [c for answer, c in changed if c["answer"] != answer]
    if isinstance(vote, str) or callable(vote):
        ballot = tally(candidates, vote, extract, how.members)
    else:
        ballot, asked = await vote.hold(candidates, state, ctx)
        update["spent"] = spent_on(asked)
        if ballot["vote"] != vote.name:
            notes.append(f"the vote {vote.name} gave no winner: {ballot['vote']} took its place")
    if ballot["winner"] is None:
        notes.append("no answer could be read: the most typical reply was chosen")
        ballot = similar(candidates, "bleu", whole=True)
    elif vote == "auto" and ballot["vote"] == "bleu":
        notes.append("undecided: most replies could not be read, and likeness of wording chose")
    else:
        notes += undecided(ballot, sum(c["status"] == "ok" for c in candidates))
    winner = candidates[ballot["winner"] or 0]
    return {**update, "ballot": ballot, "final": winner, "notes": notes}


_COUNTED = ("majority", "auto", "weighted", "confidence")
"""Votes that count equal answers."""


def _read_together(
    candidates: Sequence[Candidate], question: str
) -> tuple[list[Candidate], Extractor]:
    """Read all replies together; return the candidates with these answers, and the kind."""
    texts = [c["text"] if c["status"] == "ok" else None for c in candidates]
    reading = read_all(texts, question=question)
    read: list[Candidate] = [
        {**candidate, "answer": answer}
        for candidate, answer in zip(candidates, reading.answers, strict=True)
    ]
    return read, reading.extractor


def undecided(ballot: Ballot, good: int) -> list[str]:
    """Return the reason why a vote decides nothing, as a list of at most one note.

    Args:
        ballot: The vote.
        good: Number of good replies, read or not.
    """
    voters = ballot["voters"]
    if ballot["vote"] not in _COUNTED or not voters:
        return []
    if 2 * voters < good:
        return [f"undecided: an answer was read in {voters} of {good} replies"]
    weights = [group["weight"] for group in ballot["groups"]]
    if ballot["tie"]:
        return ["undecided: the vote was a tie, and the answer that came first was chosen"]
    if 2 * max(weights) < sum(weights):
        return ["undecided: the winner has less than half of the votes"]
    return []


def tally(
    candidates: Sequence[Candidate],
    vote: str | VoteFunction,
    extract: Extractor,
    members: Sequence[Member] = (),
) -> Ballot:
    """Hold one vote over the candidates; those that failed abstain."""
    if callable(vote):
        return vote(candidates)
    answers = [c["answer"] for c in candidates]
    if vote == "auto":
        # Only where most replies say plainly what their answer is can answers be counted.
        good = sum(c["status"] == "ok" for c in candidates)
        if 2 * sum(a is not None for a in answers) < good:
            return similar(candidates, "bleu", whole=True)
        vote = "majority"
    if vote == "majority":
        return majority(answers, extractor=extract)
    if vote == "weighted":
        weight = {member.name: member.weight for member in members}
        each = [weight.get(c["member"], 1.0) for c in candidates]
        return weighted(answers, each, extractor=extract)
    if vote == "confidence":
        sure = [c.get("confidence") if c["answer"] is not None else None for c in candidates]
        weights = cisc_weights(sure, temperature=SURE_TEMPERATURE)
        return weighted(answers, weights, extractor=extract, vote="confidence")
    return similar(candidates, vote, whole=False)


# In points of confidence from 0 to 100: a reply 20 points surer weighs e times as much.
SURE_TEMPERATURE = 20.0


def similar(candidates: Sequence[Candidate], metric: str, *, whole: bool) -> Ballot:
    """Choose the reply most similar to all others: whole replies, or what was read out of them."""
    return consensus(
        [None if c["status"] != "ok" else c["text"] if whole else c["answer"] for c in candidates],
        metric=metric,
    )


def _sampled(candidates: Sequence[Candidate], rounds: int, planned: int, how: Sampling) -> Sampled:
    states = [c["status"] for c in candidates]
    return Sampled(
        asked=len(states),
        flagged=states.count("flagged"),
        cut=states.count("cut"),
        rounds=rounds,
        saved=max(0, planned - len(states)),
        rule=(how.until or how.rule).name,
    )


def _counts(groups: Sequence[int | None]) -> list[int]:
    counted = Counter(group for group in groups if group is not None)
    return [count for _, count in counted.most_common()]
