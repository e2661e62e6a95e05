"""Measures of members without reference answers: preferences, and similarity of wording.

Each member answers each calibration question once. A judge compares neighbours on a ring that is
drawn for each question, so every member meets two others, at as many calls as there are
members; or scores that were recorded with the answers take the judge's place.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from langchain_core.messages import HumanMessage

from manyminds.calls.ask import ask_all, blank
from manyminds.evals.data import Row, id_of
from manyminds.evals.statistics.judges import Judgement
from manyminds.fence import numbered
from manyminds.json_lines import json_lines
from manyminds.members import Member
from manyminds.prompts import Prompt
from manyminds.runs.context import RunContext
from manyminds.settings import DEFAULT_CONCURRENCY, Context
from manyminds.state import Candidate
from manyminds.votes.selection import Chosen, Floats, Selection, ranked, win_rates
from manyminds.votes.similarity import matrix
from manyminds.votes.votes import pick

PREFERRED = 6
"""Members in a choice by preference: the number of proposers in the MoA paper."""

Texts = Mapping[str, Sequence[str | None]]


class Meeting(NamedTuple):
    """Two members whose answers to a question are compared, in the order of showing."""

    question: int
    shown: tuple[int, int]


async def judged(
    texts: Texts,
    rows: Sequence[Row],
    judge: Member,
    prompt: Prompt,
    seed: int,
    on_judgement: Callable[[Judgement], None] | None = None,
) -> Floats:
    """Let a judge compare members in pairs, and return each one's share of wins a question.

    Args:
        texts: of each member, its answer to each question; None where it gave none, which loses.
        rows: the questions.
        judge: member that compares two answers, in a random order and without names.
        prompt: with the variable `answers`, asking for the number of the better one.
        seed: draws the rings and the order within pairs.
        on_judgement: called with each choice that could be read, to see what the judge prefers.

    Returns:
        Members by questions; 1 where all comparisons were won, NaN where none could be read.
    """
    names = list(texts)
    settings = Context(seed=seed, concurrency=DEFAULT_CONCURRENCY, params={})
    run = RunContext(
        id=f"compare-{seed}",
        method="select",
        question_id="preferences",
        question="",
        settings=settings,
    )
    meetings = [meeting for at, row in enumerate(rows) for meeting in ring(names, at, row, seed)]
    replies = [
        blank(judge, run, role="judge", index=n, draw=n, layer=0) for n in range(len(meetings))
    ]
    batches = []
    for meeting, reply in zip(meetings, replies, strict=True):
        answers = [texts[names[member]][meeting.question] for member in meeting.shown]
        if None not in answers:
            asked = [HumanMessage(rows[meeting.question]["question"])]
            shown = numbered(answer or "" for answer in answers)
            batches.append((judge, [reply], prompt.render(asked, answers=shown)))
    await ask_all(batches, run)
    won: list[list[list[float]]] = [[[] for _ in rows] for _ in names]
    for meeting, reply in zip(meetings, replies, strict=True):
        there = [m for m in meeting.shown if texts[names[m]][meeting.question] is not None]
        winner = there[0] if len(there) == 1 else _winner(reply, meeting)
        if on_judgement is not None and winner is not None and len(there) == 2:
            on_judgement(_judgement(meeting, winner, texts, names, rows))
        for member in meeting.shown if winner is not None else ():
            won[member][meeting.question].append(float(member == winner))
    return np.array([[sum(w) / len(w) if w else np.nan for w in member] for member in won])


def _judgement(
    meeting: Meeting, winner: int, texts: Texts, names: Sequence[str], rows: Sequence[Row]
) -> Judgement:
    first, second = (names[member] for member in meeting.shown)
    lengths = [len(texts[name][meeting.question] or "") for name in (first, second)]
    return Judgement(
        rows[meeting.question]["id"],
        (first, second),
        (lengths[0], lengths[1]),
        meeting.shown.index(winner),
    )


def ring(names: Sequence[str], question: int, row: Row, seed: int) -> list[Meeting]:
    """Return which members meet on a question: neighbours on a ring; two members meet once."""
    draw = random.Random(f"{seed}:{row['id']}")
    order = draw.sample(range(len(names)), len(names))
    pairs = zip(order, [*order[1:], order[0]], strict=True)
    met = [Meeting(question, (a, b) if draw.random() < 0.5 else (b, a)) for a, b in pairs]
    return met if len(names) > 2 else met[: len(names) - 1]


def _winner(reply: Candidate, meeting: Meeting) -> int | None:
    chosen = pick(reply["text"], 2) if reply["status"] == "ok" else None
    return None if chosen is None else meeting.shown[chosen]


def recorded(path: Path, names: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Read scores recorded with the answers: for each member, question id to score.

    Args:
        path: recorded answers whose samples have a `model` and a `score`.
        names: from a model's name in the file to the member's name.
    """
    scores: dict[str, dict[str, float]] = {name: {} for name in names.values()}
    for where, row in json_lines(path):
        samples: Any = row.get("samples")
        for sample in samples if isinstance(samples, list) else []:
            if not isinstance(sample, Mapping):
                continue
            model, score = str(sample.get("model", row.get("model"))), sample.get("score")
            if model in names and isinstance(score, int | float):
                scores[names[model]].setdefault(id_of(row, where), float(score))
    return scores


def alike(texts: Texts) -> Floats:
    """Return how alike members write: mean BLEU between their answers to a question, 0 to 1."""
    names = list(texts)
    total, counted = np.zeros((len(names), len(names))), np.zeros((len(names), len(names)))
    for at in range(len(next(iter(texts.values()), ()))):
        there = [n for n, name in enumerate(names) if texts[name][at] is not None]
        block = matrix([texts[names[n]][at] or "" for n in there], metric="bleu") / 100
        total[np.ix_(there, there)] += block
        counted[np.ix_(there, there)] += 1
    mean = np.divide(total, counted, out=np.zeros_like(total), where=counted > 0)
    both: Floats = (mean + mean.T) / 2
    return both


def choose_preferred(
    names: Sequence[str], scores: Floats, likeness: Floats, *, most: int = PREFERRED
) -> Selection:
    """Choose members by win rate and diversity; weights are the log odds of the win rate, above 0.

    Args:
        names: of the members.
        scores: members by questions, any scale, NaN where missing.
        likeness: similarity of every two members, 0 to 1.
        most: number of members to choose.
    """
    rates = win_rates(scores)
    order = sorted(ranked(rates, likeness, most), key=lambda i: (-rates[i], i))
    squeezed = np.clip(rates, 0.02, 0.98)
    weights = np.maximum(np.log(squeezed / (1 - squeezed)), 0.01)
    pairs = [likeness[i, j] for i in order for j in order if i != j]
    return Selection(
        members=tuple(Chosen(names[i], float(rates[i]), float(weights[i])) for i in order),
        best_single=names[int(np.argmax(rates))],
        accuracy={name: float(rate) for name, rate in zip(names, rates, strict=True)},
        error_correlation=float(np.mean(pairs)) if pairs else 0.0,
    )
