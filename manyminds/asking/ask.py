"""The one way in which every node asks a member: prompt in, candidate out.

Deadline, places, budget, retries, usage and cost, tags and metadata: all here. An error becomes a
failed candidate, so that no branch of a graph is cancelled by another's failure.
"""

import asyncio
import math
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.constants import TAG_NOSTREAM
from langgraph.errors import GraphBubbleUp
from tenacity import RetryCallState, wait_random_exponential

from manyminds.asking.call import FirstToken, Meter, request, request_samples
from manyminds.asking.failures import failure, retry_after
from manyminds.asking.limits import places
from manyminds.asking.reply import NOTHING, Reply, read
from manyminds.asking.run import Run
from manyminds.errors import AnswerError
from manyminds.members import Member
from manyminds.state import Candidate, Failure, Usage


def blank(member: Member, run: Run, *, role: str, index: int, draw: int, layer: int) -> Candidate:
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
    run: Run,
    *,
    role: str,
    index: int = 0,
    draw: int = 0,
    layer: int = 0,
    params: Mapping[str, Any] | None = None,
    stream: bool = False,
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

    Returns:
        A candidate with status ok, failed, timeout or skipped (the budget had no room).
    """
    candidate = blank(member, run, role=role, index=index, draw=draw, layer=layer)
    await _Asking([candidate], member, prompt, run, params or {}, stream).done()
    return candidate


async def ask_all(
    batches: Iterable[tuple[Member, Sequence[Candidate], list[BaseMessage]]],
    run: Run,
    *,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Ask many at once and fill in their blank candidates.

    Each batch is one request for as many samples as it has candidates (more than one only for
    endpoints that honour `n`; fewer samples than asked for are failures). A call is begun when its
    endpoint has a place for it, so what waits costs no task.
    """
    waiting: dict[object, list[_Asking]] = {}
    for member, candidates, prompt in batches:
        asking = _Asking(candidates, member, prompt, run, params or {}, stream=False)
        waiting.setdefault(asking.line, []).append(asking)
    await together(*(_in_line(line) for line in waiting.values()))


async def _in_line(line: Sequence["_Asking"]) -> None:
    places = line[0].places()
    if places is None:
        await together(*(asking.done() for asking in line))
        return
    begun: list[asyncio.Task[None]] = []
    try:
        for asking in line:
            await places.acquire()
            task = asyncio.create_task(asking.placed())
            task.add_done_callback(lambda _: places.release())
            begun.append(task)
    finally:
        await together(*begun)


async def together(*work: Awaitable[None]) -> None:
    """Wait for all; if one raises or we are cancelled, cancel the others and wait for their end."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


class _Asking:
    """One request and its further attempts; `candidates` are filled in place."""

    __slots__ = ("audible", "candidates", "member", "params", "prompt", "run", "watch")

    def __init__(
        self,
        candidates: Sequence[Candidate],
        member: Member,
        prompt: list[BaseMessage],
        run: Run,
        params: Mapping[str, Any],
        stream: bool,
    ) -> None:
        self.candidates = candidates
        self.member, self.prompt, self.run = member, prompt, run
        own = run.settings.params or {}
        self.params = {**params, **member.params, **own} if own or member.params else params
        # Only the outermost method's last role is heard; a nested one stays silent.
        self.audible = stream and not run.nested
        self.watch: FirstToken | Meter | None = None

    @property
    def line(self) -> object:
        """Who waits for the same places."""
        return self.member.endpoint, self.member.concurrency

    def places(self) -> asyncio.Semaphore | None:
        """The places this call needs one of; a method needs none, for the calls it makes do."""
        if self.member.form.kind == "method":
            return None
        return places(self.member.endpoint, self.member.concurrency or self.run.concurrency)

    async def done(self) -> None:
        """Wait for a place, ask, and give it back."""
        places = self.places()
        if places is None:
            await self.placed()
        else:
            async with places:
                await self.placed()

    async def placed(self) -> None:
        """Reserve, ask within the run's time, and say how it went."""
        member, run, first = self.member, self.run, self.candidates[0]
        no_room = run.reserve(0 if member.form.kind == "method" else len(self.candidates))
        if no_room is not None:
            for candidate in self.candidates:
                candidate["error"] = Failure(
                    kind="budget", message=no_room, retriable=False, maybe_billed=False
                )
            return
        run.emit("asked", member=member.name, role=first["role"], index=first["index"])
        began = perf_counter()
        if run.seconds_left == math.inf:
            await self._attempts()
        else:
            try:
                async with asyncio.timeout(run.seconds_left):
                    await self._attempts()
            except TimeoutError:
                self._fail(AnswerError("the run's time was over before the answer", kind="timeout"))
        for candidate in self.candidates:
            candidate["seconds"] = perf_counter() - began
            self._announce(candidate)

    async def _attempts(self) -> None:
        """Ask until there is an answer, a failure that stays, or no attempt or time left."""
        retries = self.member.retries or 0
        try:
            async with asyncio.timeout(self.member.seconds) as limit:
                for attempt in range(1 + retries):
                    error = await self._attempt()
                    if error is None or attempt == retries or not failure(error)["retriable"]:
                        return
                    await asyncio.sleep(_pause(error, attempt))
        except TimeoutError:
            if not limit.expired():
                raise
            earlier = self.candidates[0]["error"]
            message = f"no answer within {self.member.seconds:g} s"
            message += "" if earlier is None else f"; before that: {earlier['message']}"
            self._fail(AnswerError(message, kind="timeout", retriable=True))

    async def _attempt(self) -> Exception | None:
        """Send one request; return the error where it gave nothing usable."""
        candidates, member, run = self.candidates, self.member, self.run
        candidates[0]["attempts"] += 1
        config, count = self._config(candidates[0]), len(candidates)
        self.watch = self._watcher()
        outputs: Sequence[object]
        try:
            if count == 1:
                outputs = [
                    await request(
                        member, self.prompt, run, config, self.params, self.audible, self.watch
                    )
                ]
            else:
                model = member.asked_as(stream=False)
                outputs = await request_samples(model, self.prompt, count, config, self.params)
        except GraphBubbleUp:
            raise  # an interrupt inside a member belongs to the host
        except Exception as error:  # whatever a model raises is its failure, not the run's
            self._fail(error)
            if isinstance(self.watch, FirstToken) and self.watch.message_id is not None:
                run.emit("dropped", member=member.name, message_id=self.watch.message_id)
            return error
        return self._fill(outputs)

    def _watcher(self) -> FirstToken | Meter | None:
        if self.member.form.kind in ("chat", "method"):
            return FirstToken() if self.audible else None
        return Meter()

    def _config(self, first: Candidate) -> RunnableConfig:
        tags = [first["role"], self.member.name]
        return RunnableConfig(
            tags=tags if self.audible else [*tags, TAG_NOSTREAM],
            metadata={
                "run": self.run.id,
                "member": self.member.name,
                "role": first["role"],
                "index": first["index"],
                "draw": self.member.recorded_draw(self.run.base + first["draw"]),
                "layer": first["layer"],
                "attempt": first["attempts"],
                "question_id": self.run.question_id,
            },
        )

    def _fill(self, outputs: Sequence[object]) -> Exception | None:
        """Read the outputs into the candidates; return the error if the only one is unusable."""
        expected = len(self.candidates)
        for nth, candidate in enumerate(self.candidates):
            try:
                if nth >= len(outputs):
                    message = f"asked for {expected} samples, got {len(outputs)}"
                    raise AnswerError(message, kind="malformed")
                reply = read(outputs[nth])
            except AnswerError as error:
                self._fail(error, candidate)
                if expected == 1:
                    return error
            else:
                # An endpoint reports a request's whole usage with every sample: count it once.
                self._accept(candidate, reply, reply.usage if nth == 0 else NOTHING)
        return None

    def _accept(self, candidate: Candidate, reply: Reply, usage: Usage | None) -> None:
        candidate["status"], candidate["text"], candidate["error"] = "ok", reply.text, None
        candidate["message_id"] = reply.message_id
        if reply.content is not None:
            candidate["content"] = reply.content
        if reply.tool_calls is not None:
            candidate["tool_calls"] = reply.tool_calls
        if reply.reasoning is not None:
            candidate["reasoning"] = reply.reasoning
        if reply.report is not None:
            candidate["nested"] = dict(reply.report["spent"])
            if reply.report.get("ballot") is not None:
                candidate["ballot"] = dict(reply.report["ballot"])
            return  # the nested run has settled its own calls
        if isinstance(self.watch, Meter):
            usage = self.watch.usage
            candidate["calls"] = max(1, self.watch.calls)
            self.run.reserve_more(candidate["calls"] - 1)
        if usage is not None:
            candidate["usage"] = usage
            candidate["cost"] = self.member.cost_of(usage)
            tokens = usage["input_tokens"] + usage["output_tokens"]
            self.run.settle(tokens, candidate["cost"] or 0.0)

    def _fail(self, error: BaseException, *only: Candidate) -> None:
        reason = failure(error)
        reason["message"] = self.member.without_key(reason["message"])
        for candidate in only or self.candidates:
            candidate["status"] = "timeout" if reason["kind"] == "timeout" else "failed"
            candidate["error"] = reason

    def _announce(self, candidate: Candidate) -> None:
        error = candidate["error"]
        self.run.emit(
            "answered" if error is None else "failed",
            member=candidate["member"],
            role=candidate["role"],
            index=candidate["index"],
            seconds=candidate["seconds"],
            cost=candidate["cost"],
            kind=None if error is None else error["kind"],
        )


_back_off = wait_random_exponential(multiplier=0.5, max=30)


def _pause(error: Exception, attempt: int) -> float:
    """Seconds to wait before the next attempt: what the provider asks, or a random back-off."""
    asked = retry_after(error)
    if asked is not None:
        return asked
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # it needs no more
    state.attempt_number = attempt + 1
    return _back_off(state)
