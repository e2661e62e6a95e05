"""Objects that a program hands to a run: recorders, answer stores, caches; and recorders' events.

The shapes stand here, below everything that uses them, so that settings, calls and records can name
them without importing each other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, Protocol, TypeAlias, runtime_checkable

from langchain_core.messages import BaseMessage
from langgraph.cache.base import BaseCache
from typing_extensions import TypedDict

from manyminds.state import Candidate, TokenUsage

Cache: TypeAlias = BaseCache[dict[str, Any]]


class RunInfo(Protocol):
    """The part of a run's context that a recorder reads.

    Attributes:
        id: of the run.
        method: the method's name.
        path: names a nested run from the outermost run on; empty for the outermost run.
        question: the text of the question.
        question_id: the caller's id of the question, or a hash of its text.
    """

    id: str
    method: str
    path: str
    question: str
    question_id: str


class MemberEntry(TypedDict):
    """A member: its name, model, role and sampling parameters."""

    name: str
    model: str
    role: str | None
    params: dict[str, Any]


class Picture(TypedDict):
    """A method's graph: in mermaid, and as nodes and edges (from, to, conditional)."""

    graph: str
    nodes: list[str]
    edges: list[tuple[str, str, bool]]


class About(Picture):
    """Description of a method when a run of it begins.

    `builder` is module:function, `options` are its arguments as plain data (`<name>` for objects),
    `settings` those of the run, `prompts` name@version#hash of those it uses, `library` the
    version of manyminds.
    """

    method: str
    builder: str
    options: dict[str, Any]
    settings: dict[str, Any]
    members: list[MemberEntry]
    prompts: list[str]
    library: str


class ModelCall(TypedDict):
    """A model call inside a member that is a chain or graph; `at` is seconds since 1970.

    `tool_calls` are those of the answer, `tools` those offered to the model, as OpenAI's schemas.
    """

    model: str
    messages: Sequence[BaseMessage]
    text: str
    usage: TokenUsage
    error: str | None
    at: float
    seconds: float
    tool_calls: NotRequired[list[Any]]
    tools: NotRequired[list[dict[str, Any]]]


@runtime_checkable
class AnswerStore(Protocol):
    """A place where answers are kept by key: a run's journal, a record, a cache."""

    async def get(self, key: str) -> Candidate | None:
        """Return the answer to a call, or None."""

    async def put(self, key: str, candidate: Candidate) -> None:
        """Keep the answer to a call."""


@runtime_checkable
class Recorder(Protocol):
    """Receives everything that happens in a run, nested runs included, as it happens."""

    def began(self, run: RunInfo, messages: Sequence[BaseMessage], about: About) -> None:
        """A run begins with this conversation; `about` describes its method."""

    def event(self, event: Mapping[str, Any]) -> None:
        """A progress event, as a caller receives it that streams with `stream_mode="custom"`."""

    def call(
        self,
        run: RunInfo,
        candidate: Candidate,
        prompt: Sequence[BaseMessage],
        params: Mapping[str, Any],
    ) -> None:
        """A call has ended: answered, failed or cut."""

    def inner(self, run: RunInfo, candidate: Candidate, call: ModelCall) -> None:
        """A model was called inside a chain or graph that is not ours, for this candidate."""

    def node(
        self, run: str, name: str, layer: int, update: Mapping[str, Any], *, at: float
    ) -> None:
        """A node that began at this time has ended with this update of the state."""

    def failed(self, run: str, error: BaseException) -> None:
        """A run ends without an answer."""

    def ended(self, run: str, answer: str, report: Mapping[str, Any]) -> None:
        """A run has its answer."""
