"""Claims shown on simulated members, as `manyminds.models.simulated.model` says they err.

SIMULATED: no figure comes from a real model. `benchmarks/difficulty.py` and `benchmarks/sparse.py`
run the methods' graphs on more questions and check more claims.
"""

import asyncio
from collections.abc import Sequence
from random import Random
from statistics import fmean
from typing import Any, NamedTuple

from sparse import KEEP, LAYERS, members, outcomes

from claims.common import Claim, Finding, compared, percent, winner
from manyminds import create_moa, create_smoa
from manyminds.evals.statistics.paired import difference
from manyminds.models.simulated.arithmetic import QuestionRow
from manyminds.models.simulated.choices import read_asked
from manyminds.models.simulated.model import (
    SimulatedChatModel,
    from_string,
    option_questions,
    questions,
)

SAMPLES, QUESTIONS, SEED = 40, 300, 0
_MISREADING = 0.25  # as the simulated model misreads options


class Point(NamedTuple):
    """One sample and a vote, for each question."""

    single: list[float]
    vote: list[float]

    @property
    def gain(self) -> float:
        return fmean(self.vote) - fmean(self.single)


def answered(model: SimulatedChatModel, row: QuestionRow, draw: Random) -> str:
    """Return one answer of a simulated member, drawn as its chat model draws it."""
    asked = read_asked(row["question"])
    assert asked is not None
    result = model.work(asked.chain, draw).result
    error = 1 - model.skill ** (1 / 5)
    return asked.choose(result, draw, error * _MISREADING)[0]


def measured(model: SimulatedChatModel, rows: Sequence[QuestionRow]) -> Point:
    single, vote = list[float](), list[float]()
    for row in rows:
        given = [answered(model, row, Random(f"{SEED}|{n}|{row['id']}")) for n in range(SAMPLES)]
        single.append(given.count(row["answer"]) / SAMPLES)
        vote.append(float(winner(given) == row["answer"]))
    return Point(single, vote)


def table(name: str, points: dict[str, Point]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (name, "one sample", f"vote of {SAMPLES}", "95 % interval", "gain, points")
    ]
    for label, point in points.items():
        gap, (low, high) = difference(point.vote, point.single)
        rows.append(
            (
                label, percent(point.single, SAMPLES)[0], *percent(point.vote),
                f"{100 * gap:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
            )
        )  # fmt: skip
    return rows


def inherent() -> Finding:
    model = from_string("medium")
    points = {
        f"{1 + 2 * d:g}": measured(model, questions(QUESTIONS, 5, SEED, difficulty=d))
        for d in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
    }
    gains = {name: point.gain for name, point in points.items()}
    top = max(gains, key=lambda name: gains[name])
    first, last = next(iter(gains)), list(gains)[-1]
    return Finding(
        table("digits of the operands", points),
        f"The gain is {100 * gains[first]:.1f} points at {first} digits, {100 * gains[top]:.1f} at "
        f"{top}, and {100 * gains[last]:.1f} at {last}.",
    )


def steps() -> Finding:
    model = from_string("medium")
    points = {str(n): measured(model, questions(QUESTIONS, n, SEED)) for n in (1, 2, 4, 6, 8)}
    least, most = points["1"].gain, points["8"].gain
    return Finding(
        table("steps", points),
        f"The gain grows from {100 * least:.1f} points at 1 step to {100 * most:.1f} at 8.",
    )


def prior() -> Finding:
    model = from_string("small")
    points = {
        f"1/{k}": measured(model, option_questions(QUESTIONS, 5, SEED, options=k))
        for k in (128, 64, 32, 16, 8, 4, 2)
    }
    gains = {name: point.gain for name, point in points.items()}
    top = max(gains, key=lambda name: gains[name])
    return Finding(
        table("prior probability", points),
        f"The gain grows to {100 * gains[top]:.1f} points at {top}; above, votes are nearly always "
        "right and there is less to gain.",
    )


def sparse() -> Finding:
    who = members()
    rows = [*questions(32, 1, SEED, difficulty=0), *questions(16, 8, SEED, difficulty=0.5)]

    async def both() -> tuple[Any, Any]:
        moa = await outcomes(create_moa(who, layers=LAYERS), who, rows)
        smoa = await outcomes(create_smoa(who, layers=LAYERS, keep=KEEP), who, rows)
        return moa, smoa

    moa, smoa = asyncio.run(both())
    found: list[tuple[str, ...]] = [
        ("method", "right", "95 % interval", "calls a question", "tokens a question")
    ]
    for name, one in (("MoA", moa), ("SMoA", smoa)):
        calls, tokens = (
            sum(getattr(o, kind) for o in one) / len(one) for kind in ("calls", "tokens")
        )
        found.append((name, *percent([o.right for o in one]), f"{calls:.1f}", f"{tokens:.0f}"))
    saved = []
    for kind in ("calls", "tokens"):
        base = sum(getattr(o, kind) for o in moa) / len(moa)
        ratios = [getattr(o, kind) / base for o in moa], [getattr(o, kind) / base for o in smoa]
        gap, (low, high) = difference(*ratios)
        saved.append(f"{gap:.0%} of the {kind} [{low:.0%}, {high:.0%}]")
    return Finding(
        found,
        f"SMoA saves {' and '.join(saved)}. "
        + compared([o.right for o in smoa], [o.right for o in moa], "SMoA against MoA"),
    )


MORE = "More Agents Is All You Need, arXiv 2402.05120"
SIMULATED = "SIMULATED: chains of arithmetic, 300 questions a row, 40 samples of one member."
AS_BUILT = (
    "It shows how a vote behaves where members err as the simulation says (a fifth of all errors "
    "is shared by all samples); it is no evidence of real models."
)
CLAIMS = [
    Claim(
        "inherent",
        "The gain rises, then falls, with inherent difficulty",
        MORE,
        "The gain first grows, then falls, with difficulty.",
        SIMULATED,
        AS_BUILT,
        inherent,
    ),
    Claim(
        "steps",
        "The gain grows with the number of steps",
        MORE,
        "The gain grows with the number of steps.",
        SIMULATED,
        AS_BUILT,
        steps,
    ),
    Claim(
        "prior",
        "The gain grows with the prior probability of the right answer",
        MORE,
        "The gain grows with the prior probability.",
        SIMULATED + " The answer is one of K ranges, the prior 1/K.",
        AS_BUILT + " From 1/16 or so on the gain falls, since one sample is right more often.",
        prior,
    ),
    Claim(
        "sparse",
        "SMoA costs less than MoA at no loss",
        "SMoA, arXiv 2411.03284",
        "SMoA saves about 40 % of the processing against MoA; MMAU +18.2 % against MoA's +24.9 %.",
        "SIMULATED: four members, three layers, the judge keeps two answers; 48 questions, two "
        "thirds of them easy.",
        "What is saved depends on how many questions are easy: on hard ones SMoA stops late and "
        "costs as much.",
        sparse,
    ),
]
