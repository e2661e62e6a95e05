"""persona: a member that is to be somebody is told so in its system message."""

from collections.abc import Sequence
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


@cache
def _persona() -> Prompt:
    return load("member/persona@1")
