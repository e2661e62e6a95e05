"""One request to a member and its further attempts: reserve, ask, read, settle, say how it went.

An error becomes a failed candidate, so that no branch of a graph is cancelled by another's failure.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
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


class Inquiry:
    """One request and its further attempts; `candidates` are filled in place."""

    __slots__ = ("audible", "candidates", "heard", "member", "params", "prompt", "run", "watch")

    def __init__(
        self,
        candidates: Sequence[Candidate],
        member: Member,
        prompt: list[BaseMessage],
        run: Run,
        params: Mapping[str, Any],
        stream: bool,
        heard: Callable[[Sequence[Candidate]], None] | None = None,
    ) -> None:
        self.candidates = candidates
        self.member, self.prompt, self.run = member, prompt, run
        own = run.settings.params or {}
        self.params = {**params, **member.params, **own} if own or member.params else params
        # Only the outermost method's last role is heard; a nested one stays silent.
        self.audible = stream and not run.nested
        self.watch: FirstToken | Meter | None = None
        self.heard = heard

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
        left = run.seconds_left
        try:
            if left == math.inf:
                await self._attempts()
            else:
                async with asyncio.timeout(left):
                    await self._attempts()
        except TimeoutError:
            self._fail(AnswerError("the run's time was over before the answer", kind="timeout"))
        except asyncio.CancelledError:
            self._cut(perf_counter() - began)
            raise
        for candidate in self.candidates:
            candidate["seconds"] = perf_counter() - began
            self._announce(candidate)
        if self.heard is not None:
            self.heard(self.candidates)

    def _cut(self, seconds: float) -> None:
        for candidate in self.candidates:
            candidate["status"], candidate["seconds"] = "cut", seconds
            candidate["error"] = Failure(
                kind="cancelled", message=_CUT, retriable=False, maybe_billed=True
            )

    async def _attempts(self) -> None:
        """Ask until there is an answer, a failure that stays, or no attempt or time left."""
        retries = self.member.retries or 0
        limit = asyncio.timeout(self.member.seconds)
        try:
            async with limit:
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
        if reply.simulated:
            candidate["simulated"] = True
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
            layer=candidate["layer"],
            seconds=candidate["seconds"],
            cost=candidate["cost"],
            kind=None if error is None else error["kind"],
        )


_CUT = "cut while the answer was on its way; it may be billed all the same"
_back_off = wait_random_exponential(multiplier=0.5, max=30)


def _pause(error: Exception, attempt: int) -> float:
    """Seconds to wait before the next attempt: what the provider asks, or a random back-off."""
    asked = retry_after(error)
    if asked is not None:
        return asked
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # it needs no more
    state.attempt_number = attempt + 1
    return _back_off(state)
