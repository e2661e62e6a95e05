"""What every claim of EVIDENCE.md is made of."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from manyminds.evals.statistics.intervals import interval
from manyminds.evals.statistics.paired import difference

Rows = Sequence[tuple[str, ...]]


class Finding(NamedTuple):
    """What was measured.

    Attributes:
        rows: Header and rows of the table.
        text: What the figures say of the claim.
        n: Number of questions, where the description of the data names it.
    """

    rows: Rows
    text: str
    n: int = 0


class Claim(NamedTuple):
    """One claim of a paper.

    Attributes:
        name: Short name, for `--only`.
        title: What the paper says.
        paper: Title and arXiv number.
        reported: The paper's figures.
        data: What is measured here, and whether it is simulated; `{n}` is the number of questions.
        limits: Where it does not hold.
        measure: Computes the finding.
        needs: Files it needs; where one is missing, the section is kept as it was written.
    """

    name: str
    title: str
    paper: str
    reported: str
    data: str
    limits: str
    measure: Callable[[], Finding]
    needs: tuple[Path, ...] = ()


def percent(shares: Sequence[float], repeats: int = 1) -> tuple[str, str]:
    """Return an accuracy and its 95 % interval as text."""
    low, high = interval([float(share) for share in shares], repeats)
    mean = fmean(shares)
    return f"{100 * mean:.1f} %", f"{100 * low:.1f} to {100 * high:.1f}"


def compared(one: Sequence[float], other: Sequence[float], what: str) -> str:
    """Return a sentence on the paired difference between two ways of answering."""
    mean, (low, high) = difference([float(x) for x in one], [float(x) for x in other])
    told = "a difference" if low > 0 or high < 0 else "no significant difference"
    return f"{what}: {100 * mean:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}], {told}."


def winner(votes: Sequence[Hashable | None]) -> Hashable | None:
    """Return the answer with most votes, the first one of a tie; None without a vote."""
    counts = Counter(vote for vote in votes if vote is not None)
    return max(counts, key=lambda vote: counts[vote], default=None)
