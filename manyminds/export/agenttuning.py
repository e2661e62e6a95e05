"""AgentTuning's AgentInstruct: turns with `loss`, null for the human side.

The paper keeps trajectories with reward 1 (`--min-reward 1`). As in its files, instructions (the
system message and the tools) are the first turn, which the agent acknowledges in a turn that is not
trained; then comes the task. Tool calls are written as ReAct's actions: the published ones have the
form of their environment.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import Exporter, Row
from manyminds.export.react import Turn, head_of, turns_of
from manyminds.export.sharegpt import sharegpt
from manyminds.trajectory import Trajectory

ACKNOWLEDGEMENT = "OK."
AgentTurn = TypedDict(
    "AgentTurn", {"from": Literal["human", "gpt"], "loss": bool | None, "value": str}
)


class AgentTuningRow(TypedDict):
    """A trajectory."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    conversations: list[AgentTurn]
    id: str


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory."""
    turns, head = turns_of(trajectory, headed=False), head_of(trajectory)
    if head:
        told = Turn(side="user", text=head, train=False)
        turns = [told, Turn(side="agent", text=ACKNOWLEDGEMENT, train=False), *turns]
    written = [
        {"from": one["from"], "loss": turn["train"] if turn["side"] == "agent" else None,
         "value": one["value"]}
        for turn, one in zip(turns, sharegpt(turns), strict=True)
    ]  # fmt: skip
    yield {"conversations": written, "id": trajectory.id}


EXPORTER = Exporter(
    "agenttuning", "AgentTuning (AgentInstruct): conversations with loss", AgentTuningRow, rows,
    take="episodes", paper="arXiv 2310.12823",
)  # fmt: skip
