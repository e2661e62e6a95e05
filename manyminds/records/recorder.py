"""What a recorder of runs is told, and when."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from langchain_core.messages import BaseMessage

from manyminds.state import Candidate

if TYPE_CHECKING:
    from manyminds.records.schema import About, InnerCall
    from manyminds.runs.context import RunContext


@runtime_checkable
class Recorder(Protocol):
    """Is told of everything that happens in a run, nested runs included, as it happens.

    Nothing that it does may change a run, and nothing it raises is caught: what cannot be recorded
    should be found out at once.
    """

    def began(self, run: "RunContext", messages: Sequence[BaseMessage], about: "About") -> None:
        """A run begins with this conversation; `about` is what is known of its method."""

    def event(self, event: Mapping[str, Any]) -> None:
        """A progress event, as a caller sees it who streams with `stream_mode="custom"`."""

    def call(
        self,
        run: "RunContext",
        candidate: Candidate,
        prompt: Sequence[BaseMessage],
        params: Mapping[str, Any],
    ) -> None:
        """A call has ended, good or failed or cut."""

    def inner(self, run: "RunContext", candidate: Candidate, call: "InnerCall") -> None:
        """A model was called inside a chain or graph that is not ours, for this candidate."""

    def node(
        self, run: str, name: str, layer: int, update: Mapping[str, Any], *, at: float
    ) -> None:
        """A node that began at this time has ended with this update of the state."""

    def failed(self, run: str, error: BaseException) -> None:
        """A run ends without an answer."""

    def ended(self, run: str, answer: str, report: Mapping[str, Any]) -> None:
        """A run has its answer."""
