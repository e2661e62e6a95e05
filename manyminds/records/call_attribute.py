"""Attributes of a call that its candidate has, or that a node has read out of it since."""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar, cast, overload

from manyminds.records.schema import Reading
from manyminds.state import Candidate

T = TypeVar("T")


class HasCandidate(Protocol):
    """A call: the candidate and the reading that its attributes are read from."""

    candidate: Candidate
    reading: Reading | None


class CallAttribute(Generic[T]):
    """An attribute of a call: the value that a node has read, else the candidate's, else None."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, call: None, owner: type) -> Self: ...

    @overload
    def __get__(self, call: HasCandidate, owner: type) -> T: ...

    def __get__(self, call: HasCandidate | None, owner: type) -> Any:
        if call is None:
            return self
        read = cast("Mapping[str, Any]", call.reading or {})
        return read[self._name] if self._name in read else call.candidate.get(self._name)
