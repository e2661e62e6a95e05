"""sampler: one branch of a wave; asks a chunk of samples at once."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from manyminds.calls.ask import ask_all, blank
from manyminds.calls.call import OnAnswered
from manyminds.limits.deadline import Deadline, Enough
from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.nodes.node import Node, Update
from manyminds.nodes.persona import addressed
from manyminds.prompts import Prompt
from manyminds.reading.answers import Extractor
from manyminds.reading.roles import read_confidence
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate, Failure
from manyminds.votes.flags import RedFlags
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import labels


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

    def votes(self, candidates: Sequence[Candidate]) -> list[int | None]:
        """Return the answer group of each candidate that counts: flagged ones do not."""
        counted = [c for c in candidates if c["status"] not in ("flagged", "skipped")]
        if not self.reads_together:
            return labels([c["answer"] for c in counted], self.extract)
        reading = read_all([c["text"] if c["status"] == "ok" else None for c in counted])
        return labels(reading.answers, reading.extractor)

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
            candidate["answer"] = self.extract.extract(candidate["text"])
            sure = read_confidence(candidate["text"])
            if sure is not None:
                candidate["confidence"] = sure
            reason = self.flags and self.flags.reason(candidate["text"], candidate["answer"])
            if reason:
                candidate["status"], candidate["answer"] = "flagged", None
                candidate["error"] = Failure(
                    kind="malformed", message=reason, retriable=True, maybe_billed=False
                )


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
        begun = [c for c in asked if c["status"] != "skipped" or c["error"] is not None]
        return {"candidates": begun, "spent": spent_on(begun)}

    return Node(run, "sampler")


def _listening(how: Sampling, chunk: Chunk, ctx: RunContext) -> tuple[OnAnswered, Deadline | None]:
    """Return what to do with each answer that comes in, and the clock that cuts the others."""
    watch = layer_deadline(
        ctx, chunk["layer"], asked=chunk["planned"], quorum=how.quorum, rule=_certain(how)
    )
    if watch is None:
        return how.read, None

    def heard(batch: Sequence[Candidate]) -> None:
        how.read(batch)
        watch.add(batch)

    return heard, watch


def _certain(how: Sampling) -> Enough | None:
    rule = how.until
    return None if rule is None else lambda seen: rule.stop(how.votes(seen)) is not None


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
