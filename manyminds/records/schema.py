"""The lines of a run record: one JSON object a line, distinguished by `type`.

A record holds one outermost run and the runs nested in it (several outermost ones where several
were recorded into one file). Lines are in the order in which things happened; each is whole or,
after a crash, missing. `run` is the id of the run that a line belongs to; times are seconds since
1970. Readers pass over types and keys that they do not know; `VERSION` grows when the meaning of
one changes.

| type | one for each | what it has |
|---|---|---|
| `run` | run that begins | method, options, members, graph, question, conversation, `parent` |
| `message` | different message | role, content, tool calls; named by `hash` |
| `prompt` | different prompt | the hashes of its messages, and which prompt file made it |
| `call` | call that has ended | a `Candidate`, its prompt's hash and sampling parameters |
| `inner` | model call in a foreign chain or graph | messages, answer, usage, times |
| `node` | node that has ended | times, and what it decided or read out of answers |
| `event` | progress event | as streamed; those of single calls are left out |
| `end` | run that has its answer | answer and report |
| `failed` | run that has none | why |
"""

from typing import Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from manyminds.protocols import About
from manyminds.records.process import Process
from manyminds.state import Candidate, Failure, Status, TokenUsage

VERSION = 1


class Parent(TypedDict):
    """The call that ran a nested run."""

    run: str
    role: str
    member: str
    layer: int
    index: int


class RunLine(About):
    """A run begins; `messages` are hashes."""

    type: Literal["run"]
    version: int
    run: str
    path: str
    parent: Parent | None
    question: str
    question_id: str
    messages: list[str]
    at: float
    process: NotRequired[Process]


class MessageLine(TypedDict):
    """A message, written once."""

    type: Literal["message"]
    hash: str
    role: str
    content: str | list[Any]
    name: NotRequired[str]
    tool_calls: NotRequired[list[Any]]
    tool_call_id: NotRequired[str]


class PromptLine(TypedDict):
    """A prompt, written once: `ref` is name@version#hash, None where no prompt file made it."""

    type: Literal["prompt"]
    hash: str
    ref: str | None
    messages: list[str]


class CallLine(Candidate):
    """A call has ended: a candidate as it was then, before answers were read out of it."""

    type: Literal["call"]
    prompt: str
    params: dict[str, Any]


class InnerCall(TypedDict):
    """A model call inside a chain or graph that is not ours: see `ModelCall`."""

    model: str
    messages: list[MessageLine]
    text: str
    usage: TokenUsage
    error: str | None
    at: float
    seconds: float
    tool_calls: NotRequired[list[Any]]
    tools: NotRequired[list[dict[str, Any]]]


class InnerLine(InnerCall):
    """The same, and the call that made it."""

    type: Literal["inner"]
    run: str
    role: str
    member: str
    layer: int
    index: int
    draw: int


class Reading(TypedDict):
    """Values that a node read out of an answer after its call had ended."""

    role: str
    member: str
    layer: int
    index: int
    draw: int
    status: Status
    answer: str | None
    error: Failure | None
    where: NotRequired[str]
    confidence: NotRequired[float]
    scores: NotRequired[dict[str, float]]
    hedged_by: NotRequired[str]


class NodeLine(TypedDict):
    """A node has ended: `outcome` has `kept`, `verdict`, `decision`, `ballot`, `roles`, ..."""

    type: Literal["node"]
    run: str
    node: str
    layer: int
    at: float
    seconds: float
    outcome: dict[str, Any]
    readings: list[Reading]


class EventLine(TypedDict):
    """A progress event."""

    type: Literal["event"]
    run: str
    at: float
    event: dict[str, Any]


class EndLine(TypedDict):
    """A run has its answer."""

    type: Literal["end"]
    run: str
    at: float
    answer: str
    report: dict[str, Any]


class FailedLine(TypedDict):
    """A run ended without an answer."""

    type: Literal["failed"]
    run: str
    at: float
    error: str


Line: TypeAlias = (
    RunLine
    | MessageLine
    | PromptLine
    | CallLine
    | InnerLine
    | NodeLine
    | EventLine
    | EndLine
    | FailedLine
)
