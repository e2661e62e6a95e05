"""persona: a member that is to be somebody is told so in its system message."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from langchain_core.messages import BaseMessage

from manyminds.members import Member
from manyminds.prompts import Prompt, load


def addressed(messages: Sequence[Any], member: Member) -> list[BaseMessage]:
    """Return the conversation as this member is to see it: with its role, if it has one."""
    if member.role is None:
        return list(messages)
    return _persona().render(messages, persona=member.role)


def prepare(members: Iterable[Member]) -> None:
    """Read the prompt while a graph is built: an event loop may forbid reading files."""
    if any(member.role is not None for member in members):
        _persona()


@cache
def _persona() -> Prompt:
    return load("member/persona@1")
