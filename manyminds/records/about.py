"""Description of a method in a record: options, members and picture, as plain data, no keys."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

from langgraph.graph.state import CompiledStateGraph

from manyminds.members import Member
from manyminds.models.redact import without_keys, without_secrets
from manyminds.protocols import About, MemberEntry, Picture
from manyminds.settings import Context

_SETTINGS = ("concurrency", "seed", "params", "deadline", "grace", "hedge")
# Fields of a member that change its answers; limits and prices do not.
_OF_ITS_OWN = frozenset({"name", "role", "params", "input", "output"})


class Graph(Protocol):
    """Picture of a method's graph in a record: its nodes and edges."""

    method: str
    builder: str
    members: dict[str, Member]
    options: dict[str, Any]

    @property
    def prompts(self) -> list[str]:
        """name@version#hash of each prompt."""
        ...


def about_of(graph: Graph, settings: Context, picture: Picture) -> About:
    """Return the description of a method for a record.

    Args:
        graph: Graph of the method.
        settings: Settings of the run.
        picture: Drawing of the graph.
    """
    return About(
        **picture,
        method=graph.method,
        builder=graph.builder,
        options=graph.options,
        settings=settings_of(settings),
        members=members_of(graph.members.values()),
        prompts=graph.prompts,
        library=library(),
    )


def members_of(members: Iterable[Member]) -> list[MemberEntry]:
    """Return the members, without options that only concern how they are called."""
    return [
        MemberEntry(
            name=member.name, model=_model(member), role=member.role, params=plain(member.params)
        )
        for member in members
    ]


def settings_of(settings: Context) -> dict[str, Any]:
    """Return the settings of a run that are plain data."""
    return {name: plain(getattr(settings, name)) for name in _SETTINGS}


def picture_of(graph: CompiledStateGraph[Any, Any, Any, Any]) -> Picture:
    """Draw a graph; that takes milliseconds."""
    drawn = graph.get_graph()
    return Picture(
        graph=drawn.draw_mermaid(),
        nodes=list(drawn.nodes),
        edges=[(edge.source, edge.target, edge.conditional) for edge in drawn.edges],
    )


@cache
def library() -> str:
    """Return the version of manyminds."""
    return version("manyminds")


def plain(value: object) -> Any:
    """Return an option as plain data: all but texts, numbers and lists of them by name."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | Path):
        return without_keys(str(value))
    if isinstance(value, Member):
        return _model(value) if not _OF_ITS_OWN & value.model_fields_set else f"<{value.name}>"
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return without_secrets({str(name): plain(one) for name, one in items})
    if isinstance(value, Sequence):
        return [plain(one) for one in cast("Sequence[object]", value)]
    name = getattr(value, "name", None) or getattr(value, "__name__", None)
    return f"<{name if isinstance(name, str) else type(value).__name__}>"


def _model(member: Member) -> str:
    if member.spec is not None:
        return without_keys(member.spec)
    if member.input_kind.kind == "chat":
        return without_keys(member.identity)
    return f"<{member.name}>"
