"""What the server knows of a protocol: how to read a request and how to write a run."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from typing import Protocol as Form

from pydantic import BaseModel

from manyminds.server.events import Done, Event, Turn
from manyminds.server.problems import Problem

Frames: TypeAlias = AsyncIterator[dict[str, Any] | str]
"""What a stream sends: events as objects, and marks such as "[DONE]"."""


class Body(Form):
    """The body of a request."""

    model: str

    def turn(self, *, refuse_degraded: bool) -> Turn:
        """Return the request as a turn."""
        ...


@dataclass(frozen=True)
class Protocol:
    """One protocol.

    Attributes:
        path: Path of its requests.
        summary: What the path does, for the OpenAPI document.
        request: Model of a request's body; has `turn`, as `Body` says.
        whole: Returns the response of a request without `stream`, from its run, turn and id.
        stream: Yields the frames of a stream, from its events, turn and id.
        failed: Returns the last frame of a stream whose run failed.
        error: Returns the body of a request that failed.
    """

    path: str
    summary: str
    request: type[BaseModel]
    whole: Callable[[Done, Turn, str], dict[str, Any]]
    stream: Callable[[AsyncIterator[Event], Turn, str], Frames]
    failed: Callable[[Turn, str, Problem], dict[str, Any]]
    error: Callable[[Problem], dict[str, Any]]
