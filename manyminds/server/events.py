"""The typed events of one run, which every protocol's encoder reads."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig

from manyminds.chat_model import MODES, Shown
from manyminds.compiled_method import CompiledMethod
from manyminds.settings import Context

_VENDOR = (
    *("method", "run", "degraded", "notes", "answered_by", "calls", "requests", "reused", "tokens"),
    *("cost", "unpriced_calls", "simulated", "seconds"),
)


def short(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a response tells of a run's report, in its field `manyminds`."""
    return {key: report[key] for key in _VENDOR}


@dataclass(frozen=True)
class Delta:
    """A piece of the answer."""

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
        ignored: Parameters of the request that have no meaning for an ensemble.
    """

    text: str
    tool_calls: Sequence[Mapping[str, Any]]
    reasoning: str
    truncated: bool
    report: Mapping[str, Any]
    ignored: Sequence[str] = ()

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
        """The report's short form, for the field `manyminds` of a response."""
        told = short(self.report)
        return {**told, "ignored": list(self.ignored)} if self.ignored else told


Event: TypeAlias = Delta | Done


@dataclass(frozen=True)
class Turn:
    """What a client asks for, whatever the protocol.

    Attributes:
        model: Name of the ensemble.
        messages: The conversation.
        tools: Tools in OpenAI's form.
        params: Further parameters of the writer: `tool_choice`, `response_format`, ...
        seed: Seed of the run. None: the server's.
        stream: Whether the client reads a stream.
        refuse_degraded: Whether a degraded answer is an error.
        ignored: Parameters that have no meaning for an ensemble.
    """

    model: str
    messages: Sequence[BaseMessage]
    tools: Sequence[Mapping[str, Any]] = ()
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    seed: int | None = None
    stream: bool = False
    refuse_degraded: bool = False
    ignored: Sequence[str] = ()


async def events(app: CompiledMethod, turn: Turn, context: Context) -> AsyncIterator[Event]:
    """Run a turn and yield its events; the last one is `Done`.

    Args:
        app: The ensemble, with the turn's tools where it has any.
        turn: The request.
        context: Settings of the run.

    Raises:
        RunError: The run gave no answer.
    """
    shown = Shown()
    given = {"messages": list(turn.messages)}
    config = RunnableConfig(metadata={"served_as": turn.model})
    running = app.astream(given, config, context=context, stream_mode=MODES)
    async for mode, part in running:
        for text in shown.take(mode, part):
            if not turn.refuse_degraded:
                yield Delta(text)
    if not turn.refuse_degraded and (rest := shown.rest()):
        yield Delta(rest)
    answer: AIMessage = shown.state["messages"][-1]
    report = shown.state["report"]
    if turn.refuse_degraded and not report["degraded"] and answer.text:
        yield Delta(answer.text)
    yield Done(
        text=answer.text,
        tool_calls=answer.tool_calls,
        reasoning=str(answer.additional_kwargs.get("reasoning_content", "")),
        truncated=any("token limit" in note for note in report["notes"]),
        report=report,
        ignored=turn.ignored,
    )
