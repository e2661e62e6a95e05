"""voter: how samples are read, counted as votes so far, and voted on; the vote of a debate."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from typing_extensions import TypedDict

from manyminds.limits.quorum import Quorum, require
from manyminds.members import Member
from manyminds.nodes.channels import decide, usable
from manyminds.nodes.debater import Debating
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import (
    COUNTED,
    UNREAD,
    HeldVote,
    Vote,
    VoteFunction,
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
from manyminds.votes.unlabelled import AgreementWeights
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
        learned: Weights of a weighted vote that earlier questions taught. None: the members' own.
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
    learned: AgreementWeights | None = None

    @property
    def draws(self) -> int:
        """Samples of one member, at most."""
        return math.ceil(self.most / len(self.members))

    def votes(
        self, candidates: Sequence[Candidate], question: str = "", effort: Effort | None = None
    ) -> list[int | None]:
        """Return the answer group of each candidate that counts: flagged ones do not."""
        return _groups(*self.read_together(candidates, question), effort)

    def read_together(
        self, candidates: Sequence[Candidate], question: str
    ) -> tuple[list[Candidate], Extractor]:
        """Read all replies together where no kind of answer was given.

        Returns:
            The candidates with these answers, and the kind of the answers.
        """
        if self.extract.name != "final":
            return list(candidates), self.extract
        texts = [c["text"] if c["status"] == "ok" else None for c in candidates]
        reading = read_all(texts, question=question)
        read: list[Candidate] = [
            one if one["answer"] == answer else _with_answer(one, answer, found)
            for one, answer, found in zip(candidates, reading.answers, reading.found, strict=True)
        ]
        return read, reading.extractor

    def read(self, candidates: Sequence[Candidate]) -> None:
        """Read answers and confidences, and flag replies that get no vote."""
        for candidate in candidates:
            if candidate["status"] != "ok":
                continue
            if candidate.get("truncated"):  # its last words need not be its answer
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


def voter(config: Sampling, *, vote: Vote | None, planned: int) -> Node:
    """Return the node that votes after each wave.

    Args:
        config: The sampling.
        vote: "majority", "auto", "weighted", "confidence", a similarity ("bleu", ...) or a function
            from the candidates to a ballot, or a `HeldVote`. None: a later node holds the vote.
        planned: Samples that would be asked without a stopping rule.

    Raises:
        QuorumError: While running, if too few answered.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, config.method, config.context)
        candidates: list[Candidate] = state["candidates"]
        run_scope(state["run"]).drop_deadline(state["layer"])
        together = partial(config.read_together, candidates, state["question"])
        reading = await in_worker(ctx, together) or (list(candidates), config.extract)
        groups = await in_worker(ctx, lambda: _groups(*reading)) or []
        reason, spent = config.rule.stop(groups), None
        if reason is None:
            unasked = any(c["status"] == "skipped" for c in candidates)
            if unasked or len(candidates) < config.most:
                spent = ctx.exhausted()
            if spent is None and len(candidates) >= config.most:
                reason = f"cap: {len(candidates)} drawn"
        stop = reason or spent
        ctx.emit("voted", counts=_counts(groups), asked=len(candidates), stop=stop)
        if stop is None:
            return {"decision": decide(False, "")}
        require(candidates, config.quorum)
        sampled = _sampled(candidates, state["layer"], planned, config)
        notes = [] if spent is None else [f"{spent} after {sampled['asked']} samples"]
        update = {} if vote is None else await _final(reading, vote, config, state, ctx)
        return {
            **update,
            "notes": [*notes, *update.get("notes", [])],
            "sampled": sampled,
            "decision": decide(True, stop),
        }

    return Node(run, "voter")


async def _final(
    reading: tuple[list[Candidate], Extractor],
    vote: Vote,
    config: Sampling,
    state: State,
    ctx: RunContext,
) -> Update:
    candidates: list[Candidate] = state["candidates"]
    read, extract = reading if vote in COUNTED else (candidates, config.extract)

    def count(effort: Effort) -> Ballot:
        assert not isinstance(vote, HeldVote)
        return tally(read, vote, extract, config.members, effort, config.learned)

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


def debate_vote(config: Debating, vote: str | VoteFunction, *, judged: bool) -> Run:
    """Return the step that votes on the last round, each debater's last answer counting once.

    The winner is passed on verbatim, without the line on its confidence.
    """

    async def run(state: State, ask: Ask) -> Update:
        candidates: list[Candidate] = state["candidates"]
        read: list[Candidate] = list(candidates)

        def count(effort: Effort) -> Ballot:
            read[:], extract = config.read_together(candidates, state["question"])
            return tally(read, vote, extract, config.debaters, effort)

        ballot, notes = await hold(ask.run, candidates, count)
        if not judged:
            notes += undecided(ballot, len(usable(state)))
        counts = [len(group["indices"]) for group in ballot["groups"]]
        reason = state["decision"]["reason"]
        ask.run.emit("voted", counts=counts, asked=len(candidates), stop=reason)
        winner = config.passed_on(read[ballot["winner"] or 0])
        return {"candidates": read, "ballot": ballot, "final": winner, "notes": notes}

    return run


def _groups(
    read: Sequence[Candidate], extract: Extractor, effort: Effort | None = None
) -> list[int | None]:
    counted = [c["answer"] for c in read if c["status"] not in ("flagged", "skipped")]
    return labels(counted, extract, effort)


def _with_answer(candidate: Candidate, answer: str | None, found: Found | None) -> Candidate:
    changed: Candidate = {**candidate, "answer": answer}
    if found is not None:
        changed["where"] = found.where
    return changed


def _sampled(
    candidates: Sequence[Candidate], rounds: int, planned: int, config: Sampling
) -> Sampled:
    states = [c["status"] for c in candidates if c["status"] != "skipped"]
    return Sampled(
        asked=len(states),
        flagged=states.count("flagged"),
        cut=states.count("cut"),
        rounds=rounds,
        saved=max(0, planned - len(states)),
        rule=(config.until or config.rule).name,
    )


def _counts(groups: Sequence[int | None]) -> list[int]:
    counted = Counter(group for group in groups if group is not None)
    return [count for _, count in counted.most_common()]
