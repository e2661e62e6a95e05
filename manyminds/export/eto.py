"""ETO: pairs of whole trajectories of one task, success against failure.

The trajectory of a task with the highest reward is chosen, and every one with less is rejected;
equal rewards make no pair. A rejected trajectory is cut at five rounds more than the chosen one, so
that failures are not told by their length. Both begin with the same first turn of the user.
"""

from collections.abc import Iterator, Sequence

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import NO_REWARD, UNTRAINED, Exporter, Row
from manyminds.export.messages import NotHeldError
from manyminds.export.react import Turn, turns_of
from manyminds.export.sharegpt import SharegptTurn, sharegpt
from manyminds.trajectory import Trajectory

EXTRA_ROUNDS = 5


class EtoRow(TypedDict):
    """A task, the better trajectory and a worse one; both end with the agent."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    id: str
    prompt: list[SharegptTurn]
    chosen: list[SharegptTurn]
    rejected: list[SharegptTurn]


def rows(group: Sequence[Trajectory]) -> Iterator[Row]:
    """Yield the pairs of a task.

    Raises:
        NotHeldError: No two trajectories have rewards that differ and the same beginning.
    """
    known: list[tuple[float, Trajectory, list[Turn]]] = []
    reason = NO_REWARD
    for trajectory in group:
        if trajectory.reward is not None:
            try:
                known.append((trajectory.reward, trajectory, _alternating(trajectory)))
            except NotHeldError as error:
                reason = error.reason
    if not known:
        raise NotHeldError(reason)
    best, one, turns = max(known, key=lambda each: each[0])
    worse = [each for each in known if each[0] < best]
    if not worse:
        raise NotHeldError("all trajectories of the task have the same reward")
    worse = [each for each in worse if each[2][0]["text"] == turns[0]["text"]]
    if not worse:
        raise NotHeldError("the trajectories of the task begin differently")
    for _, other, rejected in worse:
        yield {
            "id": one.task if one.task is not None else other.id,
            "prompt": list(sharegpt(turns[:1])),
            "chosen": list(sharegpt(turns[1:])),
            "rejected": list(sharegpt(rejected[: len(turns) + 2 * EXTRA_ROUNDS][1:])),
        }


def _alternating(trajectory: Trajectory) -> list[Turn]:
    turns = turns_of(trajectory)
    if not all(turn["train"] for turn in turns if turn["side"] == "agent"):
        raise NotHeldError(UNTRAINED)
    return turns


EXPORTER = Exporter(
    "eto", "ETO: pairs of whole trajectories", EtoRow, rows,
    take="episodes", grouped=True, layout="array", paper="arXiv 2403.02502",
)  # fmt: skip
