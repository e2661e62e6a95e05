"""What a recorder of runs is told, and when."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from langchain_core.messages import BaseMessage

from manyminds.state import Candidate

if TYPE_CHECKING:
    from manyminds.asking.run import Run


@runtime_checkable
class Recorder(Protocol):
    """Is told of everything that happens in a run, nested runs included, as it happens.

    Nothing that it does may change a run, and nothing it raises is caught: what cannot be recorded
    should be found out at once.
    """

    def began(self, run: "Run", about: Mapping[str, Any]) -> None:
        """A run begins; `about` is what is known of its method: options, members, picture."""

    def event(self, event: Mapping[str, Any]) -> None:
        """A progress event, as a caller sees it who streams with `stream_mode="custom"`."""

    def call(
        self,
        run: "Run",
        candidate: Candidate,
        prompt: Sequence[BaseMessage],
        params: Mapping[str, Any],
    ) -> None:
        """A call has ended, good or failed or cut."""

    def ended(self, run: "Run", report: Mapping[str, Any], answer: str) -> None:
        """A run has its answer."""
