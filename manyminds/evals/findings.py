"""What the results in a folder show: all that a report has figures of."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from manyminds.errors import InputError
from manyminds.evals.comparison import Compared, Comparison
from manyminds.evals.members_alone import BEST_MEMBER, shares_of
from manyminds.evals.statistics.difficulty import Gain, bands, gains
from manyminds.evals.statistics.judges import Preference, preferences
from manyminds.evals.statistics.pareto import Priced, front
from manyminds.evals.statistics.power import smallest_effect
from manyminds.evals.statistics.scaling import (
    Recommended,
    VoteLaw,
    continued,
    fit_vote_law,
    recommend,
)
from manyminds.evals.study import Study
from manyminds.evals.vote_curve import StoredVotes, stored_votes

_EDGES = (1 / 3, 2 / 3, 1.0)
_BANDS = ("under a third right", "a third to two thirds", "more than two thirds", "all right")


@dataclass(frozen=True)
class Findings:
    """Figures of a study.

    Attributes:
        study: What was read.
        comparison: The methods, paired.
        fronts: Methods on the Pareto front of accuracy against each kind of cost.
        votes: Votes over the stored answers, of every size and with every stopping rule.
        law: Fitted to the sizes; None where there are fewer than three.
        recommended: Number of samples: as measured, beyond that by the law.
        difficulty: What the best method gains over one member, by how many members are right.
        detectable: Smallest difference that so many questions show.
        judge: Preferences of the judge, where its choices were kept.
        budget: Dollars that a question may cost; None: no limit.
    """

    study: Study
    comparison: Comparison
    fronts: dict[str, list[str]]
    votes: StoredVotes
    law: VoteLaw | None
    recommended: Recommended | None
    difficulty: list[Gain]
    detectable: float
    judge: list[Preference]
    budget: float | None = None

    @property
    def affordable(self) -> list[Compared]:
        """The methods that cost no more than the budget; all where there is none."""
        limit = self.budget
        if limit is None:
            return list(self.comparison)
        return [one for one in self.comparison if one.cost is not None and one.cost <= limit]

    @property
    def best(self) -> Compared:
        """The most accurate method that the budget allows; the cheaper one of equals."""
        allowed = self.affordable or self.comparison
        return max(allowed, key=lambda one: (one.accuracy, -one.tokens))

    def row(self, name: str) -> Compared | None:
        """Return the figures of a method."""
        return next((one for one in self.comparison if one.method == name), None)


def find(
    study: Study, seed: int = 0, *, target: float | None = None, budget: float | None = None
) -> Findings:
    """Compute the figures of a study.

    Args:
        study: What was read from a folder.
        seed: Drives bootstraps and random orders.
        target: Accuracy that a vote is to reach, 0 to 1.
        budget: Dollars that a question may cost.

    Raises:
        InputError: The budget is too small, or prices are unknown; or scipy is not installed.
    """
    comparison = Comparison(
        study.methods, study.answers, repeats=study.repeats, seed=seed, groups=study.groups
    )
    votes, law, best = stored_votes(study.answers, seed), None, None
    if len(votes.sizes) >= 3:
        points = {round(one.samples): one.accuracy for one in votes.sizes}
        law = fit_vote_law(list(points), list(points.values()))
        most = None if budget is None else _affordable(study, budget)
        best = recommend(continued(points, law), max(points), target=target, most=most)
    return Findings(
        study=study,
        comparison=comparison,
        fronts=_fronts(comparison),
        votes=votes,
        law=law,
        recommended=best,
        difficulty=_difficulty(study, comparison, seed),
        detectable=smallest_effect(study.questions),
        judge=preferences(study.judgements) if study.judgements else [],
        budget=budget,
    )


def _affordable(study: Study, budget: float) -> int:
    """Return for how many samples the budget of a question pays."""
    costs = [one["cost"] for one in study.answers if one["cost"] is not None]
    if len(costs) < len(study.answers) or not sum(costs):
        raise InputError("a budget needs the price of every answer: run it again with --price")
    return int(budget * len(costs) / sum(costs))


def _fronts(methods: Sequence[Compared]) -> dict[str, list[str]]:
    kinds: dict[str, dict[str, float | None]] = {
        "dollars": {one.method: one.cost for one in methods},
        "tokens": {one.method: one.tokens for one in methods},
        "seconds": {one.method: one.seconds for one in methods},
    }
    accuracy = {one.method: one.accuracy for one in methods}
    found = dict[str, list[str]]()
    for kind, costs in kinds.items():
        known = {name: cost for name, cost in costs.items() if cost is not None}
        if len(known) == len(accuracy) and any(known.values()):
            found[kind] = front({name: Priced(accuracy[name], c) for name, c in known.items()})
    return found


def _difficulty(study: Study, comparison: Comparison, seed: int) -> list[Gain]:
    """Measure the best method by how many members are right on a question."""
    shares = shares_of(study.answers)
    if len(shares) < 2:
        return []
    ensembles = [one for one in comparison if one.method != BEST_MEMBER]
    best = max(ensembles, key=lambda one: one.accuracy)
    voted = comparison.shares[best.method]
    ids = [id for id in sorted(voted) if all(id in by_id for by_id in shares.values())]
    if not ids:
        return []
    single = [fmean(by_id[id] for by_id in shares.values()) for id in ids]
    groups = bands(single, _EDGES)
    order = sorted(range(len(ids)), key=lambda place: groups[place])
    return gains(
        [_BANDS[groups[place]] for place in order],
        [single[place] for place in order],
        [voted[ids[place]] for place in order],
        seed,
    )
