"""What a model knows: one reply, a vote of several, and how often a sure vote is right.

Questions are asked through Agent Forest and appended to a file as they are answered, so that a
measurement continues where it stopped; with a folder for records, the same runs are training data.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from manyminds.evals.batch import Batch, Item, abatch
from manyminds.evals.data import Row
from manyminds.evals.grading import Grader, vote_kind
from manyminds.evals.statistics.intervals import interval
from manyminds.export.filters import verdict
from manyminds.export.recipes import Chat
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.interrupts import wait_for
from manyminds.json_lines import json_lines
from manyminds.members import Member
from manyminds.models.local import PREFIX, is_folder
from manyminds.records.record import record

TEMPERATURE = 0.8
SURE = 0.6
"""Share of the replies behind an answer from which a vote counts as sure."""
_AT_ONCE = 1  # replies to one prompt share its cache in llama.cpp
_SLOTS = 256  # of transformers: what a processor gains by large batches is above ten times


@dataclass(frozen=True)
class Sampling:
    """How questions are asked.

    Attributes:
        samples: Replies to a question, which vote.
        max_tokens: Tokens of a reply at most; a reply that is cut counts as none.
        seed: Seed of the runs.
        threads: Threads of a local engine; None: one a processor. One thread is the quickest where
            other programs keep the processors busy.
    """

    samples: int = 8
    max_tokens: int = 64
    seed: int = 0
    threads: int | None = None


@dataclass(frozen=True)
class Measured:
    """Shares are 0 to 1, intervals are of 95 % over questions.

    Attributes:
        questions: Questions asked.
        samples: Replies to each.
        read: Share of replies in which an answer was read.
        single: Share of single replies that are right.
        single_interval: Its interval.
        vote: Share of votes that are right.
        vote_interval: Its interval.
        sure: Votes with at least the share `SURE` of all replies behind their answer.
        sure_right: Those of them that are right.
    """

    questions: int
    samples: int
    read: float
    single: float
    single_interval: tuple[float, float]
    vote: float
    vote_interval: tuple[float, float]
    sure: int
    sure_right: int

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return asdict(self)


def sample(
    model: str,
    rows: Sequence[Row],
    out: Path,
    how: Sampling,
    *,
    asks: Callable[[str], Chat] = lambda question: [("user", question)],
    runs: Path | None = None,
    on_question: Callable[[Batch], None] = lambda _batch: None,
) -> Batch:
    """Ask a model each question several times, and let the replies vote.

    Args:
        model: The member, such as `local:smollm2`.
        rows: Questions.
        out: File of votes; questions that it has are not asked again.
        how: Replies, their length, seed.
        asks: Makes the messages of a question.
        runs: Folder for records of the runs, from which training data can be exported.
        on_question: Called after each question.
    """
    model, at_once = _asked(model, how)
    params = {"max_tokens": how.max_tokens, "temperature": TEMPERATURE}
    forest = create_agent_forest(
        Member(model, params=params, timeout=None),
        samples=how.samples,
        prompt=None,
        extract=vote_kind(rows) or "final",
    ).compile()
    items = (
        Item(number, row["id"], row["question"], list(asks(row["question"])), row)
        for number, row in enumerate(rows)
    )
    if runs is not None:
        runs.mkdir(parents=True, exist_ok=True)

    async def work() -> Batch:
        with nullcontext() if runs is None else record(runs):
            return await abatch(
                forest, items, out, seed=how.seed, concurrency=at_once, on_item=on_question
            )

    # On the loop of synchronous calls, so that it works in a notebook, too.
    return wait_for(work)


def _asked(model: str, how: Sampling) -> tuple[str, int]:
    """Return a member with the options of a measurement, and questions at once."""
    if not model.startswith(PREFIX):
        return model, _AT_ONCE
    options = [] if how.threads is None else [f"threads={how.threads}"]
    if not is_folder(model.removeprefix(PREFIX)):
        return "?".join([model, *options]), _AT_ONCE
    options += [f"slots={_SLOTS}", f"seed={how.seed}"]
    # Twice what a batch takes: the next one is made ready while this one is written.
    return f"{model}?{'&'.join(options)}", -(-2 * _SLOTS // how.samples)


def measured(votes: Path, rows: Sequence[Row], grade: Grader, samples: int) -> Measured:
    """Grade the votes that `sample` has written; a question without any reply is wrong.

    Args:
        votes: The file.
        rows: The questions.
        grade: Grader of these questions.
        samples: Replies to each question that were asked for.
    """
    found = {str(row["item"]): row for _, row in json_lines(votes)} if votes.exists() else {}
    read, single, vote, sure = 0, list[float](), list[float](), list[float]()
    for row in rows:
        groups = _groups(found.get(row["id"]), row, grade)
        read += sum(count for count, _ in groups)
        single.append(sum(count * right for count, right in groups) / samples)
        vote.append(float(bool(groups) and groups[0][1]))
        if groups and groups[0][0] >= SURE * samples:
            sure.append(vote[-1])
    return Measured(
        questions=len(rows),
        samples=samples,
        read=read / (len(rows) * samples),
        single=fmean(single),
        single_interval=interval(single, samples),
        vote=fmean(vote),
        vote_interval=interval(vote),
        sure=len(sure),
        sure_right=int(sum(sure)),
    )


def _groups(found: Mapping[str, Any] | None, row: Row, grade: Grader) -> list[tuple[int, bool]]:
    """Return for each answer that was read how many replies gave it, and if it is right."""
    ballot = (found or {}).get("ballot")
    if not ballot or ballot["vote"] != "majority":  # no answer could be read in any reply
        return []
    return [
        (len(group["indices"]), bool(verdict(grade, row, group["answer"] or "")))
        for group in ballot["groups"]
    ]
