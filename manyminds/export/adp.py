"""The Agent Data Protocol, version 1.2: what the field writes between sources and trainers.

The protocol allows no further fields, and links tool calls and results by id: what it does not know
(system message, tools, `train` flags, rating, ...) is stored in `details`, from which the importer
takes it back. `train` and `continues` name the places of the actions that differ from the default.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row
from manyminds.trajectory import APIAction, CodeAction, MessageAction, Step, Trajectory

VERSION = "1.2.0"
OURS = "manyminds"
"""Key in `details`."""


class AdpRow(TypedDict):
    """A trajectory; its steps are distinguished by `class_`."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    schema_version: str
    id: str
    content: list[dict[str, Any]]
    details: dict[str, Any]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory."""
    known = trajectory.model_dump(
        mode="json", exclude_defaults=True, exclude={"id", "content", "details"}
    )
    steps = trajectory.content
    links = _links(steps)
    ours: dict[str, Any] = {
        **known,
        "untrained": [n for n, s in enumerate(steps) if not getattr(s, "train", True)],
        "continues": [n for n, s in enumerate(steps) if getattr(s, "continues", False)],
        "links": {
            str(n): step.tool_call_id
            for n, step in enumerate(steps)
            if step.tool_call_id != links.get(n)
        },
    }
    details = {**trajectory.details, OURS: {k: v for k, v in ours.items() if v not in ([], {})}}
    yield {
        "schema_version": VERSION,
        "id": trajectory.id,
        "content": [_step(step, links.get(n)) for n, step in enumerate(steps)],
        "details": details,
    }


def _step(step: Step, link: str | None) -> dict[str, Any]:
    row = step.model_dump(mode="json", exclude={"train", "continues", "tool_call_id"})
    if link is not None:
        row["tool_call_id"] = link
    return row


def _links(steps: list[Step]) -> dict[int, str]:
    """Link calls and results by ids that are unique and answered, as the protocol demands.

    A call keeps its id where that is so. One that has none is linked to the result right after it.
    """
    links: dict[int, str] = {}
    taken = {step.tool_call_id for step in steps}
    open_calls: dict[str, int] = {}
    for place, step in enumerate(steps):
        if isinstance(step, APIAction | CodeAction):
            if step.tool_call_id is not None and step.tool_call_id not in open_calls:
                open_calls[step.tool_call_id] = place
        elif not isinstance(step, MessageAction):
            before = steps[place - 1] if place else None
            call = step.tool_call_id
            if call in open_calls and open_calls[call] not in links:
                links[open_calls[call]] = links[place] = call
            elif isinstance(before, APIAction | CodeAction) and place - 1 not in links:
                made = f"call_{place - 1}"
                while made in taken:
                    made += "_"
                taken.add(made)
                links[place - 1] = links[place] = made
    return links


EXPORTER = Exporter(
    "adp", "Agent Data Protocol", AdpRow, rows, take="episodes", paper="arXiv 2510.24702"
)
