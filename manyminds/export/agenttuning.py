"""AgentTuning's AgentInstruct: turns with `loss`, null for the human side.

The paper keeps trajectories with reward 1 (`--min-reward 1`). Tool calls are written as ReAct's
actions; system message and tools are at the head of the first turn, because the form has no place
for them.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row
from manyminds.export.react import turns_of
from manyminds.export.sharegpt import sharegpt
from manyminds.trajectory import Trajectory

AgentTurn = TypedDict(
    "AgentTurn", {"from": Literal["human", "gpt"], "loss": bool | None, "value": str}
)


class AgentTuningRow(TypedDict):
    """A trajectory."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    id: str
    conversations: list[AgentTurn]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory."""
    turns = turns_of(trajectory)
    written = [
        {"from": one["from"], "loss": turn["train"] if turn["side"] == "agent" else None,
         "value": one["value"]}
        for turn, one in zip(turns, sharegpt(turns), strict=True)
    ]  # fmt: skip
    yield {"id": trajectory.id, "conversations": written}


EXPORTER = Exporter(
    "agenttuning", "AgentTuning (AgentInstruct): conversations with loss", AgentTuningRow, rows,
    take="episodes", paper="arXiv 2310.12823",
)  # fmt: skip
