"""Choosing members on real questions: ask all, calibrate on some, judge the choice on the rest.

Every member is asked every question once, through an Agent Forest, so recorded, simulated and real
members are measured alike. What is chosen never sees the questions that it is judged on.
"""

import asyncio
import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.grading import Grader, verdict_of
from manyminds.evals.mixture import optimal_mixture
from manyminds.evals.statistics.paired import difference
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.members import Askable
from manyminds.members import members as as_members
from manyminds.reading.answers import Extractor
from manyminds.state import Candidate
from manyminds.votes.selection import MOST, Chosen, Selection, choose, encoded, weighted_vote
from manyminds.votes.unlabelled import agreement_weights

_RIGHT = ("right",)
_NOTHING = 1e-9
Answers = dict[str, list[Hashable | None]]


@dataclass(frozen=True)
class Rival:
    """Another way to weigh all members, on the same questions as the choice.

    Attributes:
        calibration: Accuracy of its vote on the calibration questions, 0 to 1.
        accuracy: Accuracy on the others.
        loss: What the choice loses against it on the others, below 0 where the choice is better.
        interval: Of the loss, 95 %, paired.
        members: Number of members with a weight above 0.
    """

    calibration: float
    accuracy: float
    loss: float
    interval: tuple[float, float]
    members: int


@dataclass(frozen=True)
class Judged:
    """A choice, and how it does on the questions that it was not made on.

    Attributes:
        selection: the choice.
        calibration: accuracy of its weighted vote on the questions that it was made on.
        accuracy: of the weighted vote of the chosen, 0 to 1.
        best_single: accuracy there of the member that looked best on the calibration set.
        asked: number of questions it was judged on.
        rivals: "optimal mixture", which is the best possible on the calibration questions, and
            "weights without labels", from agreement there; none where scipy is missing.
    """

    selection: Selection
    calibration: float
    accuracy: float
    best_single: float
    asked: int
    rivals: Mapping[str, Rival] = field(default_factory=dict[str, Rival])


async def ask_everyone(
    members: Sequence[Askable],
    rows: Sequence[Row],
    *,
    extract: Extractor,
    concurrency: int = 8,
    on_row: Callable[[], None] = lambda: None,
) -> dict[str, list[Candidate | None]]:
    """Ask every member every question once, and return each one's candidates."""
    named = as_members(list(members))
    graph = create_agent_forest(list(named), samples=len(named), extract=extract, vote="majority")
    app = graph.compile()
    answers: dict[str, list[Candidate | None]] = {m.name: [None] * len(rows) for m in named}
    left = iter(enumerate(rows))

    async def work() -> None:
        for at, row in left:
            output = await app.ainvoke(
                {"messages": [("user", row["question"])]},
                {"metadata": {"question_id": row["id"], "shuffle": "select"}},
            )
            for candidate in output["candidates"]:
                answers[candidate["member"]][at] = candidate
            on_row()

    await asyncio.gather(*(work() for _ in range(concurrency)))
    return answers


async def keys(
    asked: Mapping[str, Sequence[Candidate | None]],
    rows: Sequence[Row],
    *,
    extract: Extractor,
    grade: Grader,
) -> Answers:
    """Return the key of each answer, None where none came.

    An answer that the grader finds right has the key of right answers, however it is written.
    """
    return {
        name: [
            await _key(candidate, row, extract, grade)
            for candidate, row in zip(candidates, rows, strict=True)
        ]
        for name, candidates in asked.items()
    }


async def _key(
    candidate: Candidate | None, row: Row, extract: Extractor, grade: Grader
) -> Hashable | None:
    if candidate is None or candidate["status"] != "ok":
        return None
    if await verdict_of(grade, row, candidate["text"]):
        return _RIGHT
    return None if candidate["answer"] is None else extract.key(candidate["answer"])


def judge(answers: Answers, calibration: int, seed: str, *, most: int = MOST) -> Judged:
    """Choose on `calibration` questions drawn by the seed, and judge the choice on the others.

    Raises:
        InputError: there are not more questions than the calibration takes.
    """
    count = len(next(iter(answers.values())))
    if not 0 < calibration < count:
        raise InputError(
            f"--calibration {calibration}: give 1 to {count - 1}, for there are {count} questions "
            "and some must be left to judge the choice on"
        )
    drawn = list(range(count))
    random.Random(seed).shuffle(drawn)
    known, rest = drawn[:calibration], drawn[calibration:]
    selection = choose(_part(answers, known), [_RIGHT] * len(known), most=most)
    names = [member.name for member in selection.members]
    weights = np.array([member.weight for member in selection.members])
    before, after = (_right(answers, at, names, weights) for at in (known, rest))
    alone = _part(answers, rest)[selection.best_single]
    return Judged(
        selection=selection,
        calibration=float(before.mean()),
        accuracy=float(after.mean()),
        best_single=sum(answer == _RIGHT for answer in alone) / len(rest),
        asked=len(rest),
        rivals=_rivals(answers, known, rest, after),
    )


def _rivals(
    answers: Answers, known: Sequence[int], rest: Sequence[int], chosen: NDArray[np.bool_]
) -> dict[str, Rival]:
    """Weigh all members in other ways on the calibration questions, and judge that on the rest."""
    names, part = list(answers), _part(answers, known)
    codes = encoded([part[name] for name in names], [_RIGHT] * len(known))
    votes = [[None if code < 0 else int(code) for code in column] for column in codes.T]
    found = dict[str, Rival]()
    try:
        ways = {
            "optimal mixture": optimal_mixture(codes).weights,
            "weights without labels": np.array(agreement_weights(votes)),
        }
        for way, weights in ways.items():
            order = [int(n) for n in np.argsort(-weights, kind="stable") if weights[n] > _NOTHING]
            taken, heavy = [names[n] for n in order], weights[order]
            after = _right(answers, rest, taken, heavy)
            loss, around = difference(after.astype(float).tolist(), chosen.astype(float).tolist())
            before = float(_right(answers, known, taken, heavy).mean())
            found[way] = Rival(before, float(after.mean()), loss, around, len(order))
    except InputError:  # scipy is not installed: the choice itself needs none
        return {}
    return found


def _right(
    answers: Answers, at: Sequence[int], names: Sequence[str], weights: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say on which questions the weighted vote of these members is right."""
    part = _part(answers, at)
    codes = encoded([part[name] for name in names], [_RIGHT] * len(at))
    found: NDArray[np.bool_] = weighted_vote(codes, weights) == 0
    return found


def _part(answers: Answers, at: Sequence[int]) -> Answers:
    return {name: [row[n] for n in at] for name, row in answers.items()}


def as_chain(selection: Selection) -> Selection:
    """Return the choice for a role that one member plays: the best first, the next as fallbacks.

    An aggregator has no vote, so the accuracy alone counts; the order is the fallback chain.
    """
    best = sorted(selection.accuracy.items(), key=lambda item: -item[1])[:3]
    members = tuple(Chosen(name, accuracy, 1.0) for name, accuracy in best)
    return Selection(members, selection.best_single, selection.accuracy, 0.0)


def as_file(selection: Selection, specs: Mapping[str, str], about: Mapping[str, Any]) -> Any:
    """Return the content of a members file, which `--members` and every builder read."""
    return {
        "members": [
            {
                "model": specs[member.name],
                "name": member.name,
                "weight": round(member.weight, 6),
                "accuracy": round(member.accuracy, 6),
            }
            for member in selection.members
        ],
        **about,
    }
