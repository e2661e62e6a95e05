"""One call to a member, from its earlier answer or its slot to the last attempt.

Every outcome is written into the candidates; only the host's own interrupts and cancellations pass
through.
"""

import asyncio
import math
import random
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, time
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.calls.failures import retry_after
from manyminds.calls.fitting import fitted
from manyminds.calls.request import Request
from manyminds.calls.token_limit import limit_in, limited
from manyminds.errors import AnswerError
from manyminds.limits.deadline import Deadline
from manyminds.limits.limiter import limiter
from manyminds.limits.sharing import rates_of, slots_of
from manyminds.limits.slot import Slot
from manyminds.members import Member
from manyminds.protocols import AnswerStore
from manyminds.runs.cache import cache_key
from manyminds.runs.context import RunContext
from manyminds.runs.usage import totals
from manyminds.state import Candidate, Failure, FailureKind

OnAnswered = Callable[[Sequence[Candidate]], None]


class Call:
    """One prompt to a member, in one request for as many samples as there are candidates.

    Args:
        candidates: blank ones, filled in place.
        member: the member to call.
        prompt: the messages.
        ctx: the run of the calling node.
        params: defaults of the role; the member's own and the run's come first.
        stream: True lets tokens through to the caller: for a method's last role. In a nested run
            they get through where the call around it is streamed, too.
        on_answered: called with the candidates once they are in, answered or failed.
        deadline: says why, should this be cut.
    """

    __slots__ = (
        "_on_answered",
        "_over",
        "candidates",
        "ctx",
        "deadline",
        "is_method",
        "member",
        "request",
    )

    def __init__(
        self,
        candidates: Sequence[Candidate],
        member: Member,
        prompt: list[BaseMessage],
        ctx: RunContext,
        params: Mapping[str, Any],
        stream: bool = False,
        *,
        on_answered: OnAnswered | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self.candidates, self.member, self.ctx = candidates, member, ctx
        self.is_method = member.input_kind.kind == "method"
        own = ctx.settings.params or {}
        merged = {**params, **member.params, **own} if own or member.params else params
        if None in merged.values():
            merged = {name: value for name, value in merged.items() if value is not None}
        if member.context is not None:
            prompt, note = fitted(prompt, member.context, limit_in(merged))
            if note is not None:
                candidates[0]["notes"] = [note]
        streamed = stream and ctx.shown is not None
        merged, limit = limited(member, merged, ctx.settings.answer_tokens if streamed else None)
        self.request = Request(candidates, member, prompt, ctx, merged, streamed, limit)
        self._on_answered, self.deadline = on_answered, deadline
        self._over: float | None = None  # when the run's time is, by the clock of the loop

    async def run(self) -> None:
        """Fill all candidates, add them to the ledger, and hand them to `on_answered`."""
        try:
            await self.answer()
        finally:
            self.ctx.count(self.candidates)
        if self._on_answered is not None:
            self._on_answered(self.candidates)

    async def answer(self) -> None:
        """Fill all candidates: with an answer, or with the reason why there is none."""
        stores = self._stores()
        if stores and await self._lookup(stores):
            return
        left = self.ctx.seconds_left
        if left != math.inf:
            # A method ends itself in time, with the replies so far.
            left += _WIND_UP if self.is_method else 0.0
            self._over = asyncio.get_running_loop().time() + left
        try:
            async with self._slot() as slot:
                reason = self._refused()
                if reason is None:
                    await self._retry(slot)
                else:
                    self._skip(reason)
        except TimeoutError:  # while it waited for a slot
            self._out_of_time()
        except AnswerError as error:  # the endpoint asks for a longer pause than a call may take
            self.request.fail(error)
        finally:  # also where the run is cancelled just when the answer is there
            for store, keys in stores:
                for candidate, key in zip(self.candidates, keys, strict=True):
                    if candidate["status"] == "ok":
                        await store.put(key, candidate)

    def _refused(self) -> Failure | None:
        """Return why nothing may be sent: the key was refused before, or the budget has no room."""
        bad_key = self.ctx.scope.refused.get(self.member.name)
        if bad_key is not None:
            return bad_key
        no_room = self.ctx.reserve(0 if self.is_method else len(self.candidates))
        return None if no_room is None else _failure("budget", no_room)

    async def _retry(self, slot: Slot) -> None:
        """Make the attempts, timed and announced."""
        self.request.prepare()
        first, began, at = self.candidates[0], perf_counter(), time()
        self.ctx.emit("asked", member=self.member.name, role=first["role"], index=first["index"])
        try:
            await self._attempts(slot)
        except TimeoutError:
            self._out_of_time()
        except asyncio.CancelledError:
            self._cut()
            raise
        finally:
            for candidate in self.candidates:
                candidate["seconds"], candidate["at"] = perf_counter() - began, at
                self._announce(candidate)

    async def _attempts(self, slot: Slot) -> None:
        """Send until there is an answer, a failure that stays, or no attempt or time left.

        Waiting for a busy endpoint does not count against the member's timeout. A refusal is no
        attempt while other calls get through, or so soon after the last attempt: then it is only
        a question of whose turn it is.
        """
        left, attempts = self.member.seconds, 1 + (self.member.retries or 0)
        served, failed, due = slot.served, 0, 0.0
        while True:
            began = perf_counter()
            error = await self._attempt(left)
            reason = self.candidates[0]["error"]
            if reason is None or error is None:
                if reason is None:
                    slot.answer(self.request.tokens)
                return
            if left is not None:
                left = max(0.0, left - (perf_counter() - began))
            busy, pause = reason["kind"] == "rate_limit", 0.0
            if not busy or (slot.is_idle and slot.served == served and perf_counter() >= due):
                failed += 1
                pause = _pause(error, failed)
                due = perf_counter() + (pause if slot.served else 0.0)
            served = slot.served
            if reason["kind"] == "authentication":
                self.ctx.scope.refused.setdefault(self.member.name, _known_bad(reason))
            if failed >= attempts or not reason["retriable"] or slot.blocked_for > self._max_wait:
                return
            async with asyncio.timeout_at(self._over):
                if busy:
                    await slot.requeue(retry_after(error), pause)
                elif left is not None and pause >= left:
                    await asyncio.sleep(left)
                    self._late(reason)
                    return
                else:
                    await asyncio.sleep(pause)
                    left = None if left is None else left - pause

    async def _attempt(self, left: float | None) -> Exception | None:
        """Send the request once; return its error, None also where the timeout was reached.

        Raises:
            TimeoutError: the run's time is over.
        """
        earlier, over = self.candidates[0]["error"], self._over
        late = None if left is None else asyncio.get_running_loop().time() + left
        run_ends_first = late is None or over is not None and over <= late
        timeout = asyncio.timeout_at(over if run_ends_first else late)
        try:
            async with timeout:
                return await self.request.send()
        except TimeoutError:
            if run_ends_first or not timeout.expired():
                raise
            self._late(earlier)
            return None

    def _late(self, earlier: Failure | None) -> None:
        message = f"no answer within {self.member.seconds:g} s"
        message += "" if earlier is None else f"; before that: {earlier['message']}"
        self.request.fail(AnswerError(message, kind="timeout", retriable=True))

    @property
    def _max_wait(self) -> float:
        """Seconds that an endpoint may ask the call to wait before the call is given up."""
        return _MAX_WAIT if self.member.seconds is None else self.member.seconds

    @property
    def _estimate(self) -> float:
        """Tokens of the request, in and out, guessed from its length."""
        if self.member.tokens_per_minute is None:
            return 0.0
        most = limit_in(self.request.params) or _USUAL_ANSWER
        if self.request.limit is not None:  # callers set high limits, just in case
            most = min(most, _USUAL_ANSWER)
        characters = sum(len(message.text) for message in self.request.prompt)
        return characters / 4 + float(most) * len(self.candidates)

    def _slot(self) -> Slot:
        """Return a slot at the endpoint; a method has none: the calls it makes have theirs."""
        member = self.member
        if self.is_method:
            return Slot(None, self._max_wait)
        endpoint = member.endpoint
        return Slot(
            limiter(endpoint, member.model if isinstance(endpoint, int) else None),
            self._max_wait,
            run=self.ctx.id.partition("-")[0],
            most=slots_of(member.concurrency or self.ctx.concurrency),
            rates=rates_of(member.requests_per_minute, member.tokens_per_minute),
            estimate=self._estimate,
            until=self._over,
        )

    def _stores(self) -> list[tuple[AnswerStore, list[str]]]:
        """Return the stores of this run, and the candidates' keys in each."""
        ctx, member, answers = self.ctx, self.member, self.ctx.settings.answers
        if not ctx.stores and ctx.cache is None and answers is None:
            return []
        asked = cache_key(self.request.prompt, self.request.params)
        found: list[tuple[AnswerStore, list[str]]] = []
        if ctx.stores or answers is not None:
            in_run = [
                f"{c['role']}/{member.name}/{c['layer']}/{c['index']}/{c['draw']}/{asked}"
                for c in self.candidates
            ]
            found = [(store, in_run) for store in ctx.stores]
            if answers is not None:
                found.append((answers, [ctx.path + key for key in in_run]))
        if ctx.cache is not None and (member.is_chat or member.spec is not None):
            draws = (member.recorded_draw(ctx.base + c["draw"]) for c in self.candidates)
            found.append((ctx.cache, [f"{member.identity}/{draw}/{asked}" for draw in draws]))
        return found

    async def _lookup(self, stores: Sequence[tuple[AnswerStore, list[str]]]) -> bool:
        """Fill the candidates from a store that has all of them; return whether there is one."""
        for store, keys in stores:
            known = [await store.get(key) for key in keys]
            found = [candidate for candidate in known if candidate is not None]
            if len(found) < len(known):
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
        """Count calls that an earlier life of this run paid for against its budgets."""
        for candidate in self.candidates:
            if "nested" in candidate:
                total = totals(candidate["nested"])
                self.ctx.reserve_more(total["calls"])
                self.ctx.settle(total["input_tokens"] + total["output_tokens"], total["cost"])
            elif "reused" not in candidate:
                self.ctx.reserve_more(candidate.get("calls", 1))
                usage = candidate["usage"]
                tokens = usage["input_tokens"] + usage["output_tokens"]
                self.ctx.settle(tokens, candidate["cost"] or 0.0)

    def _skip(self, reason: Failure) -> None:
        for candidate in self.candidates:
            candidate["status"], candidate["error"] = "skipped", reason

    def _out_of_time(self) -> None:
        if self.candidates[0]["attempts"]:
            message = "the run's time was over before the answer"
            self.request.fail(AnswerError(message, kind="timeout"))
        else:
            self._skip(_failure("budget", "the run's time was over before there was a slot"))

    def _cut(self) -> None:
        reason = None if self.deadline is None else self.deadline.reason
        for candidate in self.candidates:
            candidate["status"] = "cut"
            candidate["error"] = reason or _failure("cancelled", _CUT, maybe_billed=True)
        self.request.keep_nested()

    def _announce(self, candidate: Candidate) -> None:
        error = candidate["error"]
        self.ctx.emit(
            "answered" if error is None else "failed",
            member=candidate["member"],
            role=candidate["role"],
            index=candidate["index"],
            layer=candidate["layer"],
            seconds=candidate["seconds"],
            cost=candidate["cost"],
            kind=None if error is None else error["kind"],
        )
        if self.ctx.recorder is not None:
            self.ctx.recorder.call(self.ctx, candidate, self.request.prompt, self.request.params)


_OWN = ("run", "member", "role", "index", "draw", "layer")
_CUT = "cut while the answer was on its way; it may be billed anyway"
_MAX_WAIT = 600.0
_WIND_UP = 0.5
_USUAL_ANSWER = 500  # tokens, where no limit says otherwise
_BACK_OFF, _LONGEST_BACK_OFF = 0.5, 30.0


def _pause(error: Exception, failed: int) -> float:
    """Return the seconds until the next attempt: the provider's, or a random exponential one."""
    asked = retry_after(error)
    limit = min(_LONGEST_BACK_OFF, _BACK_OFF * 2.0 ** min(failed - 1, 16))
    return random.uniform(0, limit) if asked is None else asked


def _failure(kind: FailureKind, message: str, *, maybe_billed: bool = False) -> Failure:
    return Failure(kind=kind, message=message, retriable=False, maybe_billed=maybe_billed)


def _known_bad(reason: Failure) -> Failure:
    return {**reason, "message": f"not asked again after: {reason['message']}"}
