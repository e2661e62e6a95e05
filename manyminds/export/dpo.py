"""Preference pairs for TRL's DPOTrainer: right against wrong, winner against minority.

Two replies to the same prompt make a pair when one is better: by reward where both have one, else
by the vote. The recipe is our own: no paper trains on the minority of a vote as here. `basis` says
where a pair comes from.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

from manyminds.export.exporter import NO_GRADE, Exporter, Row, chat_of, grade, json_text, tools_of
from manyminds.export.messages import NotHeldError
from manyminds.export.trl import ChatMessage, trained_turns
from manyminds.trajectory import Trajectory

SEVERAL = "several turns to train, of which a pair compares only one (write them as eto)"


class DpoRow(TypedDict):
    """A prompt, the better reply and the worse."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    prompt: list[ChatMessage]
    chosen: list[ChatMessage]
    rejected: list[ChatMessage]
    basis: Literal["reward", "vote"]
    tools: NotRequired[str]


class Reply(NamedTuple):
    """A graded reply to a prompt."""

    prompt: list[dict[str, Any]]
    message: dict[str, Any]
    good: bool
    basis: str
    trajectory: Trajectory


def reply_of(trajectory: Trajectory) -> Reply:
    """Return the one turn to train, with its grade.

    Raises:
        NotHeldError: There is no grade, or more than one turn to train.
    """
    graded = grade(trajectory)
    if graded is None:
        raise NotHeldError(NO_GRADE)
    turns = list(trained_turns(chat_of(trajectory)))
    if len(turns) > 1:
        raise NotHeldError(SEVERAL)
    return Reply(*turns[0], *graded, trajectory)


def rows(group: Sequence[Trajectory]) -> Iterator[Row]:
    """Yield the pairs of a task: each distinct worse reply once, against the better ones in turn.

    Raises:
        NotHeldError: No two replies to the same prompt differ in their grade.
    """
    replies: list[Reply] = []
    reason = "no other reply to the same prompt is better or worse"
    for trajectory in group:
        try:
            replies.append(reply_of(trajectory))
        except NotHeldError as error:
            reason = error.reason if not replies else reason
    pairs = [pair for same in _same(replies) for pair in _pairs(same)]
    if not pairs:
        raise NotHeldError(reason)
    for good, bad in pairs:
        yield {
            "prompt": good.prompt,
            "chosen": [good.message],
            "rejected": [bad.message],
            "basis": good.basis,
            **tools_of(good.trajectory),
        }


def _same(replies: Sequence[Reply]) -> Iterator[list[Reply]]:
    """Group replies by prompt and basis."""
    groups: dict[str, list[Reply]] = {}
    for reply in replies:
        key = json_text([reply.prompt, reply.basis, reply.trajectory.tools])
        groups.setdefault(key, []).append(reply)
    yield from groups.values()


def _pairs(replies: Sequence[Reply]) -> Iterator[tuple[Reply, Reply]]:
    good = _distinct([one for one in replies if one.good])
    texts = {json_text(one.message) for one in good}
    bad = [one for one in replies if not one.good and json_text(one.message) not in texts]
    for place, worse in enumerate(_distinct(bad)):
        if good:
            yield good[place % len(good)], worse


def _distinct(replies: Sequence[Reply]) -> list[Reply]:
    return list({json_text(one.message): one for one in reversed(replies)}.values())[::-1]


EXPORTER = Exporter(
    "dpo", "TRL DPOTrainer: prompt, chosen, rejected", DpoRow, rows, take="candidates", grouped=True
)
