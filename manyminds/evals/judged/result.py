"""What a judge found: ratings or win rates, what the judge prefers, and how it repeats itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import NamedTuple

from manyminds.evals.judged.judge import Spent
from manyminds.evals.judged.length import Published, WinRate, win_rate
from manyminds.evals.judged.task import Item
from manyminds.evals.statistics.intervals import interval, spread_interval
from manyminds.evals.statistics.judges import (
    Judgement,
    Preference,
    Repeatability,
    consistency,
    preferences,
    repeatability,
)

MINE, THEIRS = "method", "reference"
RIGHT = "right"


class Rating(NamedTuple):
    """A mean rating, with its 95 % interval over items."""

    mean: float
    interval: tuple[float, float]
    n: int


class Graded(NamedTuple):
    """The verdicts on one item.

    Attributes:
        item: The item.
        pairs: Judgements by repeat, for a task that compares.
        ratings: Ratings of each turn by repeat, for a task that rates or grades.
        answered: Whether the method gave an answer; a missing one loses without being judged.
    """

    item: Item
    pairs: Sequence[Sequence[Judgement]] = ()
    ratings: Sequence[Sequence[Mapping[str, float]]] = ()
    answered: bool = True


@dataclass
class Judged:
    """What a judge found.

    Attributes:
        ratings: Mean rating by aspect, turn and group; empty for pairs.
        wins: Win rates; None for ratings.
        interval: 95 % interval of the raw win rate.
        preferences: Whether the judge prefers the first or the longer answer, by how much.
        consistency: Share of the pairs on which both orders agree.
        repeats: Times that each verdict was asked for.
        repeatability: How far repeated verdicts agree; None for one of each.
        unanswered: Items without an answer: they lose, or have the worst rating.
        ungraded: Items of which no verdict could be read; they are not counted.
        method: What the method took: calls, tokens, dollars (None: a price is not known).
        judge: What the judge took.
    """

    ratings: dict[str, Rating] = field(default_factory=dict[str, Rating])
    wins: WinRate | None = None
    interval: tuple[float, float] | None = None
    preferences: list[Preference] = field(default_factory=list[Preference])
    consistency: float | None = None
    repeats: int = 1
    repeatability: Repeatability | None = None
    unanswered: int = 0
    ungraded: int = 0
    method: Spent = Spent(0, 0, 0, None)
    judge: Spent = Spent(0, 0, 0, None)

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        plain = asdict(self)
        plain["ratings"] = {name: one._asdict() for name, one in self.ratings.items()}
        plain["wins"] = self.wins and self.wins._asdict()
        plain["repeatability"] = self.repeatability and self.repeatability._asdict()
        plain["preferences"] = [
            {**one._asdict(), "caught": one.caught, "says": str(one)} for one in self.preferences
        ]
        plain["method"], plain["judge"] = self.method._asdict(), self.judge._asdict()
        return plain


def sum_pairs(found: Judged, graded: Sequence[Graded], published: Published | None) -> None:
    """Fill in win rates, and what the judge prefers."""
    all_of = [(one, [each for given in one.pairs for each in given]) for one in graded]
    counted = [(one, judged) for one, judged in all_of if judged]
    if not counted:
        return
    wins = [fmean(one.winner == MINE for one in judged) for _, judged in counted]
    lengths = [dict(zip(judged[0].shown, judged[0].lengths, strict=True)) for _, judged in counted]
    pairs = [(one[MINE], one[THEIRS]) for one in lengths]
    places = [one.item.place for one, _ in counted]
    found.wins = win_rate(wins, pairs, places, published)
    found.interval = interval(wins, repeats=2)  # both orders were asked
    # Repeats are no new evidence of a preference: the first verdict of each order counts.
    asked = [one.pairs[0] for one, _ in counted if one.answered and len(one.pairs[0]) == 2]
    first = [each for both in asked for each in both]
    if first:
        found.preferences, found.consistency = preferences(first), consistency(first)[0]
    verdicts: dict[tuple[str, tuple[str, str]], list[str]] = {}
    for judged in (judged for one, judged in counted if one.answered):
        for each in judged:
            verdicts.setdefault((each.question, each.shown), []).append(each.winner)
    _repeated(found, list(verdicts.values()))


def sum_ratings(found: Judged, graded: Sequence[Graded], limits: tuple[int, int]) -> None:
    """Fill in mean ratings."""
    by: dict[str, dict[str, list[float]]] = {}
    groups = {one.item.group for one in graded if one.item.group}
    for one in graded:
        item = one.item
        for turn, repeated in enumerate(one.ratings, 1):
            rated = _mean(repeated)
            keys = [*((name, (value,)) for name, value in rated.items()), ("all", rated.values())]
            keys += [(f"turn {turn}", rated.values())] if len(one.ratings) > 1 else []
            keys += [(f"group {item.group}", rated.values())] if item.group else []
            for name, values in keys:
                by.setdefault(name, {}).setdefault(item.id, []).extend(values)
    for name, items in by.items():
        means = [fmean(values) for values in items.values() if values]
        if means:
            found.ratings[name] = _rating(means, limits)
    if len(groups) > 1:
        _sum_groups(found, groups, limits)
    _repeated(
        found,
        [
            [rated[name] for rated in repeated if name in rated]
            for one in graded
            if one.answered
            for repeated in one.ratings
            for name in {key for rated in repeated for key in rated}
        ],
    )


def _mean(repeated: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for rated in repeated for name in rated)
    return {name: fmean(rated[name] for rated in repeated if name in rated) for name in names}


def _rating(means: Sequence[float], limits: tuple[int, int]) -> Rating:
    low, high = limits
    start, end = spread_interval([(mean - low) / (high - low) for mean in means])
    return Rating(
        fmean(means), (low + start * (high - low), low + end * (high - low)), len(means)
    )  # fmt: skip


def _sum_groups(found: Judged, groups: set[str], limits: tuple[int, int]) -> None:
    """Add the mean over groups, each counting alike, as CEB and MMAU report it."""
    each = [found.ratings[f"group {name}"] for name in groups if f"group {name}" in found.ratings]
    if not each:
        return
    mean = fmean(one.mean for one in each)
    # Groups are independent: their half widths add in squares.
    below = sum((one.mean - one.interval[0]) ** 2 for one in each) ** 0.5 / len(each)
    above = sum((one.interval[1] - one.mean) ** 2 for one in each) ** 0.5 / len(each)
    within = (max(limits[0], mean - below), min(limits[1], mean + above))
    found.ratings["groups alike"] = Rating(mean, within, sum(one.n for one in each))


def _repeated(found: Judged, verdicts: Sequence[Sequence[object]]) -> None:
    if found.repeats > 1 and any(len(one) > 1 for one in verdicts):
        found.repeatability = repeatability([list(map(str, one)) for one in verdicts])
