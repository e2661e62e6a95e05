"""voter: how samples are read, counted as votes so far, and voted on in the end."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from manyminds.limits.quorum import Quorum
from manyminds.members import Member
from manyminds.nodes.channels import decide
from manyminds.nodes.layer import require
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.tally import (
    COUNTED,
    UNREAD,
    HeldVote,
    Vote,
    hold,
    in_worker,
    tally,
    undecided,
)
from manyminds.prompts import Prompt
from manyminds.reading.answers import Extractor
from manyminds.reading.locate import Found
from manyminds.reading.roles import read_confidence
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.settings import Context
from manyminds.state import Candidate, Failure
from manyminds.votes.ballots import Ballot
from manyminds.votes.effort import Effort
from manyminds.votes.flags import RedFlags
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import labels


@dataclass(frozen=True)
class Sampling:
    """How a forest samples, shared by its nodes.

    Attributes:
        members: Members to sample, in turn.
        method: Name of the method.
        prompt: Prompt of a sample. None: the bare conversation.
        extract: Reader of the answer that is voted on.
        flags: Replies that are thrown away. None: none.
        rule: Rule that ends the sampling.
        most: Number of samples at most, those in place of flagged ones included.
        until: Rule that cuts the calls in flight. None: they are awaited.
        quorum: Good answers needed: a count, or a share such as "75%".
        params: Sampling defaults of the role.
        context: The builder's settings.
    """

    members: Sequence[Member]
    method: str
    prompt: Prompt | None
    extract: Extractor
    flags: RedFlags | None
    rule: StoppingRule
    most: int
    until: StoppingRule | None
    quorum: Quorum
    params: Mapping[str, Any]
    context: Context

    @property
    def draws(self) -> int:
        """Samples of one member, at most."""
        return math.ceil(self.most / len(self.members))

    def votes(
        self, candidates: Sequence[Candidate], effort: Effort | None = None
    ) -> list[int | None]:
        """Return the answer group of each candidate that counts: flagged ones do not."""
        counted = [c for c in candidates if c["status"] not in ("flagged", "skipped")]
        if not self.reads_together:
            return labels([c["answer"] for c in counted], self.extract, effort)
        reading = read_all([c["text"] if c["status"] == "ok" else None for c in counted])
        return labels(reading.answers, reading.extractor, effort)

    @property
    def reads_together(self) -> bool:
        """Whether the replies to a question are read together, as no kind of answer was given."""
        return self.extract.name == "final"

    def read(self, candidates: Sequence[Candidate]) -> None:
        """Read answers and confidences, and flag what is not worth a vote."""
        for candidate in candidates:
            if candidate["status"] != "ok":
                continue
            if candidate.get("truncated"):  # what it says last need not be its answer
                candidate["status"], candidate["answer"] = "flagged", None
                candidate["error"] = Failure(
                    kind="truncated",
                    message="the token limit cut the answer",
                    retriable=False,
                    maybe_billed=True,
                )
                continue
            place = self.extract.located(candidate["text"])
            candidate["answer"] = None if place is None else place.answer
            if place is not None:
                candidate["where"] = place.where
            sure = read_confidence(candidate["text"])
            if sure is not None:
                candidate["confidence"] = sure
            reason = self.flags and self.flags.reason(candidate["text"], candidate["answer"])
            if reason:
                candidate["status"], candidate["answer"] = "flagged", None
                candidate["error"] = Failure(
                    kind="malformed", message=reason, retriable=True, maybe_billed=False
                )


class Sampled(TypedDict):
    """How the sampling went: samples asked, flagged and cut, rounds, samples saved."""

    asked: int
    flagged: int
    cut: int
    rounds: int
    saved: int
    rule: str


def voter(how: Sampling, *, vote: Vote | None, planned: int) -> Node:
    """Return the node that votes after each wave.

    Args:
        how: The sampling.
        vote: "majority", "auto", "weighted", "confidence", a similarity ("bleu", ...) or a function
            from the candidates to a ballot, or a `HeldVote`. None: a later node holds the vote.
        planned: Samples that would be asked without a stopping rule.

    Raises:
        QuorumError: While running, if too few answered.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, how.method, how.context)
        candidates: list[Candidate] = state["candidates"]
        run_scope(state["run"]).drop_deadline(state["layer"])
        groups = await in_worker(ctx, lambda: how.votes(candidates)) or []
        reason, spent = how.rule.stop(groups), None
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
        update = {} if vote is None else await _final(candidates, vote, how, state, ctx)
        return {
            **update,
            "notes": [*notes, *update.get("notes", [])],
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
) -> Update:
    read: list[Candidate] = list(candidates)

    def count(effort: Effort) -> Ballot:
        assert not isinstance(vote, HeldVote)
        extract = how.extract
        if how.reads_together and vote in COUNTED:
            read[:], extract = _read_together(candidates, state["question"])
        return tally(read, vote, extract, how.members, effort)

    if isinstance(vote, HeldVote):
        ballot = await vote.hold(candidates, state, ctx)
        notes = ballot.get("notes", [])
        if ballot["winner"] is None:
            ballot, notes = await hold(ctx, candidates, lambda _effort: ballot)
    else:
        ballot, notes = await hold(ctx, candidates, count)
    if vote == "auto" and ballot["vote"] == "bleu" and UNREAD not in notes:
        notes.append("undecided: most replies could not be read, and likeness of wording chose")
    notes += undecided(ballot, sum(c["status"] == "ok" for c in candidates))
    changed = [new for old, new in zip(candidates, read, strict=True) if new is not old]
    winner = read[ballot["winner"] or 0]
    return {"candidates": changed, "ballot": ballot, "final": winner, "notes": notes}


def _read_together(
    candidates: Sequence[Candidate], question: str
) -> tuple[list[Candidate], Extractor]:
    """Read all replies together; return the candidates with these answers, and the kind."""
    texts = [c["text"] if c["status"] == "ok" else None for c in candidates]
    reading = read_all(texts, question=question)
    read: list[Candidate] = [
        one if one["answer"] == answer else _with_answer(one, answer, found)
        for one, answer, found in zip(candidates, reading.answers, reading.found, strict=True)
    ]
    return read, reading.extractor


def _with_answer(candidate: Candidate, answer: str | None, found: Found | None) -> Candidate:
    changed: Candidate = {**candidate, "answer": answer}
    if found is not None:
        changed["where"] = found.where
    return changed


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
