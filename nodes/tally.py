"""tally: holds a vote over candidates, in a worker thread and within the run's seconds."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from manyminds.aio import in_thread
from manyminds.errors import InputError, QuorumError
from manyminds.limits.quorum import require
from manyminds.members import Member
from manyminds.nodes.channels import decide
from manyminds.nodes.node import State, Update
from manyminds.reading.answers import Extractor
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, ok, whole_text
from manyminds.votes.agreement import by_agreement
from manyminds.votes.ballots import Ballot, by_score
from manyminds.votes.bests import self_consistent_member
from manyminds.votes.effort import MOST_SECONDS, Effort
from manyminds.votes.unlabelled import AgreementWeights
from manyminds.votes.votes import consensus, majority, weighted
from manyminds.votes.weights import cisc_weights, proportional_weights, reconcile_weights

T = TypeVar("T")
VoteFunction: TypeAlias = Callable[[Sequence[Candidate]], Ballot | int | str]


@runtime_checkable
class HeldVote(Protocol):
    """A vote that does more than compare, such as running programs."""

    @property
    def name(self) -> str:
        """Name on the ballot."""
        ...

    def hold(
        self, candidates: Sequence[Candidate], state: State, run: RunContext
    ) -> Awaitable[Ballot]:
        """Hold the vote."""
        ...


Vote: TypeAlias = str | VoteFunction | HeldVote
COUNTED = (
    *("majority", "auto", "weighted", "agreement", "confidence", "proportional", "reconcile"),
    "self-consistent-member",
)
"""Votes that count equal answers."""
# In points of confidence from 0 to 100: a reply 20 points surer weighs e times as much.
SURE_TEMPERATURE = 20.0
UNREAD = "no answer could be read: the most typical reply was chosen"
LATE = "undecided: the vote outlasted the run's seconds, and the first good reply was chosen"
LATE_LAST = "undecided: the vote outlasted the run's seconds, and the last good reply was chosen"
WORKERS = 2
"""Threads in which votes are held and replies are read: more would hold up the event loop longer,
for they take turns with it."""
_LEAST_SECONDS = 0.25  # a vote after the last second of a run


async def in_worker(ctx: RunContext, work: Callable[[], T]) -> T | None:
    """Do work that only computes in a worker thread; None if the run's seconds end before it.

    The event loop continues meanwhile, so other runs and timeouts are not delayed.

    Args:
        ctx: The run.
        work: Function that compares or reads; its own limits end it.
    """
    timeout = asyncio.timeout(seconds_of(ctx))
    try:
        async with timeout:
            return await in_thread(WORKERS, work)
    except TimeoutError:
        if timeout.expired():
            return None
        raise


def seconds_of(ctx: RunContext) -> float | None:
    """Return the seconds that a vote may take; None where the run has no limit."""
    left = ctx.seconds_left
    return None if math.isinf(left) else max(left, _LEAST_SECONDS)


async def read_answers(
    ctx: RunContext, candidates: Sequence[Candidate], kind: Extractor
) -> list[str | None]:
    """Return the answer in each good, whole reply, read in a worker thread; None: there is none.

    Args:
        ctx: The run.
        candidates: Replies to one question.
        kind: Kind of the answers. Of "final" ones all replies are read together.
    """
    texts = [whole_text(candidate) for candidate in candidates]

    def work() -> list[str | None]:
        if kind.name == "final":
            return read_all(texts, question=ctx.question).answers
        return [None if text is None else kind.extract(text) for text in texts]

    return await in_worker(ctx, work) or [None] * len(texts)


def comparer(kind: Extractor) -> Extractor | None:
    """Return how answers of `read_answers` are compared: those read together, letter by letter."""
    return None if kind.name == "final" else kind


async def hold(
    ctx: RunContext, candidates: Sequence[Candidate], count: Callable[[Effort], Ballot]
) -> tuple[Ballot, list[str]]:
    """Hold a vote in a worker thread and return the ballot and the notes on it.

    Where no answer can be read, the reply most like the others wins. Where the run's seconds end
    before the vote, the first good reply does.

    Args:
        ctx: The run.
        candidates: The candidates of the vote.
        count: Function that holds the vote within an effort.
    """

    def work() -> Ballot:
        ballot = count(Effort(seconds=min(MOST_SECONDS, seconds_of(ctx) or MOST_SECONDS)))
        if ballot["winner"] is not None:
            return ballot
        typical = similar(candidates, "bleu", whole=True)
        return {**typical, "notes": [UNREAD, *ballot.get("notes", []), *typical.get("notes", [])]}

    ballot = await in_worker(ctx, work)
    if ballot is None:
        return first_good(candidates), [LATE]
    notes = ballot.get("notes", [])
    ballot.pop("notes", None)
    return ballot, list(notes)


def _own(found: object, candidates: Sequence[Candidate]) -> Ballot:
    """Return the ballot of a caller's vote, which may also be the winner's index or answer.

    Raises:
        InputError: It is none of these.
    """
    asked = len(candidates)
    if isinstance(found, str):
        fits = (
            n for n, c in enumerate(candidates) if c["text"] and found in (c["answer"], c["text"])
        )
        found = next(fits, found)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < asked:
        scores = [1.0 if index == found else None for index in range(asked)]
        return by_score("own", scores, voters=1, asked=asked)
    keys = Ballot.__required_keys__
    if not isinstance(found, Mapping) or not keys <= cast("Mapping[str, object]", found).keys():
        raise InputError(
            f"the vote returned {repr(found)[:60]}: return the index of the winning candidate, or "
            "a ballot, such as manyminds.votes.ballots.by_score returns"
        )
    return cast("Ballot", found)


def tally(
    candidates: Sequence[Candidate],
    vote: str | VoteFunction,
    extract: Extractor,
    members: Sequence[Member] = (),
    effort: Effort | None = None,
    learned: AgreementWeights | None = None,
) -> Ballot:
    """Hold one vote over the candidates; those that failed abstain."""
    if callable(vote):
        return _own(vote(candidates), candidates)
    answers = [c["answer"] for c in candidates]
    if vote == "auto":
        # Answers can be counted only where most replies state theirs plainly.
        good = sum(c["status"] == "ok" for c in candidates)
        if 2 * sum(a is not None for a in answers) < good:
            return similar(candidates, "bleu", whole=True)
        vote = "majority"
    if vote == "majority":
        return majority(answers, extractor=extract, effort=effort)
    names = [c["member"] for c in candidates]
    if vote == "weighted" and learned is not None:
        return by_agreement(answers, names, learned, extractor=extract, effort=effort)
    if vote == "weighted":
        weight = {member.name: member.weight for member in members}
        each = [weight.get(name, 1.0) for name in names]
        return weighted(answers, each, extractor=extract, effort=effort)
    if vote == "confidence":
        sure = [c.get("confidence") if c["answer"] is not None else None for c in candidates]
        weights = cisc_weights(sure, temperature=SURE_TEMPERATURE)
        return weighted(answers, weights, extractor=extract, vote="confidence", effort=effort)
    if vote in ("proportional", "reconcile"):
        sure = [
            c["confidence"] / 100 if c["answer"] and "confidence" in c else None for c in candidates
        ]
        weigh = reconcile_weights if vote == "reconcile" else proportional_weights
        return weighted(answers, weigh(sure), extractor=extract, vote=vote, effort=effort)
    if vote == "self-consistent-member":
        return self_consistent_member(answers, names, extractor=extract)
    return similar(candidates, vote, whole=False)


async def most_typical(
    ctx: RunContext, candidates: Sequence[Candidate]
) -> tuple[Ballot, list[str]]:
    """Choose the reply most like all others, in a worker thread; return ballot and notes."""
    return await hold(ctx, candidates, lambda _effort: similar(candidates, "bleu", whole=True))


async def most_alike(
    ctx: RunContext, references: Sequence[Candidate]
) -> tuple[Candidate, list[str]]:
    """Return the good candidate most like the others, and notes: the last resort of every role.

    Raises:
        QuorumError: There is none.
    """
    first_of(references)
    ballot, notes = await most_typical(ctx, references)
    return references[ballot["winner"] or 0], notes


def first_of(references: Sequence[Candidate]) -> Candidate:
    """Return the first candidate.

    Raises:
        QuorumError: There is none.
    """
    if not references:
        raise QuorumError("there is no answer to fall back on: keep at least one candidate")
    return references[0]


def similar(candidates: Sequence[Candidate], metric: str, *, whole: bool) -> Ballot:
    """Choose the reply most similar to all others: whole replies, or what was read out of them."""
    return consensus(
        [None if c["status"] != "ok" else c["text"] if whole else c["answer"] for c in candidates],
        metric=metric,
    )


def first_good(candidates: Sequence[Candidate]) -> Ballot:
    """Return the ballot in which the first good candidate wins, without a comparison."""
    good = [nth for nth, c in enumerate(candidates) if c["status"] == "ok"]
    scores = [1.0 if nth == good[0] else None for nth in range(len(candidates))]
    return by_score("first", scores, voters=len(good), asked=len(candidates))


def undecided(ballot: Ballot, good: int) -> list[str]:
    """Return the reason why a vote decides nothing, as a list of at most one note.

    Args:
        ballot: The vote.
        good: Number of good replies, read or not.
    """
    voters = ballot["voters"]
    if ballot["vote"] not in COUNTED or not voters or ballot["scores"]:
        return []
    if 2 * voters < good:
        return [f"undecided: an answer was read in {voters} of {good} replies"]
    weights = [group["weight"] for group in ballot["groups"]]
    if ballot["tie"]:
        return ["undecided: the vote was a tie, and the answer that came first was chosen"]
    if 2 * max(weights) < sum(weights):
        return ["undecided: the winner has less than half of the votes"]
    return []


def late(replies: Sequence[Candidate]) -> Update:
    """End with the latest good reply: the run's seconds ended before the replies were compared.

    Raises:
        QuorumError: There is none.
    """
    require(replies, 1)
    final = next(filter(ok, reversed(replies)))
    stop = decide(True, "the run's seconds ended")
    return {"candidates": [*replies], "final": final, "notes": [LATE_LAST], "decision": stop}
