"""The one way in which every node asks members: prompts in, candidates out.

Deadlines, places, budgets, retries, usage, cost, tags and metadata are looked after here and below
(`inquiry`, `exchange`, `call`), nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage

from manyminds.calls.call import Call, OnAnswered
from manyminds.calls.hedging import Hedged
from manyminds.calls.response import NOTHING
from manyminds.limits.deadline import Deadline
from manyminds.members import Member
from manyminds.runs.context import RunContext
from manyminds.state import Candidate


def blank(
    member: Member, run: RunContext, *, role: str, index: int, draw: int, layer: int
) -> Candidate:
    """Return a candidate that has not been asked yet."""
    return Candidate(
        run=run.id,
        member=member.name,
        role=role,
        index=index,
        draw=draw,
        layer=layer,
        status="skipped",
        text="",
        answer=None,
        error=None,
        usage=NOTHING,
        cost=None,
        seconds=0.0,
        attempts=0,
        message_id=None,
    )


async def ask(
    member: Member,
    prompt: list[BaseMessage],
    run: RunContext,
    *,
    role: str,
    index: int = 0,
    draw: int = 0,
    layer: int = 0,
    params: Mapping[str, Any] | None = None,
    stream: bool = False,
    clock: Deadline | None = None,
) -> Candidate:
    """Ask a member once and return its answer, good or failed.

    Args:
        member: who is asked.
        prompt: the messages.
        run: the run that the calling node serves.
        role: in which role; the report adds up by it.
        index: order of asking within the layer or run.
        draw: how often this member was asked this question before in this run.
        layer: layer, round or wave, from 1.
        params: defaults of the role for sampling; the member's own and the run's come first.
        stream: let the tokens through to a caller who streams: only for a method's last role.
        clock: when it rings, the call is cut; it is told of the answer.

    Returns:
        A candidate with status ok, failed, timeout, cut or skipped (the budget had no room).
    """
    candidate = blank(member, run, role=role, index=index, draw=draw, layer=layer)
    if clock is not None:
        await ask_all(
            [(member, [candidate], prompt)], run, params=params, heard=clock.tell, clock=clock
        )
    else:
        # What the caller hears word by word cannot be asked twice at once.
        kind = Call if stream else _kind(run)
        await kind([candidate], member, prompt, run, params or {}, stream).done()
    return candidate


Batch: TypeAlias = tuple[Member, Sequence[Candidate], list[BaseMessage]]


async def ask_all(
    batches: Iterable[Batch],
    run: RunContext,
    *,
    params: Mapping[str, Any] | None = None,
    heard: OnAnswered | None = None,
    clock: Deadline | None = None,
) -> None:
    """Ask many at once and fill in their blank candidates.

    Each batch is one request for as many samples as it has candidates (more than one only for
    endpoints that honour `n`; fewer samples than asked for are failures). A call is begun when its
    endpoint has a place for it.

    Args:
        batches: who is asked, the candidates to fill in, and the prompt.
        run: the run that the calling node serves.
        params: defaults of the role for sampling.
        heard: called with the candidates of each batch as it ends, good or failed.
        clock: when it rings, calls in flight are cut and the rest are not begun. `heard` tells it.
    """
    kind = _kind(run)
    inquiries = [
        kind(candidates, member, prompt, run, params or {}, heard=heard, clock=clock)
        for member, candidates, prompt in batches
    ]
    everyone = together(*(inquiry.done() for inquiry in inquiries))
    if clock is None:
        await everyone
    else:
        await _until(clock, everyone)


def _kind(run: RunContext) -> type[Call]:
    return Call if run.settings.hedge is None else Hedged


async def _until(clock: Deadline, everyone: Awaitable[None]) -> None:
    """Wait for everyone, or until the clock rings; then cut them and wait for their end."""
    limit = asyncio.timeout(None)
    try:
        async with limit:
            clock.cuts(limit)
            await everyone
    except TimeoutError:
        if not limit.expired():
            raise
    finally:
        clock.leaves(limit)


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Wait for all; if one raises or we are cancelled, cancel the others and wait for their end."""
    if len(work) == 1:
        await work[0]
        return
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        await end(tasks)
        raise


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; what is ending already is left to it."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
