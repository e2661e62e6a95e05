"""The one way in which nodes call members: prompts in, candidates out.

Deadlines, limits, budgets, retries, usage, cost, tags and metadata are handled here and below
(`call`, `request`), nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from langchain_core.messages import BaseMessage

from manyminds.calls.call import Call, OnAnswered
from manyminds.calls.hedging import Hedged
from manyminds.limits.deadline import Deadline
from manyminds.members import Member
from manyminds.runs.context import RunContext
from manyminds.state import NO_TOKENS, Candidate

T = TypeVar("T")


def blank(
    member: Member, ctx: RunContext, *, role: str, index: int, draw: int, layer: int
) -> Candidate:
    """Return the candidate of a call that has not been made yet."""
    return {
        "run": ctx.id,
        "member": member.name,
        "role": role,
        "index": index,
        "draw": draw,
        "layer": layer,
        "status": "skipped",
        "text": "",
        "answer": None,
        "error": None,
        "usage": NO_TOKENS,
        "cost": None,
        "seconds": 0.0,
        "attempts": 0,
        "message_id": None,
    }


async def ask(
    member: Member,
    prompt: list[BaseMessage],
    ctx: RunContext,
    *,
    role: str,
    index: int = 0,
    draw: int = 0,
    layer: int = 0,
    params: Mapping[str, Any] | None = None,
    stream: bool = False,
    deadline: Deadline | None = None,
) -> Candidate:
    """Call a member once and return its candidate, answered or failed.

    Args:
        member: the member to call.
        prompt: the messages.
        ctx: the run of the calling node.
        role: the member's role; the report adds up by it.
        index: order of the call within the layer or run.
        draw: earlier calls of this member with this question in this run.
        layer: layer, round or wave, from 1.
        params: defaults of the role for sampling; the member's own and the run's come first.
        stream: pass the tokens on to a caller that streams; only for a method's last role.
        deadline: ends the call when it is reached; the candidate is added to it.

    Returns:
        A candidate with status ok, failed, timeout, cut or skipped (the budget had no room).
    """
    candidate = blank(member, ctx, role=role, index=index, draw=draw, layer=layer)
    if deadline is None:
        # An answer that is streamed to the caller cannot come from two calls.
        kind = Call if stream else _kind(ctx)
        await kind([candidate], member, prompt, ctx, params or {}, stream).run()
    else:
        call = _kind(ctx)(
            [candidate],
            member,
            prompt,
            ctx,
            params or {},
            on_answered=deadline.add,
            deadline=deadline,
        )
        await _until(deadline, call.run())
    return candidate


Batch: TypeAlias = tuple[Member, Sequence[Candidate], list[BaseMessage]]


async def ask_all(
    batches: Iterable[Batch],
    ctx: RunContext,
    *,
    params: Mapping[str, Any] | None = None,
    on_answered: OnAnswered | None = None,
    deadline: Deadline | None = None,
) -> None:
    """Make many calls at once and fill in their blank candidates.

    Each batch is one request for as many samples as it has candidates (more than one only for
    endpoints that honour `n`; samples that do not come are failures). A call starts when its
    endpoint has a slot for it.

    Args:
        batches: member, candidates to fill in, and prompt of each request.
        ctx: the run of the calling node.
        params: defaults of the role for sampling.
        on_answered: called with the candidates of each batch as it ends, answered or failed.
        deadline: ends calls in flight when it is reached; the rest do not start.
    """
    kind = _kind(ctx)
    calls = [
        kind(
            candidates,
            member,
            prompt,
            ctx,
            params or {},
            on_answered=on_answered,
            deadline=deadline,
        )
        for member, candidates, prompt in batches
    ]
    everything = together(*(call.run() for call in calls))
    if deadline is None:
        await everything
    else:
        await _until(deadline, everything)


def _kind(ctx: RunContext) -> type[Call]:
    return Call if ctx.settings.hedge is None else Hedged


async def _until(deadline: Deadline, everything: Awaitable[object]) -> None:
    """Wait for all calls, or until the deadline; then cut them and wait for their end."""
    timeout = asyncio.timeout(None)
    try:
        async with timeout:
            deadline.attach(timeout)
            await everything
    except TimeoutError:
        if not timeout.expired():
            raise
    finally:
        deadline.detach(timeout)


async def together(*work: Coroutine[Any, Any, T]) -> list[T]:
    """Run coroutines at once and return their results in order.

    If one raises, or the caller is cancelled, the others are cancelled and their end is awaited.
    """
    if len(work) == 1:
        return [await work[0]]
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        await end(tasks)
        raise


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; one that is ending already is not disturbed."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
