"""One question to a member until it is answered: found, or reserved, sent, sent again, told.

Whatever happens is written into the candidates; only the host's own interrupts and cancellations
pass through.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, time
from typing import Any

from langchain_core.messages import BaseMessage
from tenacity import RetryCallState, wait_random_exponential

from manyminds.calls.failures import retry_after
from manyminds.calls.request import Request
from manyminds.errors import AnswerError
from manyminds.limits.deadline import Deadline
from manyminds.limits.limiter import EndpointLimiter
from manyminds.limits.slots import Slot, gate
from manyminds.members import Member
from manyminds.runs.cache import AnswerStore, cache_key
from manyminds.runs.context import RunContext
from manyminds.runs.scope import shared
from manyminds.runs.usage import totals
from manyminds.state import Candidate, Failure, FailureKind

OnAnswered = Callable[[Sequence[Candidate]], None]


class Call:
    """One question, in one request for as many samples as there are candidates.

    Args:
        candidates: blank ones, filled in place.
        member: who is asked.
        prompt: the messages.
        run: the run that the calling node serves.
        params: defaults of the role; the member's own and the run's come first.
        stream: whether tokens may go through to the caller: for a method's last role.
        heard: called with the candidates once they are in, good or failed.
        clock: says why, should this be cut.
    """

    __slots__ = ("candidates", "clock", "exchange", "heard", "member", "run")

    def __init__(
        self,
        candidates: Sequence[Candidate],
        member: Member,
        prompt: list[BaseMessage],
        run: RunContext,
        params: Mapping[str, Any],
        stream: bool = False,
        *,
        heard: OnAnswered | None = None,
        clock: Deadline | None = None,
    ) -> None:
        self.candidates, self.member, self.run = candidates, member, run
        own = run.settings.params or {}
        merged = {**params, **member.params, **own} if own or member.params else params
        # Only the outermost method's last role is heard; a nested one stays silent.
        audible = stream and not run.nested
        self.exchange = Request(candidates, member, prompt, run, merged, audible)
        self.heard, self.clock = heard, clock

    async def done(self) -> None:
        """Answer all candidates, or say in them why not, and tell who listens."""
        try:
            await self.answered()
        finally:
            self.run.told(self.candidates)
        if self.heard is not None:
            self.heard(self.candidates)

    async def answered(self) -> None:
        """Answer all candidates, or say in them why not."""
        places = self._places()
        if not places or not await self._found(places):
            left = self.run.seconds_left
            if self.member.form.kind == "method":
                left += _WIND_UP  # it keeps to the time itself, and answers with what it has
            try:
                if left == math.inf:
                    await self._asked()
                else:
                    async with asyncio.timeout(left):
                        await self._asked()
            except TimeoutError:
                self._out_of_time()
            for place, keys in places:
                for candidate, key in zip(self.candidates, keys, strict=True):
                    if candidate["status"] == "ok":
                        await place.put(key, candidate)

    async def _asked(self) -> None:
        """Wait for a place, reserve, ask, and tell how it went."""
        try:
            async with Slot(self._gate(), self._patience) as place:
                reason = self._refused()
                if reason is None:
                    await self._placed(place)
                else:
                    self._skip(reason)
        except AnswerError as error:  # the endpoint wants to be left alone for too long
            self.exchange.fail(error)

    async def _placed(self, place: Slot) -> None:
        self.exchange.prepare()
        first, began, at = self.candidates[0], perf_counter(), time()
        self.run.emit("asked", member=self.member.name, role=first["role"], index=first["index"])
        try:
            await self._attempts(place)
        except asyncio.CancelledError:
            self._cut()
            raise
        finally:
            for candidate in self.candidates:
                candidate["seconds"], candidate["at"] = perf_counter() - began, at
                self._announce(candidate)

    def _refused(self) -> Failure | None:
        """Say why nothing may be sent: the key was refused before, or the budget has no room."""
        bad_key = shared(self.run.id).refused.get(self.member.name)
        if bad_key is not None:
            return bad_key
        method = self.member.form.kind == "method"
        no_room = self.run.reserve(0 if method else len(self.candidates))
        return None if no_room is None else _failure("budget", no_room)

    async def _attempts(self, place: Slot) -> None:
        """Ask until there is an answer, a failure that stays, or no attempt or time left.

        Waiting because the endpoint has too much to do takes none of the answer's time. To be
        refused is no attempt in a crowd, while others get through, or so soon after the last
        attempt: then it is only a question of whose turn it is.
        """
        left, attempts = self.member.seconds, 1 + (self.member.retries or 0)
        served, failed, due = place.served, 0, 0.0
        while True:
            began = perf_counter()
            error = await self._in_time(left)
            reason = self.candidates[0]["error"]
            if reason is None or error is None:
                if reason is None:
                    place.answer(self.exchange.tokens)
                return
            if left is not None:
                left = max(0.0, left - (perf_counter() - began))
            busy, pause = reason["kind"] == "rate_limit", 0.0
            if not busy or (place.alone and place.served == served and perf_counter() >= due):
                failed += 1
                pause = _pause(error, failed)
                due = perf_counter() + (pause if place.served else 0.0)
            served = place.served
            if reason["kind"] == "authentication":
                shared(self.run.id).refused.setdefault(self.member.name, _known_bad(reason))
            if failed >= attempts or not reason["retriable"] or place.blocked_for > self._patience:
                return
            if busy:
                await place.again(retry_after(error), pause)
            elif left is not None and pause >= left:
                await asyncio.sleep(left)
                self._late(reason)
                return
            else:
                await asyncio.sleep(pause)
                left = None if left is None else left - pause

    async def _in_time(self, left: float | None) -> Exception | None:
        """Send the request once; return its error, None also where the answer's time ran out."""
        earlier, limit = self.candidates[0]["error"], asyncio.timeout(left)
        try:
            async with limit:
                return await self.exchange.send()
        except TimeoutError:
            if not limit.expired():
                raise
            self._late(earlier)
            return None

    def _late(self, earlier: Failure | None) -> None:
        message = f"no answer within {self.member.seconds:g} s"
        message += "" if earlier is None else f"; before that: {earlier['message']}"
        self.exchange.fail(AnswerError(message, kind="timeout", retriable=True))

    @property
    def _patience(self) -> float:
        """Seconds that an endpoint may want to be left alone before the answer is given up."""
        return _PATIENCE if self.member.seconds is None else self.member.seconds

    def _gate(self) -> EndpointLimiter | None:
        """The gate of the endpoint; a method needs none, for the calls it makes do."""
        member = self.member
        if member.form.kind == "method":
            return None
        return gate(
            member.endpoint,
            member.concurrency or self.run.concurrency,
            requests_per_minute=member.requests_per_minute,
            tokens_per_minute=member.tokens_per_minute,
        )

    def _places(self) -> list[tuple[AnswerStore, list[str]]]:
        """Return where answers are kept in this run, and under which keys."""
        run, member, answers = self.run, self.member, self.run.settings.answers
        if not run.kept and run.cache is None and answers is None:
            return []
        asked = cache_key(self.exchange.prompt, self.exchange.params)
        found: list[tuple[AnswerStore, list[str]]] = []
        if run.kept or answers is not None:
            in_run = [
                f"{c['role']}/{member.name}/{c['layer']}/{c['index']}/{c['draw']}/{asked}"
                for c in self.candidates
            ]
            found = [(place, in_run) for place in run.kept]
            if answers is not None:
                found.append((answers, [run.path + key for key in in_run]))
        if run.cache is not None and (member.is_chat or member.spec is not None):
            draws = (member.recorded_draw(run.base + c["draw"]) for c in self.candidates)
            found.append((run.cache, [f"{member.identity}/{draw}/{asked}" for draw in draws]))
        return found

    async def _found(self, places: Sequence[tuple[AnswerStore, list[str]]]) -> bool:
        """Fill the candidates with answers that are kept, if all of them are in one place."""
        for place, keys in places:
            kept = [await place.get(key) for key in keys]
            found = [candidate for candidate in kept if candidate is not None]
            if len(found) < len(kept):
                continue
            for candidate, answer in zip(self.candidates, found, strict=True):
                where = {key: candidate[key] for key in _OWN}  # type: ignore[literal-required]
                candidate.update(answer)
                candidate.update(where)  # type: ignore[typeddict-item]  # its own, as they were
                self._announce(candidate)
            self._settle()
            return True
        return False

    def _settle(self) -> None:
        """Count what was paid for in an earlier life of this run against its budgets."""
        for candidate in self.candidates:
            if "nested" in candidate:
                total = totals(candidate["nested"])
                self.run.reserve_more(total["calls"])
                self.run.settle(total["input_tokens"] + total["output_tokens"], total["cost"])
            elif "reused" not in candidate:
                self.run.reserve_more(candidate.get("calls", 1))
                usage = candidate["usage"]
                tokens = usage["input_tokens"] + usage["output_tokens"]
                self.run.settle(tokens, candidate["cost"] or 0.0)

    def _skip(self, reason: Failure) -> None:
        for candidate in self.candidates:
            candidate["status"], candidate["error"] = "skipped", reason

    def _out_of_time(self) -> None:
        if self.candidates[0]["attempts"]:
            message = "the run's time was over before the answer"
            self.exchange.fail(AnswerError(message, kind="timeout"))
        else:
            self._skip(_failure("budget", "the run's time was over before there was a place"))

    def _cut(self) -> None:
        reason = None if self.clock is None else self.clock.reason
        for candidate in self.candidates:
            candidate["status"] = "cut"
            candidate["error"] = reason or _failure("cancelled", _CUT, maybe_billed=True)
        self.exchange.keep_nested()

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
        if self.run.recorder is not None:
            self.run.recorder.call(self.run, candidate, self.exchange.prompt, self.exchange.params)


_OWN = ("run", "member", "role", "index", "draw", "layer")
_CUT = "cut while the answer was on its way; it may be billed all the same"
_PATIENCE = 600.0
_WIND_UP = 0.5
_back_off = wait_random_exponential(multiplier=0.5, max=30)


def _pause(error: Exception, failed: int) -> float:
    """Seconds to wait before the next attempt: what the provider asks, or a random back-off."""
    asked = retry_after(error)
    if asked is not None:
        return asked
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # it needs no more
    state.attempt_number = max(1, failed)
    return _back_off(state)


def _failure(kind: FailureKind, message: str, *, maybe_billed: bool = False) -> Failure:
    return Failure(kind=kind, message=message, retriable=False, maybe_billed=maybe_billed)


def _known_bad(reason: Failure) -> Failure:
    return {**reason, "message": f"not asked again after: {reason['message']}"}
