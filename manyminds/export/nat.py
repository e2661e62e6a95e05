"""NAT, negative-aware training: failures are kept, and the question says what kind follows.

Three turns come before the trajectory: an instruction, an acknowledgement, and the question, whose
wording depends on the reward: wrong, partly correct, correct. Only the agent's own turns have
`loss`. At inference use the wording for success. The wordings are our own.
"""

from collections.abc import Iterator
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import GOOD, NO_REWARD, Exporter, Row
from manyminds.export.messages import NotHeldError
from manyminds.export.react import turns_of
from manyminds.trajectory import Trajectory

INSTRUCTION = "Solve the task that follows: write a thought and an action in each step."
ACKNOWLEDGEMENT = "Understood. Which task is it?"
SUCCESS = "Write the steps of a solution that is correct."
PARTLY = "Write the steps of a solution that is partly correct."
FAILURE = "Write the steps of a solution that is wrong."


class NatTurn(TypedDict):
    """A turn and whether it is trained."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    role: Literal["user", "assistant"]
    content: str
    loss: bool


class NatInfo(TypedDict):
    """What is known of the result."""

    reward: bool
    gt: NotRequired[str]
    pred: NotRequired[str]


class NatRow(TypedDict):
    """A trajectory with the three turns before it."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    id: str
    conversations: list[NatTurn]
    info: NatInfo


def framed(question: str, reward: float = GOOD) -> list[tuple[Literal["user", "assistant"], str]]:
    """Return the three turns before a trajectory; at inference those of a success."""
    wording = SUCCESS if reward >= GOOD else PARTLY if reward > 0 else FAILURE
    return [
        ("user", INSTRUCTION),
        ("assistant", ACKNOWLEDGEMENT),
        ("user", f"{question}\n\n{wording}"),
    ]


def rows(trajectory: Trajectory) -> Iterator[Row]:
    """Yield the one row of a trajectory whose reward is known."""
    if trajectory.reward is None:
        raise NotHeldError(NO_REWARD)
    success = trajectory.reward >= GOOD
    first, *rest = turns_of(trajectory)
    info: dict[str, Any] = {"reward": success}
    for key, value in (("gt", trajectory.gold), ("pred", trajectory.answer)):
        if value is not None:
            info[key] = value
    yield {
        "id": trajectory.id,
        "conversations": [
            *(_turn(role, text) for role, text in framed(first["text"], trajectory.reward)),
            *(
                _turn("assistant" if one["side"] == "agent" else "user", one["text"], one["train"])
                for one in rest
            ),
        ],
        "info": info,
    }


def _turn(role: str, content: str, loss: bool = False) -> dict[str, Any]:
    return {"role": role, "content": content, "loss": loss}


EXPORTER = Exporter(
    "nat", "NAT: successes and failures, distinguished in the question", NatRow, rows,
    take="episodes", layout="array", paper="arXiv 2402.11651",
)  # fmt: skip
