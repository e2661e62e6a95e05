"""What the results in a folder show: all that a report has figures of."""

from collections.abc import Sequence
from dataclasses import dataclass

from manyminds.evals.comparison import Compared, Comparison
from manyminds.evals.members_alone import BEST_MEMBER, shares_of
from manyminds.evals.statistics.difficulty import Gain, bands, gains
from manyminds.evals.statistics.judges import Preference, preferences
from manyminds.evals.statistics.pareto import Priced, front
from manyminds.evals.statistics.power import smallest_effect
from manyminds.evals.statistics.scaling import Recommended, VoteLaw, fit_vote_law, recommend
from manyminds.evals.study import Study
from manyminds.evals.vote_curve import VotePoint, vote_curve

_EDGES = (1 / 3, 2 / 3, 1.0)
_BANDS = ("under a third right", "a third to two thirds", "more than two thirds", "all right")


@dataclass(frozen=True)
class Findings:
    """Figures of a study.

    Attributes:
        study: What was read.
        comparison: The methods, paired.
        fronts: Methods on the Pareto front of accuracy against each kind of cost.
        curve: Votes of every size over the stored answers; empty where there are too few.
        law: Fitted to the curve; None where it has fewer than three sizes.
        recommended: Number of samples by the law.
        difficulty: What the best method gains over one member, by how many members are right.
        detectable: Smallest difference that so many questions show.
        judge: Preferences of the judge, where its choices were kept.
    """

    study: Study
    comparison: Comparison
    fronts: dict[str, list[str]]
    curve: list[VotePoint]
    law: VoteLaw | None
    recommended: Recommended | None
    difficulty: list[Gain]
    detectable: float
    judge: list[Preference]

    @property
    def best(self) -> Compared:
        """The most accurate method; the cheaper one of equals."""
        return max(self.comparison, key=lambda one: (one.accuracy, -one.tokens))

    def row(self, name: str) -> Compared | None:
        """Return the figures of a method."""
        return next((one for one in self.comparison if one.method == name), None)


def find(study: Study, seed: int = 0) -> Findings:
    """Compute the figures of a study.

    Args:
        study: What was read from a folder.
        seed: Drives bootstraps and random orders.

    Raises:
        InputError: scipy is not installed.
    """
    comparison = Comparison(
        study.methods, study.answers, repeats=study.repeats, seed=seed, groups=study.groups
    )
    curve = vote_curve(study.answers, seed)
    law = None
    if len(curve) >= 3:
        law = fit_vote_law([p.samples for p in curve], [p.accuracy for p in curve])
    return Findings(
        study=study,
        comparison=comparison,
        fronts=_fronts(comparison),
        curve=curve,
        law=law,
        recommended=None if law is None else recommend(law),
        difficulty=_difficulty(study, comparison, seed),
        detectable=smallest_effect(study.questions),
        judge=preferences(study.judgements) if study.judgements else [],
    )


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
    single = [sum(by_id[id] for by_id in shares.values()) / len(shares) for id in ids]
    groups = bands(single, _EDGES)
    order = sorted(range(len(ids)), key=lambda place: groups[place])
    return gains(
        [_BANDS[groups[place]] for place in order],
        [single[place] for place in order],
        [voted[ids[place]] for place in order],
        seed,
    )
