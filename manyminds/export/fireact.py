"""FireAct's Alpaca form: a whole ReAct trajectory as one output.

All methods (chain of thought, ReAct, Reflexion) come into this one form: an answer without actions
becomes a thought and `finish[...]`. The released files end with a line that reveals the reward;
it is left out here. As published, the instruction is the task alone, without system message and
tools, and observations are part of the output, so every turn is trained.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import UNTRAINED, Exporter, Row
from manyminds.export.messages import NotHeldError
from manyminds.export.react import finished, turns_of
from manyminds.trajectory import Trajectory


class AlpacaRow(TypedDict):
    """An instruction and what to answer."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    instruction: str
    input: Literal[""]
    output: str


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory."""
    first, *rest = turns_of(trajectory, headed=False)
    lines: list[str] = []
    for turn in rest[:-1]:
        if turn["side"] == "agent" and not turn["train"]:
            raise NotHeldError(UNTRAINED)
        seen = turn["side"] == "user" and not turn["text"].startswith("Observation:")
        lines.append(f"Observation: {turn['text']}" if seen else turn["text"])
    lines.append(finished(rest[-1]["text"], trajectory.answer))
    yield {"instruction": first["text"], "input": "", "output": "\n".join(lines)}


EXPORTER = Exporter(
    "fireact", "FireAct: a ReAct trajectory in Alpaca form", AlpacaRow, rows,
    take="episodes", layout="array", paper="arXiv 2310.05915",
)  # fmt: skip
