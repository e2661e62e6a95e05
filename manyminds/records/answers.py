"""Where answers are kept by key; the run's journal, a record and a cache are such places."""

from typing import Protocol

from manyminds.state import Candidate


class AnswerStore(Protocol):
    """A place where answers are kept by key."""

    async def get(self, key: str) -> Candidate | None:
        """Return the answer to a call, or None."""

    async def put(self, key: str, candidate: Candidate) -> None:
        """Keep the answer to a call."""
