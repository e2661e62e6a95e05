"""samples: several replies at once, for steps that ask many members or one member many times."""

from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from manyminds.calls.ask import together
from manyminds.limits.quorum import Quorum, layer_deadline
from manyminds.members import Member
from manyminds.nodes.gate import require
from manyminds.nodes.node import State, Update
from manyminds.nodes.step import Ask, Question, Run
from manyminds.runs.scope import run_scope
from manyminds.state import Candidate

T = TypeVar("T")
SAMPLING: Mapping[str, Any] = {"temperature": 1.0}
"""Sampling parameters of a member that is sampled several times."""


async def at_once(*work: Coroutine[Any, Any, T]) -> list[T]:
    """Run coroutines at once and return their results in order; if one raises, none goes on."""
    found: dict[int, T] = {}

    async def one(place: int, coroutine: Coroutine[Any, Any, T]) -> None:
        found[place] = await coroutine

    await together(*(one(place, coroutine) for place, coroutine in enumerate(work)))
    return [found[place] for place in range(len(work))]


async def ask_all(
    ask: Ask,
    asked: Sequence[tuple[Member, Question]],
    *,
    before: Sequence[Candidate] = (),
    params: Mapping[str, Any] = SAMPLING,
    quorum: Quorum = 1,
) -> list[Candidate]:
    """Ask members at once and return their replies in order of asking, good or failed.

    The run's deadline and grace hold, and calls that the budget has no room for are skipped.

    Args:
        ask: The step's `ask`.
        asked: Member and question of each call.
        before: Earlier replies of this role, after which indices and draws are numbered.
        params: Sampling parameters of the role.
        quorum: Good replies after which the others have the run's `grace`.
    """
    drawn = Counter(reply["member"] for reply in before)
    calls: list[Coroutine[Any, Any, Candidate]] = []
    ask.deadline = layer_deadline(ask.run, ask.layer, asked=len(asked), quorum=quorum)
    for index, (member, question) in enumerate(asked, start=len(before)):
        draw = drawn[member.name]
        drawn[member.name] += 1
        calls.append(ask(member, question, index=index, draw=draw, params=params))
    replies = await at_once(*calls)
    run_scope(ask.run.id).drop_deadline(ask.layer)
    ask.deadline = None
    return replies


def sample(members: Sequence[Member], count: int, *, each: int = 1, quorum: Quorum = 1) -> Run:
    """Return the step that samples members in turn, all at once, and sets `candidates`.

    Where the budget has room for fewer samples, there are fewer, and the report says so.

    Args:
        members: Members to sample.
        count: Number of samples.
        each: Calls in all that follow from one sample, itself included.
        quorum: Good replies needed: a count, or a share such as "75%".
    """

    async def run(_state: State, ask: Ask) -> Update:
        most = max(1, room(ask, count, each=each))
        turns = in_turn(members, most)
        replies = await ask_all(ask, [(member, None) for member in turns], quorum=quorum)
        require(replies, quorum)
        cut = [] if most == count else [f"the budget had room for {most} of {count} answers"]
        return {"candidates": replies, "notes": cut}

    return run


def in_turn(members: Sequence[Member], count: int) -> list[Member]:
    """Return `count` members in turn, from the first on."""
    return [members[place % len(members)] for place in range(count)]


def room(ask: Ask, wanted: int, *, each: int = 1, reserve: int = 0) -> int:
    """Return the number of calls, at most `wanted`, that the budget has room for.

    Args:
        ask: The step's `ask`.
        wanted: Calls that the step would make.
        each: Calls in all that follow from one, itself included.
        reserve: Calls of later steps that the budget must leave room for.
    """
    if ask.run.exhausted() is not None:
        return 0
    left = ask.run.calls_left - reserve
    return wanted if left >= wanted * each else max(0, int(left // each))
