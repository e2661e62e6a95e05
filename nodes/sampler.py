"""sampler: asks many members, or one many times: at once in a step, or in waves of chunks."""

import math
import random
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from langgraph.types import Send
from typing_extensions import TypedDict

from manyminds.aio import in_thread
from manyminds.calls.ask import ask_all as ask_batches
from manyminds.calls.ask import blank, together
from manyminds.calls.call import OnAnswered
from manyminds.errors import BudgetError
from manyminds.limits.deadline import Deadline, Enough
from manyminds.limits.quorum import Quorum, layer_deadline, require
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.step import Ask, Question, Run, addressed
from manyminds.nodes.tally import WORKERS, in_worker
from manyminds.nodes.voter import Sampling
from manyminds.prompts import Prompt
from manyminds.runs.context import RunContext
from manyminds.runs.scope import run_scope
from manyminds.runs.usage import spent_on
from manyminds.state import Candidate
from manyminds.votes.effort import Effort

T = TypeVar("T")
SAMPLING: Mapping[str, Any] = {"temperature": 1.0}
"""Sampling parameters of a member that is sampled several times."""


async def ask_all(
    ask: Ask,
    asked: Sequence[tuple[Member, Question]],
    *,
    before: Sequence[Candidate] = (),
    params: Mapping[str, Any] = SAMPLING,
    quorum: Quorum = 1,
) -> list[Candidate]:
    """Ask members at once and return their replies in order of asking, good or failed.

    The run's deadline and grace hold, and calls that the budget has no room for are skipped.

    Args:
        ask: The step's `ask`.
        asked: Member and question of each call.
        before: Earlier replies of this role, after which indices and draws are numbered.
        params: Sampling parameters of the role.
        quorum: Good replies after which the others have the run's `grace`.
    """
    drawn = Counter(reply["member"] for reply in before)
    calls: list[Coroutine[Any, Any, Candidate]] = []
    ask.deadline = layer_deadline(ask.run, ask.layer, asked=len(asked), quorum=quorum)
    for index, (member, question) in enumerate(asked, start=len(before)):
        draw = drawn[member.name]
        drawn[member.name] += 1
        calls.append(ask(member, question, index=index, draw=draw, params=params))
    replies = await together(*calls)
    run_scope(ask.run.id).drop_deadline(ask.layer)
    ask.deadline = None
    return replies


def sample(members: Sequence[Member], count: int, *, each: int = 1, quorum: Quorum = 1) -> Run:
    """Return the step that samples members in turn, all at once, and sets `candidates`.

    Where the budget has room for fewer samples, there are fewer, and the report says so.

    Args:
        members: Members to sample.
        count: Number of samples.
        each: Calls in all that follow from one sample, itself included.
        quorum: Good replies needed: a count, or a share such as "75%".
    """

    async def run(_state: State, ask: Ask) -> Update:
        most = max(1, room(ask, count, each=each))
        turns = in_turn(members, most)
        replies = await ask_all(ask, [(member, None) for member in turns], quorum=quorum)
        require(replies, quorum)
        cut = [] if most == count else [f"the budget had room for {most} of {count} answers"]
        return {"candidates": replies, "notes": cut}

    return run


def in_turn(members: Sequence[Member], count: int) -> list[Member]:
    """Return `count` members in turn, from the first on."""
    return [members[place % len(members)] for place in range(count)]


def room(ask: Ask, wanted: int, *, each: int = 1, reserve: int = 0) -> int:
    """Return the number of calls, at most `wanted`, that the budget has room for.

    Args:
        ask: The step's `ask`.
        wanted: Calls that the step would make.
        each: Calls in all that follow from one, itself included.
        reserve: Calls of later steps that the budget must leave room for.
    """
    if ask.run.exhausted() is not None:
        return 0
    left = ask.run.calls_left - reserve
    return wanted if left >= wanted * each else max(0, int(left // each))


# Branches cost about a tenth of a millisecond each and more with their number; a chunk asks its
# samples at once, so wide waves lose nothing by having few branches.
MOST_BRANCHES = 64
SMALLEST_CHUNK = 16


class Chunk(TypedDict):
    """Input of a branch: its samples, and the keys of the state that it reads."""

    run: str
    question: str
    question_id: str
    messages: list[Any]
    layer: int
    first: int
    count: int
    planned: int


def order_of(members: Sequence[Member], seed: int, question_id: str) -> list[Member]:
    """Return the members in the order in which they take turns on this question."""
    order = list(members)
    random.Random(f"{seed}:{question_id}").shuffle(order)
    return order


def wave(config: Sampling) -> Node:
    """Return the node that plans the next wave.

    A wave holds as many samples as the stopping rule needs at the very least before it could stop,
    and no more than the budget allows: none is asked for that one-by-one sampling would not buy.

    Raises:
        BudgetError: While running, if the budget leaves not one sample.
    """

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, config.method, config.context)
        seen = state["candidates"]
        votes = partial(config.votes, seen, state["question"])
        groups = await in_worker(ctx, votes) if seen else []
        wanted = min(config.rule.need(groups or []), config.most - len(seen))
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


def sampler(config: Sampling) -> Node:
    """Return the node that samples (Agent Forest, arXiv 2402.05120)."""
    by_name = {member.name: member for member in config.members}

    async def run(chunk: Chunk) -> Update:
        ctx = RunContext.of(chunk, config.method, config.context)
        asked = _blanks(chunk, config.members, ctx)
        prompts = {name: _messages(chunk, by_name[name], config.prompt) for name in by_name}
        batches = [
            (by_name[name], batch, prompts[name]) for name, batch in _batches(asked, by_name)
        ]
        heard, watch = _listening(config, chunk, ctx)
        await ask_batches(batches, ctx, params=config.params, on_answered=heard, deadline=watch)
        if heard is None:
            await in_thread(WORKERS, partial(_read_in_time, config, asked, ctx))
        begun = [c for c in asked if c["status"] != "skipped" or c["error"] is not None]
        return {"candidates": begun, "spent": spent_on(begun)}

    return Node(run, "sampler")


def _listening(
    config: Sampling, chunk: Chunk, ctx: RunContext
) -> tuple[OnAnswered | None, Deadline | None]:
    """Return the callback for each answer that comes in, and the deadline that cuts the others.

    Answers are read at once only where that may end the wave: it holds up the event loop.
    """
    watch = layer_deadline(
        ctx,
        chunk["layer"],
        asked=chunk["planned"],
        quorum=config.quorum,
        rule=_certain(config, ctx.question),
    )
    if watch is None:
        return None, None

    def heard(batch: Sequence[Candidate]) -> None:
        config.read(batch)
        watch.add(batch)

    return heard, watch


def _read_in_time(config: Sampling, candidates: Sequence[Candidate], ctx: RunContext) -> None:
    """Read answers until the run's seconds are over; those not read abstain.

    A run whose seconds ended with calls in flight still reads what came in.
    """
    until = monotonic() + max(ctx.seconds_left, _LEAST_SECONDS)
    for candidate in candidates:
        if monotonic() > until:
            return
        config.read([candidate])


def _certain(config: Sampling, question: str) -> Enough | None:
    rule = config.until
    if rule is None:
        return None
    due = 1

    def enough(seen: Sequence[Candidate]) -> bool:
        # This runs on the event loop, once an answer: it may not take long. So the answers are read
        # only where as many have come in as the rule needs at the very least.
        nonlocal due
        if len(seen) < due or not _is_quick_to_read(seen):
            return False
        groups = config.votes(seen, question, Effort(seconds=_SECONDS_ON_LOOP))
        due = len(seen) + max(1, rule.need(groups))
        return rule.stop(groups) is not None

    return enough


def _is_quick_to_read(seen: Sequence[Candidate]) -> bool:
    """Return whether replies are short enough to be read on the event loop."""
    lengths = [len(candidate["text"]) for candidate in seen]
    return max(lengths, default=0) <= _LONGEST_ON_LOOP and sum(lengths) <= _MOST_ON_LOOP


_SECONDS_ON_LOOP = 0.2
_LONGEST_ON_LOOP, _MOST_ON_LOOP = 10_000, 120_000  # characters of a reply, and of all
_LEAST_SECONDS = 1.0


def _blanks(chunk: Chunk, members: Sequence[Member], ctx: RunContext) -> list[Candidate]:
    order = order_of(members, ctx.seed, chunk["question_id"])
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
