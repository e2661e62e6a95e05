"""The typed events of one run, which every protocol's encoder reads."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.types import StreamMode

from manyminds.chat_model import MODES, Shown
from manyminds.compiled_method import CompiledMethod
from manyminds.server.answer_limit import shortened
from manyminds.settings import Context

_VENDOR = (
    *("method", "run", "degraded", "notes", "answered_by", "calls", "requests", "reused", "tokens"),
    *("cost", "unpriced_calls", "simulated", "seconds"),
)


def short(app: CompiledMethod, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a response tells of a run, in its field `manyminds`.

    Args:
        app: The ensemble.
        state: The run's result: of its report the short form, and what the method says of itself.
    """
    report = state["report"]
    summary = {key: report[key] for key in _VENDOR}
    for key in getattr(app.builder, "reported", ()):
        if report.get(key) is not None:
            summary[key] = _ballot(report[key]) if key == "ballot" else report[key]
    return summary


def _ballot(ballot: Mapping[str, Any]) -> dict[str, Any]:
    groups = [
        {"answer": group["answer"], "votes": len(group["indices"]), "weight": group["weight"]}
        for group in ballot["groups"]
    ]
    return {"vote": ballot["vote"], "tie": ballot["tie"], "groups": groups}


@dataclass(frozen=True)
class Delta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class Thought:
    """A piece of the writer's reasoning."""

    text: str


@dataclass(frozen=True)
class Done:
    """The end of a run.

    Attributes:
        text: The whole answer.
        tool_calls: Tool calls of the writer, as LangChain writes them.
        reasoning: Reasoning of the writer, where its endpoint returns it.
        truncated: Whether the token limit cut the answer.
        report: What the run did and what it cost.
        summary: Summary of the run, for a response.
        ignored: Parameters of the request that have no meaning for an ensemble.
        stopped: Stop sequence that ended the answer; empty where none did.
    """

    text: str
    tool_calls: Sequence[Mapping[str, Any]]
    reasoning: str
    truncated: bool
    report: Mapping[str, Any]
    summary: Mapping[str, Any]
    ignored: Sequence[str] = ()
    stopped: str = ""

    @property
    def finish_reason(self) -> str:
        """The reason in OpenAI's words."""
        return "tool_calls" if self.tool_calls else "length" if self.truncated else "stop"

    @property
    def tokens(self) -> tuple[int, int]:
        """Input and output tokens of all calls of the run."""
        return self.report["tokens"]["input"], self.report["tokens"]["output"]

    @property
    def vendor(self) -> dict[str, Any]:
        """What a response tells of the run and the request, for its field `manyminds`."""
        ignored = {"ignored": list(self.ignored)} if self.ignored else {}
        return {**self.summary, **ignored}


Event: TypeAlias = Delta | Thought | Done
_WHOLE: list[StreamMode] = ["values"]  # a run whose pieces nobody reads takes a fifth less time


@dataclass(frozen=True)
class Turn:
    """What a client asks for, whatever the protocol.

    Attributes:
        model: Name of the ensemble.
        messages: The conversation.
        tools: Tools in OpenAI's form.
        params: Further parameters of the writer: `tool_choice`, `response_format`, ...
        custom: Names of the tools that take a text instead of arguments.
        limit: Tokens of the answer at most; None: any number.
        seed: Seed of the run. None: the server's.
        stop: Texts at which the answer ends.
        stream: Whether the client reads a stream.
        with_usage: Whether a stream of Chat Completions ends with a chunk of the usage.
        refuse_degraded: Whether a degraded answer is an error.
        ignored: Parameters that have no meaning for an ensemble.
        thread: Conversation that the server keeps; empty: the client sends all of it.
    """

    model: str
    messages: Sequence[BaseMessage]
    tools: Sequence[Mapping[str, Any]] = ()
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    custom: Collection[str] = ()
    limit: int | None = None
    seed: int | None = None
    stop: Sequence[str] = ()
    stream: bool = False
    with_usage: bool = False
    refuse_degraded: bool = False
    ignored: Sequence[str] = ()
    thread: str = ""


async def finished(
    app: CompiledMethod, turn: Turn, config: RunnableConfig
) -> Mapping[str, Any] | None:
    """Return the state of a conversation whose latest turn is this one and has its answer.

    So it is where the response was lost on its way, and the client asks once more.
    """
    found = await app.aget_state(config)
    messages: list[BaseMessage] = found.values.get("messages") or []
    if found.next or len(messages) < 2 or not isinstance(messages[-1], AIMessage):
        return None
    return found.values if messages[-2].id == turn.messages[-1].id else None


async def _stored(state: Mapping[str, Any]) -> AsyncIterator[tuple[str, Any]]:
    yield "values", state


async def events(
    app: CompiledMethod,
    turn: Turn,
    context: Context,
    config: RunnableConfig | None = None,
    *,
    known: Mapping[str, Any] | None = None,
) -> AsyncIterator[Event]:
    """Run a turn and yield its events; the last one is `Done`.

    Where the client refuses degraded answers, nothing is shown before the run has ended.

    Args:
        app: The ensemble, with the turn's tools where it has any.
        turn: The request.
        context: Settings of the run.
        config: LangGraph's configuration of the run.
        known: State of the turn, where it was answered before; see `finished`.

    Raises:
        RunError: The run gave no answer.
    """
    shown, inline = Shown(), _Inline()
    given = {"messages": list(turn.messages)}
    modes = MODES if turn.stream else _WHOLE
    if known is None:
        running = app.astream(given, config, context=context, stream_mode=modes)
    else:
        running = _stored(known)
    async for mode, part in running:
        if mode == "messages" and (piece := _reasoning(part[0])) and not turn.refuse_degraded:
            inline.thought = True
            yield Thought(piece)
        for text in shown.take(mode, part):
            for event in inline.split(text):
                if not turn.refuse_degraded:
                    yield event
    answer: AIMessage = shown.state["messages"][-1]
    done = _done(answer, shown.state["report"], short(app, shown.state), turn.ignored)
    if turn.refuse_degraded and done.report["degraded"]:
        yield done
        return
    if done.reasoning and (turn.refuse_degraded or not inline.thought):
        yield Thought(done.reasoning)
    rest = answer.text if turn.refuse_degraded else inline.held + shown.rest()
    if turn.limit is not None and not shown.text:
        usage = answer.usage_metadata
        written = 0 if usage is None else usage["output_tokens"]
        first = shortened(done.text, turn.limit, written, done.reasoning)
        if first is not None:
            rest, done = first, replace(done, text=first, truncated=True)
    if rest:
        yield Delta(rest)
    yield done


def _done(
    answer: AIMessage,
    report: Mapping[str, Any],
    summary: Mapping[str, Any],
    ignored: Sequence[str],
) -> Done:
    return Done(
        text=answer.text,
        tool_calls=answer.tool_calls,
        reasoning=str(answer.additional_kwargs.get("reasoning_content", "")),
        truncated=answer.response_metadata.get("finish_reason") == "length",
        report=report,
        summary=summary,
        ignored=ignored,
    )


def _reasoning(message: BaseMessage) -> str:
    if not isinstance(message, AIMessageChunk):
        return ""
    more = message.additional_kwargs
    return str(more.get("reasoning_content") or more.get("reasoning") or "")


class _Inline:
    """Tells reasoning from the answer where a server streams it as the answer's first part.

    Attributes:
        held: Text that may be the beginning of a tag, and has not been shown.
        thought: Whether reasoning was shown.
    """

    def __init__(self) -> None:
        self.held, self.thought = "", False
        self._tag: str | None = "<think>"  # the tag that is looked for; None: all is answer

    def split(self, text: str) -> Iterator[Event]:
        """Yield what is new of the reasoning and of the answer."""
        if self._tag is None:
            yield Delta(text)
            return
        self.held += text
        if self._tag == "<think>":
            start = self.held.lstrip()
            if start.startswith(self._tag):
                self.held, self._tag, self.thought = start[len(self._tag) :], "</think>", True
            elif not self._tag.startswith(start):
                held, self.held, self._tag = self.held, "", None
                yield Delta(held)
                return
        if self._tag == "</think>":
            before, tag, after = self.held.partition(self._tag)
            keep = 0 if tag else next(n for n in range(8, -1, -1) if before.endswith(self._tag[:n]))
            shown = before[: len(before) - keep]
            self.held = before[len(shown) :]
            if shown:
                yield Thought(shown)
            if tag:
                self._tag, self.held = None, ""
                if after := after.lstrip():
                    yield Delta(after)
