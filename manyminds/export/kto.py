"""Graded replies for TRL's KTOTrainer: any candidate whose reward or vote is known.

Desirable is a reward of 1, or the answer that won the vote. The rows from votes are our own recipe;
`basis` says where a label comes from.
"""

from collections.abc import Iterator
from typing import Literal, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.dpo import reply_of
from manyminds.export.exporter import Exporter, Row, tools_of
from manyminds.export.trl import ChatMessage
from manyminds.trajectory import Trajectory


class KtoRow(TypedDict):
    """A prompt, a reply, and whether the reply is desirable."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    prompt: list[ChatMessage]
    completion: list[ChatMessage]
    label: bool
    basis: Literal["reward", "vote"]
    tools: NotRequired[str]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a graded reply."""
    reply = reply_of(trajectory)
    yield {
        "prompt": reply.prompt,
        "completion": [reply.message],
        "label": reply.good,
        "basis": reply.basis,
        **tools_of(trajectory),
    }


EXPORTER = Exporter(
    "kto", "TRL KTOTrainer: prompt, completion, label", KtoRow, rows, take="candidates"
)
