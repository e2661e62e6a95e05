"""sampler: plans waves of samples, and asks a chunk of a wave at once."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from langgraph.types import Send
from typing_extensions import TypedDict

from manyminds.aio import in_thread
from manyminds.calls.ask import ask_all, blank
from manyminds.calls.call import OnAnswered
from manyminds.errors import BudgetError
from manyminds.limits.deadline import Deadline, Enough
from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.nodes.tally import WORKERS, in_worker
from manyminds.prompts import Prompt
from manyminds.reading.answers import Extractor
from manyminds.reading.roles import read_confidence
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate, Failure
from manyminds.votes.effort import Effort
from manyminds.votes.flags import RedFlags
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import labels

# Branches cost about a tenth of a millisecond each and more with their number; a chunk asks its
# samples at once, so wide waves lose nothing by having few branches.
MOST_BRANCHES = 64
SMALLEST_CHUNK = 16


class Chunk(TypedDict):
    """What a branch is sent: which samples, and what it needs to know of the run."""

    run: str
    question: str
    question_id: str
    messages: list[Any]
    layer: int
    first: int
    count: int
    planned: int


def in_turn(members: Sequence[Member], seed: int, question_id: str) -> list[Member]:
    """Return the members in the order in which they take turns on this question."""
    order = list(members)
    random.Random(f"{seed}:{question_id}").shuffle(order)
    return order


@dataclass(frozen=True)
class Sampling:
    """How a forest samples, shared by its nodes.

    Attributes:
        members: who is sampled, in turn.
        method: name of the method.
        prompt: how to ask; None asks the bare conversation.
        extract: how to read the answer that is voted on.
        flags: which replies are thrown away.
        rule: when to stop.
        most: how many samples are drawn at most, those in place of flagged ones included.
        until: cut the calls in flight as soon as this rule would stop.
        quorum: good answers needed: a count, or a share such as "75%".
        params: sampling defaults of the role.
        context: the builder's settings.
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


def wave(how: Sampling) -> Node:
    """Return the node that plans the next wave.

    A wave holds as many samples as the stopping rule needs at the very least before it could stop,
    and no more than the budget allows: none is asked for that one-by-one sampling would not buy.

    Raises:
        BudgetError: while running, if the budget leaves not one sample.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, how.method, how.context)
        seen = state["candidates"]
        groups = await in_worker(ctx, lambda: how.votes(seen)) if seen else []
        wanted = min(how.rule.need(groups or []), how.most - len(seen))
        planned = int(min(wanted, ctx.calls_left))
        if planned < 1:
            reason = ctx.exhausted() or "the budget is spent"
            raise BudgetError(f"{reason} before the first sample")
        ctx.emit("planned", calls=planned)
        ctx.emit("layer", layer=state["layer"] + 1)
        return {"layer": state["layer"] + 1, "asked": len(seen), "planned": planned}

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


def sampler(how: Sampling) -> Node:
    """Return the node that samples (Agent Forest, arXiv 2402.05120)."""
    by_name = {member.name: member for member in how.members}

    async def run(chunk: Chunk) -> Update:
        ctx = RunContext.of(chunk, how.method, how.context)
        asked = _blanks(chunk, how.members, ctx)
        prompts = {name: _messages(chunk, by_name[name], how.prompt) for name in by_name}
        batches = [
            (by_name[name], batch, prompts[name]) for name, batch in _batches(asked, by_name)
        ]
        heard, watch = _listening(how, chunk, ctx)
        await ask_all(batches, ctx, params=how.params, on_answered=heard, deadline=watch)
        if heard is None:
            await in_thread(WORKERS, partial(_read_in_time, how, asked, ctx))
        begun = [c for c in asked if c["status"] != "skipped" or c["error"] is not None]
        return {"candidates": begun, "spent": spent_on(begun)}

    return Node(run, "sampler")


def _listening(
    how: Sampling, chunk: Chunk, ctx: RunContext
) -> tuple[OnAnswered | None, Deadline | None]:
    """Return what to do with each answer that comes in, and the clock that cuts the others.

    Answers are read at once only where that may end the wave: it holds up the event loop.
    """
    watch = layer_deadline(
        ctx, chunk["layer"], asked=chunk["planned"], quorum=how.quorum, rule=_certain(how)
    )
    if watch is None:
        return None, None

    def heard(batch: Sequence[Candidate]) -> None:
        how.read(batch)
        watch.add(batch)

    return heard, watch


def _read_in_time(how: Sampling, candidates: Sequence[Candidate], ctx: RunContext) -> None:
    """Read answers until the run's seconds are over; those not read abstain.

    A run whose seconds ended with calls in flight still reads what came in.
    """
    until = monotonic() + max(ctx.seconds_left, _LEAST_SECONDS)
    for candidate in candidates:
        if monotonic() > until:
            return
        how.read([candidate])


def _certain(how: Sampling) -> Enough | None:
    rule = how.until
    if rule is None:
        return None
    # This runs on the event loop, once an answer: it may not take long.
    return lambda seen: rule.stop(how.votes(seen, Effort(seconds=_SECONDS_ON_LOOP))) is not None


_SECONDS_ON_LOOP = 0.2
_LEAST_SECONDS = 1.0


def _blanks(chunk: Chunk, members: Sequence[Member], ctx: RunContext) -> list[Candidate]:
    order = in_turn(members, ctx.seed, chunk["question_id"])
    blanks: list[Candidate] = []
    for index in range(chunk["first"], chunk["first"] + chunk["count"]):
        draw, place = divmod(index, len(order))
        member, layer = order[place], chunk["layer"]
        blanks.append(blank(member, ctx, role="sampler", index=index, draw=draw, layer=layer))
    return blanks


def _batches(
    asked: Sequence[Candidate], by_name: Mapping[str, Member]
) -> list[tuple[str, list[Candidate]]]:
    waiting: dict[str, list[Candidate]] = {}
    for candidate in asked:
        waiting.setdefault(candidate["member"], []).append(candidate)
    return [
        (name, listed[start : start + size])
        for name, listed in waiting.items()
        for size in (by_name[name].samples_per_request,)
        for start in range(0, len(listed), size)
    ]


def _messages(chunk: Chunk, member: Member, prompt: Prompt | None) -> list[Any]:
    messages = addressed(chunk["messages"], member)
    return messages if prompt is None else prompt.render(messages)
