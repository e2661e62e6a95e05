"""Progress events: `stream_mode="custom"` yields them while a method runs; recorders get them too.

    async for event in app.astream(question, stream_mode="custom"): ...

Each event has `event` (which of these it is), `run` and `method`; nested runs stream theirs under
their own `run`. Events say what has happened, and nothing must depend on them: a host that does not
stream loses nothing. New events and new keys may come; the meaning of these does not change.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from manyminds.state import FailureKind


class _Event(TypedDict):
    run: str
    method: str


class Planned(_Event):
    """So many more calls will be made, unless the run stops early."""

    event: Literal["planned"]
    calls: int


class LayerBegun(_Event):
    """A layer, round or wave begins."""

    event: Literal["layer"]
    layer: int


class Asked(_Event):
    """A member is being asked; retries have no event."""

    event: Literal["asked"]
    member: str
    role: str
    index: int


class _Ended(_Event):
    member: str
    role: str
    index: int
    layer: int
    seconds: float
    cost: float | None
    kind: FailureKind | None


class Answered(_Ended):
    """A member has answered; `cost` is in dollars, None where no price is known."""

    event: Literal["answered"]


class Failed(_Ended):
    """A member gave no answer that can be used, or was cut; `kind` says why."""

    event: Literal["failed"]


class Voted(_Event):
    """Votes were counted: `counts` most first; `stop` says why no more are asked for."""

    event: Literal["voted"]
    stop: str | None
    counts: NotRequired[list[int]]
    asked: NotRequired[int]
    step: NotRequired[int]


class Kept(_Event):
    """Of a layer these were chosen to be passed on, best first, by their indices."""

    event: Literal["kept"]
    layer: int
    kept: list[int]
    source: str | None


class Stopped(_Event):
    """No further layer, round or wave is made; `source` says whose decision that was."""

    event: Literal["stopped"]
    layer: int
    reason: str
    source: str


class Dropped(_Event):
    """The text streamed under this message id is void: another answer takes its place."""

    event: Literal["dropped"]
    member: str
    message_id: str | None


class Continued(_Event):
    """The text streamed under the id `by` continues the message `message_id`."""

    event: Literal["continued"]
    message_id: str | None
    by: str | None


Event: TypeAlias = (
    Planned | LayerBegun | Asked | Answered | Failed | Voted | Kept | Stopped | Dropped | Continued
)


def decided(
    run: str, method: str, layer: int, update: Mapping[str, Any]
) -> Iterator[Kept | Stopped]:
    """Yield the events that follow from the update of a node, also of a host's own."""
    if update.get("kept"):
        verdict = update.get("verdict")
        yield Kept(
            event="kept",
            run=run,
            method=method,
            layer=layer,
            kept=list(update["kept"]),
            source=verdict["source"] if isinstance(verdict, Mapping) else None,
        )
    decision = update.get("decision")
    if isinstance(decision, Mapping) and decision.get("stop"):
        yield Stopped(
            event="stopped",
            run=run,
            method=method,
            layer=layer,
            reason=str(decision.get("reason", "")),
            source=str(decision.get("source", "")),
        )
