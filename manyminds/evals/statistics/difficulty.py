"""Where a vote gains: by how hard questions are ("More Agents Is All You Need", arXiv 2402.05120).

The paper names three sides of difficulty: inherent difficulty, the number of steps, and the prior
probability of a right answer. Each sorts questions into groups; `gains` measures a group.
"""

import re
from collections.abc import Hashable, Sequence
from statistics import fmean
from typing import NamedTuple

from manyminds.errors import InputError
from manyminds.evals.statistics.intervals import interval
from manyminds.evals.statistics.paired import difference

_OPTION = re.compile(r"^\s*\(?([A-Z])[).:]\s", re.MULTILINE)
_CALCULATION = re.compile(r"<<[^<>]*>>")  # as GSM8K's reference solutions mark them


class Gain(NamedTuple):
    """A group of questions.

    Attributes:
        group: What they have in common.
        n: Number of questions.
        single: Accuracy of one sample.
        voted: Accuracy of the vote.
        voted_interval: 95 %.
        gain: Accuracy of the vote minus that of one sample.
        gain_interval: 95 %, paired.
    """

    group: Hashable
    n: int
    single: float
    voted: float
    voted_interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]


def gains(
    groups: Sequence[Hashable],
    single: Sequence[float],
    voted: Sequence[float],
    seed: int = 0,
) -> list[Gain]:
    """Measure what a vote gains over one sample in each group of questions.

    Groups must not be made from the same answers that `single` and `voted` are measured on: a
    question that was easy by luck would count as easy. `bands` of other samples are right.

    Args:
        groups: Group of each question; groups are listed in the order of their first question.
        single: Share of right samples for each question.
        voted: Share of right votes for each question.
        seed: Drives the bootstrap.

    Raises:
        InputError: Lengths differ, or scipy is not installed.
    """
    if not len(groups) == len(single) == len(voted):
        raise InputError("give a group, a single share and a voted share for every question")
    found = list[Gain]()
    for group in dict.fromkeys(groups):
        places = [place for place, one in enumerate(groups) if one == group]
        alone, together = [single[p] for p in places], [voted[p] for p in places]
        gain, around = difference(together, alone, seed)
        found.append(
            Gain(
                group,
                len(places),
                fmean(alone),
                fmean(together),
                interval(together),
                gain,
                around,
            )
        )
    return found


def bands(shares: Sequence[float], edges: Sequence[float]) -> list[int]:
    """Return the band of inherent difficulty of each question, 0 for the hardest.

    Args:
        shares: Share of right answers for each question, of samples that nothing else uses.
        edges: Limits between bands, rising; a share equal to a limit belongs to the band above.
    """
    return [sum(share >= edge for edge in edges) for share in shares]


def prior(question: str) -> float | None:
    """Return 1/K for a question with K listed options, such as `A) ...`; None without options."""
    listed = list(dict.fromkeys(_OPTION.findall(question)))
    first = [chr(ord("A") + place) for place in range(len(listed))]
    return 1 / len(listed) if len(listed) > 1 and listed == first else None


def steps(solution: str) -> int | None:
    """Return the number of calculations of a reference solution as GSM8K writes them (`<<2+2=4>>`).

    None where no calculation is marked.
    """
    return len(_CALCULATION.findall(solution)) or None
