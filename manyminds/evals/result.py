"""What an evaluation found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from manyminds.evals.data import Row, groups_of
from manyminds.evals.eval_log import Outcome
from manyminds.evals.statistics.intervals import interval

_UNGRADED = -1


@dataclass(frozen=True)
class Result:
    """Accuracy and what it took; counts are sums over all repeats.

    Attributes:
        accuracy: 0 to 1, mean over repeats; a run without an answer is not correct.
        interval: 95 %, see `manyminds.evals.statistics.intervals.interval`.
        n: questions that could be graded, each counted once.
        repeats: of each question.
        calls: questions put to models.
        failed: calls that gave no answer.
        unanswered: runs that ended without an answer, apart from wrong answers.
        ungraded: runs whose answer could not be graded; they do not enter the accuracy.
        unread: runs in whose answer nothing could be read; they are not correct.
        degraded: runs with an answer whose report says that something was missing.
        samples_per_question: answers drawn from members, mean over runs.
        rounds_per_question: waves, layers or debate rounds one after the other, mean over runs.
        tokens: input and output.
        cost: dollars, as far as known; None where nothing is.
        seconds: of wall time, for what was asked now.
    """

    accuracy: float
    interval: tuple[float, float]
    n: int
    repeats: int
    calls: int
    failed: int
    unanswered: int
    ungraded: int
    unread: int
    degraded: int
    samples_per_question: float
    rounds_per_question: float
    tokens: int
    cost: float | None
    seconds: float

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return {**asdict(self), "interval": list(self.interval)}


def is_unread(outcome: Outcome) -> bool:
    """Return whether nothing could be read in an answer to grade it by."""
    return not outcome["correct"] and "read" in outcome and outcome["read"] is None


class Totals:
    """Adds records up, in a byte a run, whatever the answers' length."""

    def __init__(self, rows: Sequence[Row], repeats: int) -> None:
        self._place = {row["id"]: place for place, row in enumerate(rows)}
        groups = groups_of(rows)
        self._groups = None if groups is None else [groups[row["id"]] for row in rows]
        self._graded: NDArray[np.int8] = np.full((len(rows), repeats), _UNGRADED, dtype=np.int8)
        self._sums = dict.fromkeys(("calls", "failed", "samples", "rounds", "tokens"), 0)
        self._runs = self._unanswered = self._unread = self._degraded = 0
        self._cost: float | None = None

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        if outcome["correct"] is not None:
            self._graded[self._place[outcome["id"]], outcome["repeat"]] = outcome["correct"]
        sums: Mapping[str, object] = outcome
        for key in self._sums:
            self._sums[key] += int(str(sums[key]))
        if outcome["cost"] is not None:
            self._cost = (self._cost or 0.0) + outcome["cost"]
        self._runs += 1
        self._unread += is_unread(outcome)
        self._unanswered += outcome["error"] is not None
        self._degraded += outcome["error"] is None and outcome["degraded"] is not None

    def result(self, seconds: float) -> Result:
        """Return the figures of the runs so far."""
        graded = self._graded != _UNGRADED
        known = graded.any(axis=1)
        right = np.where(graded, self._graded, 0)[known].sum(axis=1)
        shares = right / graded[known].sum(axis=1)
        runs = max(1, self._runs)
        inside = self._groups and [self._groups[place] for place in np.flatnonzero(known)]
        return Result(
            accuracy=float(shares.mean()) if len(shares) else 0.0,
            interval=interval([float(share) for share in shares], self._graded.shape[1], inside),
            n=int(known.sum()),
            repeats=self._graded.shape[1],
            calls=self._sums["calls"],
            failed=self._sums["failed"],
            unanswered=self._unanswered,
            ungraded=self._runs - int(graded.sum()),
            unread=self._unread,
            degraded=self._degraded,
            samples_per_question=self._sums["samples"] / runs,
            rounds_per_question=self._sums["rounds"] / runs,
            tokens=self._sums["tokens"],
            cost=self._cost,
            seconds=seconds,
        )
