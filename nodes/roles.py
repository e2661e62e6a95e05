"""Role arguments of builders: a member, a fallback chain of members, or a node of the host's."""

from collections.abc import Sequence
from typing import TypeAlias, cast

from manyminds.members import Askable, Member, layers_of_members, with_files_read
from manyminds.nodes.node import NodeFunction, is_node

RoleArgument: TypeAlias = Askable | Sequence[Askable] | NodeFunction | None


def with_roles(
    layers: Sequence[Sequence[Askable]], *roles: RoleArgument
) -> tuple[tuple[Member, ...], ...]:
    """Return the members of each layer, then the chain of each role, named together.

    A role that was not given falls to the first member; a role that is a node has an empty chain.
    Naming all of them in one go keeps names unique, and a model that plays two parts is one member.

    Raises:
        MemberError: nobody was given, or somebody cannot be asked.
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
