"""How accuracy grows with the number of samples: one run at the most samples tells them all.

A forest of N samples asks the same members in the same order as the first N of a larger one, so
the vote over the first N candidates is what it would have answered. Nothing is asked twice.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from typing_extensions import TypedDict

from manyminds.aio import in_thread
from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.grading import GRADERS, Grader, verdict_of
from manyminds.evals.resample import stopped
from manyminds.evals.statistics.coverage import pass_at_k
from manyminds.evals.statistics.intervals import interval
from manyminds.members import Member
from manyminds.nodes.tally import VoteFunction, tally
from manyminds.reading.answers import Extractor
from manyminds.state import Candidate
from manyminds.votes.effort import Effort
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import labels


class Point(TypedDict):
    """The figures at one number of samples.

    `coverage` is the unbiased share of questions that one of so many samples gets right (pass@k,
    as in "Large Language Monkeys", arXiv 2407.21787): what a perfect choice could reach. None with
    a stopping rule, where fewer samples were drawn on easy questions. `cost` is dollars a question,
    None where a price is unknown.
    """

    samples: int
    accuracy: float
    interval: tuple[float, float]
    coverage: float | None
    samples_used: float
    cost: float | None


class Curve:
    """Collects the candidates of each run, and draws up the points.

    Args:
        points: numbers of samples, the largest of which was asked.
        vote: as for `create_agent_forest`, but none for which a judge is asked.
        extract: reader that says which answers are equal.
        members: with their weights.
        rule: the stopping rule, if there is one.
        grade: from a row and a candidate's text to right or wrong.

    Attributes:
        notes: What the caps of the votes left out, in words.
    """

    def __init__(
        self,
        points: Sequence[int],
        *,
        vote: str | VoteFunction,
        extract: Extractor,
        members: Sequence[Member],
        rule: StoppingRule | None,
        grade: Grader,
    ) -> None:
        self.points = sorted(set(points))
        self.notes: list[str] = []
        self._vote, self._extract, self._members = vote, extract, members
        self._rule, self._grade = rule, grade
        self._right: dict[int, dict[str, list[bool]]] = {n: {} for n in self.points}
        self._used: dict[int, list[int]] = {n: [] for n in self.points}
        self._cost: dict[int, list[float | None]] = {n: [] for n in self.points}
        self._coverage: dict[int, list[float]] = {n: [] for n in self.points}

    async def add(self, row: Row, output: Mapping[str, Any] | None) -> None:
        """Take in the candidates of one run; one without an answer is wrong at every point."""
        if output is None:
            for n in self.points:
                self._right[n].setdefault(row["id"], []).append(False)
            return
        candidates: list[Candidate] = output["candidates"]
        verdicts = [await self._verdict(row, candidate) for candidate in candidates]
        # Votes compare texts and formulas: in a thread, so that other runs continue meanwhile.
        last = await in_thread(GRADERS, self._stopped, candidates)
        for n in self.points:
            used = min(n, last)
            part = candidates[:used]
            winner = await in_thread(GRADERS, self._winner, part)
            self._right[n].setdefault(row["id"], []).append(winner is not None and verdicts[winner])
            self._used[n].append(used)
            costs = [candidate["cost"] for candidate in part]
            known = [cost for cost in costs if cost is not None]
            self._cost[n].append(sum(known) if len(known) == len(costs) else None)
            if self._rule is None:
                self._coverage[n].append(pass_at_k(len(candidates), sum(verdicts), n))

    def result(self, repeats: int) -> list[Point]:
        """Return the points, fewest samples first."""
        return [self._point(n, repeats) for n in self.points]

    def _winner(self, part: Sequence[Candidate]) -> int | None:
        """Return the winner of a vote over some candidates; note what the caps left out."""
        effort = Effort()
        ballot = tally(part, self._vote, self._extract, self._members, effort)
        for note in (*effort.notes, *ballot.get("notes", [])):
            if note not in self.notes:
                self.notes.append(note)
        return ballot["winner"]

    def _point(self, n: int, repeats: int) -> Point:
        shares = [sum(right) / len(right) for right in self._right[n].values()]
        runs, covered = max(1, len(self._used[n])), self._coverage[n]
        costs = [cost for cost in self._cost[n] if cost is not None]
        return Point(
            samples=n,
            accuracy=fmean(shares) if shares else 0.0,
            interval=interval(shares, repeats),
            coverage=fmean(covered) if covered else None,
            samples_used=sum(self._used[n]) / runs,
            cost=sum(costs) / runs if len(costs) == len(self._cost[n]) and costs else None,
        )

    def _stopped(self, candidates: Sequence[Candidate]) -> int:
        """Return after how many candidates the rule stops."""
        if self._rule is None:
            return len(candidates)
        votes = labels([candidate["answer"] for candidate in candidates], self._extract)
        return stopped(self._rule, votes)

    async def _verdict(self, row: Row, candidate: Candidate) -> bool:
        if candidate["status"] != "ok":
            return False
        return bool(await verdict_of(self._grade, row, candidate["text"]))


def read_points(text: str) -> list[int]:
    """Read numbers of samples such as "1,2,5,10".

    Raises:
        InputError: it is no list of numbers from 1 on.
    """
    try:
        points = [int(part) for part in text.split(",")]
    except ValueError:
        points = []
    if not points or min(points) < 1:
        raise InputError(f"--curve {text}: give numbers of samples, such as 1,2,5,10,20,40")
    return points


def plot(points: Sequence[Point], path: Path, title: str) -> None:
    """Draw the curve with its interval and the coverage above it, and write it to a file.

    Raises:
        InputError: matplotlib is not installed, or it does not know the kind of file.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError('--plot needs matplotlib: pip install "manyminds[eval]"') from None
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.add_subplot()
    samples = [point["samples"] for point in points]
    axes.fill_between(
        samples,
        [100 * point["interval"][0] for point in points],
        [100 * point["interval"][1] for point in points],
        color="#0072B2",
        alpha=0.2,
        label="95 % interval",
    )
    axes.plot(samples, [100 * p["accuracy"] for p in points], "o-", color="#0072B2", label="vote")
    covered = [(p["samples"], 100 * p["coverage"]) for p in points if p["coverage"] is not None]
    if covered:
        axes.plot(*zip(*covered, strict=True), "s--", color="#D55E00", label="coverage (pass@k)")
    axes.set_xscale("log", base=2)
    axes.set_xticks(samples, [str(n) for n in samples])
    axes.minorticks_off()
    axes.set(xlabel="samples", ylabel="right answers, %", title=title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        raise InputError(f"--plot {path}: {str(error).splitlines()[0]}") from None
