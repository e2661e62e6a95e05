"""roles: role arguments of builders, and the role that a member plays in its system message."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias, cast

from langchain_core.messages import BaseMessage

from manyminds.members import Askable, Member, layers_of_members, with_files_read
from manyminds.nodes.node import NodeFunction, is_node
from manyminds.prompts import Prompt, load

RoleArgument: TypeAlias = Askable | Sequence[Askable] | NodeFunction | None


def with_roles(
    layers: Sequence[Sequence[Askable]], *roles: RoleArgument
) -> tuple[tuple[Member, ...], ...]:
    """Return the members of each layer, then the chain of each role, named together.

    A role that was not given falls to the first member; a role that is a node has an empty chain.
    Naming all of them in one go keeps names unique, and a model that plays two parts is one member.

    Raises:
        MemberError: Nobody was given, or somebody cannot be asked.
    """
    rows: list[Sequence[Askable]] = [*with_files_read(layers)]
    where: list[int | None] = []
    for role in roles:
        if is_node(role):
            where.append(None)
            continue
        chain = role if isinstance(role, list | tuple) else [role]
        rows.append(rows[0][:1] if role is None else cast("Sequence[Askable]", chain))
        where.append(len(rows) - 1)
    named = layers_of_members(rows, what="members")
    chains = [() if at is None else named[at] for at in where]
    return (*named[: len(layers)], *chains)


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
