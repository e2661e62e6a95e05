"""What a vote gains on hard and on easy questions, from samples that were drawn once.

The three sides of difficulty of "More Agents Is All You Need" (arXiv 2402.05120): inherent
difficulty, the number of steps, and the prior probability of the right answer.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, Literal, get_args

from manyminds.errors import InputError
from manyminds.evals.resample import leader, shuffled
from manyminds.evals.samples import Drawn
from manyminds.evals.statistics.difficulty import Gain, bands, gains, prior, steps

Side = Literal["difficulty", "steps", "prior", "group"]
SIDES: tuple[str, ...] = get_args(Side)
_EDGES = (0.3, 0.6, 0.9)
_NAMES = ("under 30 %", "30 to 60 %", "60 to 90 %", "90 % and more")
_SOLUTIONS = ("solution", "answer", "rationale")
_WANTED = {
    "steps": "a column `steps`, or solutions with calculations marked as in GSM8K (<<2+2=4>>)",
    "prior": "listed options (A) ..., B) ...), or a column `choices`",
    "group": "a column `group`",
}


def by_difficulty(
    drawn: Sequence[Drawn],
    side: Side,
    rows: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    orders: int = 20,
    seed: int = 0,
) -> list[Gain]:
    """Measure what a vote of all samples gains over one sample, by one side of difficulty.

    For "difficulty", every other sample of a question, in a random order, says how hard the
    question is, and the rest vote: a question is not easy by the luck of the votes that it is
    measured with.

    Args:
        drawn: Samples of each question.
        side: Which side.
        rows: For each question by id, its row, with `question` and whatever tells its steps, prior
            or group; needed for all sides but "difficulty".
        orders: Random orders of each question's samples.
        seed: Seed of the orders and of the bootstrap.

    Raises:
        InputError: There are too few samples, or the rows do not tell this side.
    """
    if side == "difficulty":
        return _inherent(drawn, orders, seed)
    values = {one.id: _READ[side]((rows or {}).get(one.id, {})) for one in drawn}
    known = [one for one in drawn if values[one.id] is not None]
    if not known:
        raise InputError(f"the questions do not tell their {side}: give {_WANTED[side]}")
    known.sort(key=lambda one: _order(values[one.id]))
    measured = [_measured(one, orders, seed) for one in known]
    return gains(
        [str(values[one.id]) if side == "group" else _name(side, values[one.id]) for one in known],
        [single for single, _ in measured],
        [voted for _, voted in measured],
        seed,
    )


def _inherent(drawn: Sequence[Drawn], orders: int, seed: int) -> list[Gain]:
    if any(len(one.labels) < 4 for one in drawn):
        raise InputError(
            "give at least 4 samples of each question: half of them sort the questions"
        )
    found: list[tuple[int, float, float]] = []
    for one in drawn:
        places = shuffled(len(one.labels), seed, f"{one.id}:half")
        sorting, voting = places[::2], places[1::2]
        band = bands([fmean(one.right[place] for place in sorting)], _EDGES)[0]
        rest = one._replace(
            labels=[one.labels[place] for place in voting],
            right=[one.right[place] for place in voting],
        )
        found.append((band, *_measured(rest, orders, seed)))
    found.sort(key=lambda each: each[0])
    return gains(
        [_NAMES[band] for band, _, _ in found],
        [single for _, single, _ in found],
        [voted for _, _, voted in found],
        seed,
    )


def _measured(one: Drawn, orders: int, seed: int) -> tuple[float, float]:
    """Return the share of right samples, and of right votes of all of them."""
    won = list[bool]()
    for n in range(orders):  # which answer comes first decides a tie
        order = shuffled(len(one.labels), seed, one.id, n)
        place = leader([one.labels[p] for p in order])
        won.append(place is not None and one.right[order[place]])
    return fmean(one.right), fmean(won)


def _steps(row: Mapping[str, Any]) -> float | None:
    stated = row.get("steps")
    if isinstance(stated, int | float) or (isinstance(stated, str) and stated.isdecimal()):
        return float(stated)
    found = (steps(str(row[name])) for name in _SOLUTIONS if row.get(name))
    return next((float(number) for number in found if number is not None), None)


def _prior(row: Mapping[str, Any]) -> float | None:
    choices = row.get("choices")
    if isinstance(choices, Sequence) and not isinstance(choices, str) and len(choices) > 1:
        return 1 / len(choices)
    return prior(str(row.get("question", "")))


def _group(row: Mapping[str, Any]) -> str | None:
    given = row.get("group")
    return None if given in (None, "") else str(given)


_READ: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "steps": _steps,
    "prior": _prior,
    "group": _group,
}


def _order(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _name(side: str, value: float) -> str:
    if side == "prior":
        return f"1/{round(1 / value)}"
    return "1 step" if value == 1 else f"{value:g} steps"
