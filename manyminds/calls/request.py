"""One request to a member, and what comes back, read into candidates.

An error becomes a failed candidate, so that no branch of a graph is cancelled by another's failure.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.constants import TAG_NOSTREAM
from langgraph.errors import GraphBubbleUp

from manyminds.calls.callbacks import Listener
from manyminds.calls.failures import failure, kind_of
from manyminds.calls.response import NOTHING, Reply, read
from manyminds.calls.transport import FirstToken, Meter, request, request_samples
from manyminds.errors import AnswerError
from manyminds.members import Member
from manyminds.models.openai import EndpointModel
from manyminds.runs.context import RunContext
from manyminds.runs.usage import Usage
from manyminds.state import Candidate, TokenUsage

# What the client of an endpoint stumbles over without a word of its own.
_UNREADABLE = "the endpoint's reply has not the form of a chat completion"


class Request:
    """What is asked of whom, and the `candidates` that are filled in place with what comes back.

    Args:
        candidates: one, or as many as samples are asked for in the one request.
        member: who is asked.
        prompt: the messages.
        run: the run that the calling node serves.
        params: of the request.
        audible: whether the tokens go through to a caller who streams.
    """

    __slots__ = ("_inside", "_watch", "audible", "candidates", "member", "params", "prompt", "run")

    def __init__(
        self,
        candidates: Sequence[Candidate],
        member: Member,
        prompt: list[BaseMessage],
        run: RunContext,
        params: Mapping[str, Any],
        audible: bool,
    ) -> None:
        self.candidates, self.member, self.prompt = candidates, member, prompt
        self.run, self.params, self.audible = run, params, audible
        self._watch: FirstToken | Meter | None = None
        self._inside: Usage = {}

    def prepare(self) -> None:
        """Load the member's client: a second, the first time, that is none of the answer's."""
        with suppress(Exception):  # it fails again when it is asked, and is told of then
            self.member.asked_as(stream=self.audible)

    async def send(self) -> Exception | None:
        """Send the request once; return the error where it gave nothing usable."""
        candidates, member, run = self.candidates, self.member, self.run
        candidates[0]["attempts"] += 1
        config, count = self._config(candidates[0]), len(candidates)
        self._watch = self._watcher()
        outputs: Sequence[object]
        try:
            if count == 1:
                outputs = [
                    await request(
                        member,
                        self.prompt,
                        run,
                        config,
                        self.params,
                        self.audible,
                        self._watch,
                        self._inside,
                    )
                ]
            else:
                model = member.asked_as(stream=False)
                outputs = await request_samples(model, self.prompt, count, config, self.params)
        except GraphBubbleUp:
            raise  # an interrupt inside a member belongs to the host
        except Exception as error:  # whatever a model raises is its failure, not the run's
            if isinstance(member.model, EndpointModel) and kind_of(error) == "error":
                error = AnswerError(_UNREADABLE, kind="malformed", retriable=True)
            self.fail(error)
            if isinstance(self._watch, FirstToken) and self._watch.message_id is not None:
                run.emit("dropped", member=member.name, message_id=self._watch.message_id)
            return error
        return self._fill(outputs)

    def fail(self, error: BaseException, *only: Candidate) -> None:
        """Turn an error into the failure of these candidates, or of all."""
        reason = failure(error, self.member.without_key)
        reason["message"] = self.member.without_key(reason["message"])
        for candidate in only or self.candidates:
            candidate["status"] = "timeout" if reason["kind"] == "timeout" else "failed"
            candidate["error"] = reason
        self.keep_nested()

    def keep_nested(self) -> None:
        """Keep what a method has spent that gave up or was cut: nothing, where nobody was asked."""
        if self.member.form.kind == "method":
            self.candidates[0]["nested"] = self._inside

    @property
    def tokens(self) -> int:
        """Tokens in and out of what came back."""
        return sum(
            c["usage"]["input_tokens"] + c["usage"]["output_tokens"] for c in self.candidates
        )

    def _watcher(self) -> FirstToken | Meter | None:
        if self.member.form.kind in ("chat", "method"):
            return FirstToken() if self.audible else None
        recorder = self.run.recorder
        if recorder is None:
            return Meter()
        return Listener(recorder, self.run, self.candidates[0])

    def _config(self, first: Candidate) -> RunnableConfig:
        tags = [first["role"], self.member.name]
        # By its name a trace says who was asked. It must not be the node's: LangGraph would take a
        # graph that is called so for that node, and stream all its messages as that node's own.
        return RunnableConfig(
            run_name=f"{self.member.name} as {first['role']}",
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
                reply = read(outputs[nth], longest=self.member.longest)
            except AnswerError as error:
                self.fail(error, candidate)
                if expected == 1:
                    return error
            else:
                # An endpoint reports a request's whole usage with every sample: count it once.
                self._accept(candidate, reply, reply.usage if nth == 0 else NOTHING)
        return None

    def _accept(self, candidate: Candidate, reply: Reply, usage: TokenUsage | None) -> None:
        # A server that repeats its key would hand it to other members, and to the record.
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
            candidate["notes"] = [f"an answer was cut after {self.member.longest:,} characters"]
        if reply.report is not None:
            candidate["nested"] = dict(reply.report["spent"])
            candidate["notes"] = [*candidate.get("notes", []), *reply.report["notes"]]
            if reply.report.get("ballot") is not None:
                candidate["ballot"] = dict(reply.report["ballot"])
            return  # the nested run has settled its own calls
        if isinstance(self._watch, Meter):
            usage = self._watch.usage
            candidate["calls"] = max(1, self._watch.calls)
            self.run.reserve_more(candidate["calls"] - 1)
        if usage is not None:
            candidate["usage"] = usage
            candidate["cost"] = self.member.cost_of(usage)
            tokens = usage["input_tokens"] + usage["output_tokens"]
            self.run.settle(tokens, candidate["cost"] or 0.0)
