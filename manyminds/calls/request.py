"""One request to a member, and its response read into candidates.

An error becomes a failed candidate, so that no branch of a graph is cancelled by another's failure.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphBubbleUp

from manyminds.aio import in_thread, on_background_loop
from manyminds.calls import failures
from manyminds.calls.callbacks import FirstToken, Listener, Meter, used
from manyminds.calls.config import config_of, with_callback
from manyminds.calls.refusals import NOTHING_REFUSED, Refusals, refusals_of, remember, told
from manyminds.calls.response import Reply, parse, remarks_on
from manyminds.calls.samples import samples_of
from manyminds.calls.sendable import alternating, argument_of, sendable
from manyminds.errors import AnswerError
from manyminds.members import Member
from manyminds.models.http_responses import received
from manyminds.models.input_kind import offers_tools
from manyminds.models.openai import EndpointModel
from manyminds.runs.context import RunContext, parent_call
from manyminds.runs.langgraph_internals import checkpointer
from manyminds.runs.usage import Usage
from manyminds.state import NO_TOKENS, Candidate, TokenUsage, note

_ADAPTATIONS = 6  # features that an endpoint may refuse
_CHARACTERS = 4  # of a token, about
_NESTED = 4_096  # threads at most: each waits for a graph, which may wait for others inside it


class Request:
    """A prompt to a member, and the `candidates` that the response is read into.

    Args:
        candidates: blank ones, filled in place; as many as samples in the one request.
        member: the member to call.
        prompt: the messages.
        ctx: the run of the calling node.
        params: sampling parameters.
        streamed: True lets tokens through to a caller that streams.

    Attributes:
        tokens: in and out of all responses so far.
    """

    __slots__ = (
        "_callback",
        "_inside",
        "_known",
        "_messages",
        "_notes",
        "_params",
        "candidates",
        "ctx",
        "limit",
        "member",
        "params",
        "prompt",
        "streamed",
        "tokens",
    )

    def __init__(
        self,
        candidates: Sequence[Candidate],
        member: Member,
        prompt: list[BaseMessage],
        ctx: RunContext,
        params: Mapping[str, Any],
        streamed: bool,
        limit: int | None = None,
    ) -> None:
        self.candidates, self.member, self.prompt = candidates, member, prompt
        self.ctx, self.params, self.streamed, self.limit = ctx, params, streamed, limit
        self._messages, self._params = prompt, params  # as they are sent
        self.tokens = 0
        self._known, self._notes = NOTHING_REFUSED, list[str]()
        self._callback: FirstToken | Meter | None = None
        self._inside: Usage = {}

    def prepare(self) -> None:
        """Create the client up front: its import (1 s) does not count against the timeout."""
        if isinstance(self.member.model, EndpointModel):
            with suppress(Exception):  # the same error is raised, and handled, by the request
                self.member.runnable(stream=self.streamed)

    async def send(self) -> Exception | None:
        """Send the request once; return the error where it gave nothing usable.

        Where the endpoint refuses a feature, the request is sent again without it. A refusal is
        remembered for the member once a request without the feature gets further.
        """
        first, member, said = self.candidates[0], self.member, ""
        first["attempts"] += 1
        self._callback = self._new_callback()
        statuses: list[int] = []
        if isinstance(member.model, EndpointModel):  # its client notes them
            received.set(statuses)
        config = config_of(first, member, self.ctx, streamed=self.streamed)
        self._apply(refusals_of(member.identity))
        for left in reversed(range(_ADAPTATIONS)):
            try:
                outputs = await self._outputs(config)
            except GraphBubbleUp:
                raise  # an interrupt inside a member belongs to the host
            except Exception as error:  # any exception of a model is its failure, not the run's
                said = self._leave_out(error, said)
                if not (said and left):
                    return self._failed(error, statuses)
                first["attempts"] += 1  # of a request that was made
            else:
                if said:
                    remember(member.identity, self._known)
                return self._fill(outputs)
        raise AssertionError("the last attempt returns")

    def _failed(self, error: Exception, statuses: Sequence[int]) -> Exception:
        """Turn the error of a request into the failure of its candidates, and return it.

        Args:
            error: what the client raised.
            statuses: of the responses that came.
        """
        first, member = self.candidates[0], self.member
        usage, own = failures.usage_in(error), failures.own_error(error)
        is_endpoint = isinstance(member.model, EndpointModel)
        if is_endpoint and own is None and failures.kind_of(error) in ("error", "malformed"):
            error = failures.no_answer(error, statuses)
        if usage is not None:
            self._bill(first, usage)
        self.fail(error)
        shown = self._callback if self.streamed else None
        if isinstance(shown, FirstToken) and shown.message_id is not None:
            self.ctx.emit("dropped", member=member.name, message_id=shown.message_id)
        return error

    def fail(self, error: BaseException, *only: Candidate) -> None:
        """Turn an error into the failure of these candidates, or of all."""
        reason = failures.failure(error, self.member.without_key)
        reason["message"] = self.member.without_key(reason["message"])
        for candidate in only or self.candidates:
            candidate["status"] = "timeout" if reason["kind"] == "timeout" else "failed"
            candidate["error"] = reason
        self.keep_nested()

    def keep_nested(self) -> None:
        """Keep the usage of a method, chain or graph that failed or was cut."""
        if self.member.input_kind.kind == "method":
            self.candidates[0]["nested"] = self._inside
        if isinstance(self._callback, Meter):
            usage = self._used_inside(self._callback)
            if any(usage.values()):
                self._bill(self.candidates[0], usage)

    def _leave_out(self, error: Exception, said: str) -> str:
        """Leave out the feature that an endpoint refuses, and return its message.

        Args:
            error: What the request raised.
            said: Message of the endpoint before that; the same again is no new refusal.

        Returns:
            Nothing where the error refuses no feature that the request can do without.
        """
        kind = failures.kind_of(error) if self.member.is_chat else ""
        message = told(kind, failures.words_of(error))
        if message == said:
            return ""
        remember(self.member.identity, self._known)
        more = self._known.without_limit(message, self._params, self.limit)
        if more is None and kind != "context_too_long":
            more = self._known.after(message, self._messages, self._params)
        if more is None:
            return ""
        before = (self._messages, self._params, self._known.no_stream_options)
        self._apply(more)
        is_same = before == (self._messages, self._params, more.no_stream_options)
        return "" if is_same else message

    def _apply(self, known: Refusals) -> None:
        """Leave out the features that are known to be refused."""
        prompt = sendable(self.prompt)
        if isinstance(self.member.model, EndpointModel):
            prompt = alternating(prompt)
        self._known = known
        self._messages, self._params, self._notes = known.apply(prompt, self.params)

    async def _outputs(self, config: RunnableConfig) -> Sequence[object]:
        member, count = self.member, len(self.candidates)
        if count > 1:
            model = member.runnable(stream=False)
            return await samples_of(model, self._messages, count, config, self._params)
        if self._callback is not None:
            config = with_callback(config, self._callback)
        model = member.runnable(stream=self.streamed)
        if member.input_kind.kind != "chat":
            return [await self._of_runnable(config)]
        if member.is_sync_only:
            threads = self.ctx.concurrency
            return [await in_thread(threads, model.invoke, self._messages, config, **self._params)]
        params = member.request_params(self._params)
        if self._known.no_stream_options and isinstance(model, BaseChatModel):
            model = model.model_copy(update={"stream_usage": False})
        return [await model.ainvoke(self._messages, config, **params)]

    async def _of_runnable(self, config: RunnableConfig) -> object:
        """Call a chain or graph; runs nested in it write their usage into `_inside`."""
        member, ctx, metadata = self.member, self.ctx, config.get("metadata", {})
        model = member.runnable(stream=self.streamed)
        draws = getattr(getattr(model, "builder", None), "draws", 1)
        is_shown = self.streamed and member.input_kind.kind == "method" and member.output is None
        token = parent_call.set(ctx.inherited(metadata, draws, self._inside, is_shown=is_shown))
        try:
            argument = argument_of(member, self.prompt, ctx.question)
            if member.is_sync_only:
                output = await in_thread(ctx.concurrency, model.invoke, argument, config)
            elif checkpointer() is not None and on_background_loop():
                # A graph inside would use that checkpointer, which may have no async code.
                output = await in_thread(_NESTED, model.invoke, argument, config)
            else:
                output = await model.ainvoke(argument, config)
        finally:
            parent_call.reset(token)
        return output if member.output is None else member.output(output)

    def _new_callback(self) -> FirstToken | Meter | None:
        kind = self.member.input_kind.kind
        if kind in ("chat", "method"):
            is_watched = self.streamed or (kind == "chat" and self.member.may_repeat_usage)
            return FirstToken() if is_watched else None
        recorder, first = self.ctx.recorder, self.candidates[0]
        if recorder is None:
            return Meter(self.ctx.id, self._reserve_inside)
        return Listener(recorder, self.ctx, first, self._reserve_inside)

    def _reserve_inside(self) -> None:
        if (reason := self.ctx.reserve()) is not None:
            raise AnswerError(reason, kind="budget")

    def _used_inside(self, meter: Meter) -> TokenUsage:
        """Count the calls inside a chain or graph, and return their usage."""
        first = self.candidates[0]
        calls, unreserved, usage = meter.take()
        if meter.is_unclear:
            self.ctx.note_unusable_usage()
        first["calls"] = max(1, first.get("calls", 0) + calls)
        self.ctx.reserve_more(unreserved)
        return usage

    def _fill(self, outputs: Sequence[object]) -> Exception | None:
        """Read the outputs into the candidates; return the error if the only one is unusable."""
        expected = len(self.candidates)
        usage, is_lost = used(self._callback, outputs[0]) if outputs else (None, False)
        if is_lost:
            self.ctx.note_unusable_usage()
        for nth, candidate in enumerate(self.candidates):
            try:
                if nth >= len(outputs):
                    message = f"asked for {expected} samples, got {len(outputs)}"
                    raise AnswerError(message, kind="malformed")
                reply = parse(outputs[nth], max_chars=self.member.max_answer_chars)
            except AnswerError as error:
                if nth == 0 and outputs and not isinstance(self._callback, Meter):
                    # A response without an answer is paid, too.
                    self._bill_or_estimate(candidate, usage, "")
                self.fail(error, candidate)
                if expected == 1:
                    return error
            else:
                # An endpoint reports a request's whole usage with every sample: count it once.
                self._accept(candidate, reply, usage if nth == 0 else NO_TOKENS)
        return None

    def _accept(self, candidate: Candidate, reply: Reply, usage: TokenUsage | None) -> None:
        # A server that repeats its key would pass it to other members, and to the record.
        text = self.member.without_key(reply.text)
        candidate["status"], candidate["text"], candidate["error"] = "ok", text, None
        candidate["message_id"] = reply.message_id
        if reply.content is not None and text == reply.text:
            candidate["content"] = reply.content
        if reply.tool_calls is not None:
            candidate["tool_calls"] = reply.tool_calls
        if reply.reasoning is not None:
            candidate["reasoning"] = self.member.without_key(reply.reasoning)
        if reply.simulated:
            candidate["simulated"] = True
        if reply.cut:
            most = self.member.max_answer_chars
            note(candidate, f"an answer was cut after {most:,} characters")
        if reply.truncated:
            candidate["truncated"] = True
        if reply.report is not None:
            candidate["nested"] = dict(reply.report["spent"])
            candidate["usage"] = reply.written or NO_TOKENS
            note(candidate, *reply.report["notes"])
            if reply.ballot is not None:
                candidate["ballot"] = dict(reply.ballot)
            return  # the nested run has settled its own calls
        if isinstance(self._callback, Meter):
            usage = self._used_inside(self._callback)
        is_blank = not reply.text.strip()
        is_chat = is_blank and self.member.is_chat
        needs_text = is_chat and not offers_tools(self.member.model, self.params)
        remarks = remarks_on(reply, is_limited=self.limit is not None, needs_text=needs_text)
        note(candidate, *self._notes, *remarks)
        self._bill_or_estimate(candidate, usage, reply.text + (reply.reasoning or ""))

    def _bill_or_estimate(
        self, candidate: Candidate, usage: TokenUsage | None, written: str
    ) -> None:
        """Bill a response; where it reports no usage, let budgets count an estimate."""
        if usage is not None and (usage["input_tokens"] or usage["output_tokens"]):
            self._bill(candidate, usage)
        elif usage is NO_TOKENS:  # of a sample that the first one of its request pays for
            if self.candidates[0]["cost"] is not None:
                candidate["cost"] = 0.0
        else:
            read = sum(len(message.text) for message in self._messages)
            estimate = TokenUsage(
                input_tokens=-(-read // _CHARACTERS), output_tokens=-(-len(written) // _CHARACTERS)
            )
            cost = self.member.cost_of(estimate) or 0.0
            self.ctx.settle_estimate(estimate["input_tokens"] + estimate["output_tokens"], cost)

    def _bill(self, candidate: Candidate, usage: TokenUsage) -> None:
        """Add the usage of one response, whether it held an answer or not."""
        before, cost = candidate["usage"], self.member.cost_of(usage)
        candidate["usage"] = {
            "input_tokens": before["input_tokens"] + usage["input_tokens"],
            "output_tokens": before["output_tokens"] + usage["output_tokens"],
        }
        if cost is not None:
            candidate["cost"] = (candidate["cost"] or 0.0) + cost
        tokens = usage["input_tokens"] + usage["output_tokens"]
        self.tokens += tokens
        self.ctx.settle(tokens, cost or 0.0)
