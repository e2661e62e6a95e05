"""What a comparison found: every method's figures, and what they say together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any, overload

from manyminds.evals.eval_log import Outcome
from manyminds.evals.members_alone import BEST_MEMBER, Answered, BestMember, best_member
from manyminds.evals.result import is_unread
from manyminds.evals.statistics.ceiling import Ceiling, Regret, ceiling, regret
from manyminds.evals.statistics.intervals import interval
from manyminds.evals.statistics.paired import all_pairs, difference, indistinguishable, mcnemar

BASELINE = "agent-forest"
SELF_CORRECTION = "self-refine"
"""Cheap self-correction, the strongest rival of debate (arXiv 2605.00914): always compared."""
Groups = Mapping[str, str] | None


@dataclass(frozen=True)
class Compared:
    """One method's figures; those for a question are means over runs.

    Attributes:
        method: its name.
        options: chosen to make the planned number of calls.
        runs: of the method for each question, voted on.
        planned: calls for each question.
        accuracy: 0 to 1.
        interval: of the accuracy, 95 %.
        gain: accuracy above that of Agent Forest, on the questions that both could be graded on.
        gain_interval: 95 %, paired.
        better: questions that only this method got right, over Agent Forest; with repeats, those
            that it got right more often.
        worse: the other way round.
        p: of McNemar's exact test; None where questions are repeated, and for the best member,
            whose share of right answers may be of several samples.
        calls: for a question.
        tokens: for a question.
        cost: dollars for a question; None where unknown.
        seconds: for a question, on the critical path: the sum over layers of the slowest call.
        unanswered: runs that ended without an answer, counted as not correct.
        unread: runs in whose answer nothing could be read, counted as not correct.
        who: of the best member, its name; several where the choice changes with the questions.
    """

    method: str
    options: Mapping[str, int]
    runs: int
    planned: int
    accuracy: float
    interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]
    better: int
    worse: int
    p: float | None
    calls: float
    tokens: float
    cost: float | None
    seconds: float
    unanswered: int
    unread: int
    who: str = ""

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return asdict(self)


@dataclass
class Measured:
    """One method's outcomes, added up question by question.

    Args:
        method: Name of the method.
        options: Those that were chosen to make the planned number of calls.
        voted: Runs of the method for each question, voted on.
        planned: Calls for each question.
    """

    method: str
    options: Mapping[str, int] = field(default_factory=dict[str, int])
    voted: int = 1
    planned: int = 0
    runs: int = 0
    calls: int = 0
    tokens: int = 0
    cost: float | None = None
    unanswered: int = 0
    unread: int = 0
    repeats: int = 1
    right: dict[str, list[bool]] = field(default_factory=dict[str, list[bool]])
    seconds: list[float] = field(default_factory=list[float])

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.calls += outcome["calls"]
        self.tokens += outcome["tokens"]
        self.unanswered += outcome["error"] is not None
        self.unread += is_unread(outcome)
        self.repeats = max(self.repeats, outcome["repeat"] + 1)
        if outcome["cost"] is not None:
            self.cost = (self.cost or 0.0) + outcome["cost"]
        if outcome["correct"] is not None:
            self.right.setdefault(outcome["id"], []).append(outcome["correct"])
        if outcome["error"] is None:
            self.seconds.append(outcome.get("critical_path", outcome["seconds"]))

    @property
    def shares(self) -> dict[str, float]:
        """The share of right answers for each question that could be graded."""
        return {id: fmean(all) for id, all in self.right.items() if all}


class Comparison(Sequence[Compared]):
    """The methods' figures, and what they say together.

    A sequence of the methods in their order, then the best single member.

    Args:
        measured: At least one method; gains are over Agent Forest, else over the first.
        answers: The members' own answers; none: no ceiling, and no row of the best member.
        repeats: Runs of each question.
        seed: Drives the bootstraps.
        groups: Group of each question; None: every question is its own group.

    Attributes:
        shares: For each method, the share of right repeats by question id.
        methods: The figures of each method.
        pairs: Every two methods on the questions of both, with Holm's correction.
        alike: Largest sets of methods of which no two can be distinguished.
        ceiling: What no choice among one answer of each member can exceed; None where no question
            was answered by every member.
        regrets: For each method, how often it was wrong where a member was right.
    """

    def __init__(
        self,
        measured: Sequence[Measured],
        answers: Sequence[Answered] = (),
        *,
        repeats: int = 1,
        seed: int = 0,
        groups: Groups = None,
    ) -> None:
        base = next((one for one in measured if one.method == BASELINE), measured[0])
        self.shares = {one.method: one.shares for one in measured}
        self.methods = [_compared(one, base, repeats, seed, groups) for one in measured]
        best = best_member(answers)
        if best is not None:
            self.shares[BEST_MEMBER] = best.shares
            self.methods.append(_alone(best, base, seed, groups))
        ranked = sorted(self.methods, key=lambda one: -one.accuracy)
        self.pairs = all_pairs(self.shares, seed=seed, groups=groups)
        self.alike = indistinguishable([one.method for one in ranked], self.pairs)
        self.ceiling, self.regrets = _reach(self.shares, answers)

    @overload
    def __getitem__(self, index: int) -> Compared: ...
    @overload
    def __getitem__(self, index: slice) -> list[Compared]: ...
    def __getitem__(self, index: int | slice) -> Compared | list[Compared]:
        """Return the figures of one method, by its place."""
        return self.methods[index]

    def __len__(self) -> int:
        """Return the number of methods."""
        return len(self.methods)

    def to_json(self) -> dict[str, object]:
        """Return plain data for `json.dumps`."""
        return {
            "methods": [one.to_json() for one in self.methods],
            "pairs": [pair._asdict() for pair in self.pairs],
            "indistinguishable": self.alike,
            "ceiling": None if self.ceiling is None else self.ceiling._asdict(),
            "regret": {name: one._asdict() for name, one in self.regrets.items()},
        }


def _gain(
    mine: Mapping[str, float],
    theirs: Mapping[str, float],
    seed: int,
    groups: Groups,
) -> dict[str, Any]:
    """Return the fields of `Compared` that are over the baseline."""
    # In one order, whichever question was answered first: the interval is drawn by a seed.
    both = sorted(id for id in mine if id in theirs)
    inside = None if groups is None else [groups[id] for id in both]
    gain, around = difference([mine[id] for id in both], [theirs[id] for id in both], seed, inside)
    return {
        "gain": gain,
        "gain_interval": around,
        "better": sum(mine[id] > theirs[id] for id in both),
        "worse": sum(mine[id] < theirs[id] for id in both),
    }


def _compared(one: Measured, base: Measured, repeats: int, seed: int, groups: Groups) -> Compared:
    runs, shares = max(1, one.runs), one.shares
    inside = None if groups is None else [groups[id] for id in shares]
    gained = _gain(shares, base.shares, seed, groups)
    return Compared(
        method=one.method,
        options=one.options,
        runs=one.voted,
        planned=one.planned,
        accuracy=fmean(shares.values()) if shares else 0.0,
        interval=interval(list(shares.values()), repeats, inside),
        **gained,
        p=mcnemar(gained["better"], gained["worse"]) if repeats == 1 else None,
        calls=one.calls / runs,
        tokens=one.tokens / runs,
        cost=None if one.cost is None else one.cost / runs,
        seconds=sum(one.seconds) / max(1, len(one.seconds)),
        unanswered=one.unanswered,
        unread=one.unread,
    )


def _alone(best: BestMember, base: Measured, seed: int, groups: Groups) -> Compared:
    """Return the row of the best single member."""
    shares = list(best.shares.values())
    inside = None if groups is None else [groups[id] for id in best.shares]
    gained = _gain(best.shares, base.shares, seed, groups)
    return Compared(
        method=BEST_MEMBER,
        options={},
        runs=1,
        planned=1,
        accuracy=fmean(shares),
        interval=interval(shares, 1, inside),
        **gained,
        p=None,
        calls=1.0,
        tokens=best.tokens,
        cost=best.cost,
        seconds=best.seconds,
        unanswered=0,
        unread=0,
        who=" / ".join(best.names),
    )


def _reach(
    shares: Mapping[str, Mapping[str, float]], answers: Sequence[Answered]
) -> tuple[Ceiling | None, dict[str, Regret]]:
    """Return the ceiling of the members' first answers, and what each method leaves of it."""
    first: dict[str, dict[str, bool]] = {}
    for one in answers:
        first.setdefault(one["member"], {}).setdefault(one["id"], one["right"])
    common = set.intersection(*(set(by_id) for by_id in first.values())) if first else set[str]()
    if not common:
        return None, {}
    order = sorted(common)
    right = {member: [by_id[id] for id in order] for member, by_id in first.items()}
    regrets = {
        name: regret(right, [by_id[id] > 0.5 for id in order])
        for name, by_id in shares.items()
        if common <= by_id.keys()
    }
    return ceiling(right), regrets
