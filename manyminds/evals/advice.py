"""One paragraph of advice from the figures of a study, in words."""

from collections.abc import Sequence

from manyminds.evals.comparison import BASELINE, Compared
from manyminds.evals.findings import Findings
from manyminds.evals.members_alone import BEST_MEMBER
from manyminds.evals.statistics.paired import Pair
from manyminds.evals.statistics.power import questions_needed
from manyminds.evals.statistics.scaling import Recommended
from manyminds.prices import in_digits

_WORTH = 0.02
_ALIKE = 1.5
_CLEARLY = 0.9
_NONE = 0.005  # of a gap: as good as none
_MOST_NEEDED = 100_000


def advice(found: Findings) -> str:
    """Return which method to use, what it costs and gains, or why no ensemble helps.

    The advice is the cheapest of the methods that cannot be distinguished from the most accurate
    one.
    """
    if not found.affordable:
        cheapest = min(found.comparison, key=lambda one: one.cost or 0.0)
        return (
            f"No method costs {_allowed(found)} or less a question: the cheapest, "
            f"{cheapest.method}, costs {price(cheapest)}. {_samples(found, cheapest)}".strip()
        )
    single = found.row(BEST_MEMBER)
    chosen = _cheapest(found)
    if single is None:
        return _alone(found, chosen)
    if chosen.method == BEST_MEMBER:
        return _no_ensemble(found, single)
    pair = _pair(found, chosen.method, BEST_MEMBER)
    gap, (low, high) = _oriented(pair, chosen.method)
    text = [
        f"Use {_named(found, chosen)}: it answers {chosen.accuracy:.1%} of {_questions(found)} "
        f"rightly and costs {price(chosen)} a question. The best single member ({single.who}) gets "
        f"{single.accuracy:.1%} for {price(single)}, so the gain is {_points(gap)} "
        f"{_range(low, high)}"
    ]
    text[0] += "." if pair.differs else ", which these questions do not show for certain."
    if chosen.method != found.best.method:
        text.append(
            f"{found.best.method} is the most accurate by count ({found.best.accuracy:.1%}), but "
            f"cannot be distinguished from {chosen.method}, and costs {price(found.best)}."
        )
    text.append(_samples(found, chosen))
    return " ".join(part for part in text if part)


def price(one: Compared) -> str:
    """Write what a question costs: dollars where known, calls and tokens in any case."""
    paid = "" if one.cost is None else f"{in_digits(one.cost)}, "
    return f"{paid}{one.calls:.1f} calls, {one.tokens:,.0f} tokens and {one.seconds:.1f} s"


def _cheapest(found: Findings) -> Compared:
    """Return the cheapest method that cannot be distinguished from the most accurate one."""
    best = found.best
    close = [
        one
        for one in found.affordable
        if one.method == best.method or not _pair(found, one.method, best.method).differs
    ]
    chosen = min(close, key=lambda one: _spent(one, close))
    single = next((one for one in close if one.method == BEST_MEMBER), chosen)
    if chosen.accuracy > single.accuracy or _saves(chosen, single, close):
        return chosen
    return single


def _spent(one: Compared, close: Sequence[Compared]) -> tuple[float, ...]:
    """Return what a question costs, to be compared; recorded answers have no tokens."""
    if all(other.cost is not None for other in close):
        return (one.cost or 0.0, one.tokens, one.calls)
    return (one.tokens, one.calls)


def _saves(one: Compared, other: Compared, close: Sequence[Compared]) -> bool:
    """Return whether a method is clearly cheaper than another one."""
    pairs = zip(_spent(one, close), _spent(other, close), strict=True)
    mine, theirs = next(((a, b) for a, b in pairs if a or b), (0.0, 0.0))
    return mine < _CLEARLY * theirs


def _no_ensemble(found: Findings, single: Compared) -> str:
    others = [one for one in found.affordable if one is not single]
    if not others:
        return (
            f"Use {_alone_is(single)}, which answers {single.accuracy:.1%} of {_questions(found)} "
            f"rightly for {price(single)} a question: no ensemble costs {_allowed(found)} or less. "
            f"{_samples(found, single)}".strip()
        )
    best = max(others, key=lambda one: one.accuracy)
    pair = _pair(found, best.method, BEST_MEMBER)
    gap, (low, high) = _oriented(pair, best.method)
    start = (
        f"No ensemble helps here that these questions could show: use {_alone_is(single)}, which "
        f"answers {single.accuracy:.1%} of {_questions(found)} rightly for {price(single)} a "
        f"question. The best ensemble, {best.method}, differs from it by {_points(gap)} "
        f"{_range(low, high)}{_corrected(found, pair)} and costs {price(best)}"
    )
    return f"{start}, because {_because(found, single, gap, high)}."


def _alone_is(single: Compared) -> str:
    """Name the best single member; where the choice changes with the questions, say so."""
    first, *others = single.who.split(" / ")
    return f"{first} alone" + (f" (or {' or '.join(others)}, which is as good)" if others else "")


def _corrected(found: Findings, pair: Pair) -> str:
    """Say so where only the correction for many comparisons makes a difference uncertain."""
    low, high = pair.interval
    if low <= 0 <= high:
        return ""
    pairs = len(found.comparison.pairs)
    return f" (p = {pair.adjusted:.2g} after Holm's correction for {pairs} pairs of methods)"


def _because(found: Findings, single: Compared, gap: float, high: float) -> str:
    ceiling = found.comparison.ceiling
    if single.accuracy > 1 - _WORTH:
        return f"{_alone_is(single)} leaves nothing to gain"
    if ceiling is not None and ceiling.interval[1] - single.accuracy < _WORTH:
        return (
            f"the members fail on the same questions: at most {ceiling.interval[1]:.1%} are "
            "answered rightly by one answer of each"
        )
    alike = ceiling is not None and ceiling.effective_votes < _ALIKE
    if high >= _WORTH and not (alike and gap <= _NONE):
        needed = _needed(gap)
        more = f"about {needed:,} questions" if needed else "far more questions"
        return (
            f"{found.study.questions} questions only show differences of "
            f"{_points(found.detectable, sign=False)} or more; {more} would show this one"
        )
    if ceiling is not None and alike:
        return f"the members err alike: their votes are worth {ceiling.effective_votes:.1f}"
    return "the other members are too weak to add to it"


def _needed(gap: float) -> int | None:
    if gap <= _NONE:
        return None
    needed = questions_needed(gap, discordance=max(0.2, gap))
    return needed if needed <= _MOST_NEEDED else None


def _alone(found: Findings, chosen: Compared) -> str:
    """Advise where the members' own answers are not known."""
    if len(found.comparison) == 1:
        return (
            f"{chosen.method} answers {chosen.accuracy:.1%} of {_questions(found)} rightly "
            f"[{chosen.interval[0]:.1%}, {chosen.interval[1]:.1%}] for {price(chosen)} a question. "
            "Whether another method is better, or a single member as good, is not known from this: "
            "run `manyminds compare` with --out."
        )
    return (
        f"Use {_named(found, chosen)}: it answers {chosen.accuracy:.1%} of {_questions(found)} "
        f"rightly, costs {price(chosen)} a question, and no method was shown to be better."
    )


def _samples(found: Findings, chosen: Compared) -> str:
    """Say how many samples a vote should have, or may have for the budget."""
    if found.recommended is None:
        return ""
    if BASELINE not in {one.method for one in found.affordable}:
        return _within_budget(found, found.recommended)
    if chosen.method != BASELINE or chosen.runs > 1:
        return ""
    best, asked = found.recommended, round(chosen.calls)
    if not best.reached:
        return f"No number of samples is expected to reach the target; {best.samples} come closest."
    if best.samples >= asked and best.measured:
        return ""
    how = "" if best.measured else ", by the fitted law, which extrapolates"
    if best.samples == 1:
        return f"1 sample in place of {asked} is enough: it is right on {best.accuracy:.1%}{how}."
    return (
        f"{best.samples} samples in place of {asked} are enough: a vote of {best.samples} gets "
        f"{best.accuracy:.1%}{how}."
    )


def _within_budget(found: Findings, best: Recommended) -> str:
    """Say what a smaller vote gives, where the one that was measured costs too much."""
    size = f"{best.samples} sample{'' if best.samples == 1 else 's'}"
    what = "is right on" if best.samples == 1 else "gets"
    return f"{BASELINE} may have {size} for that, and {what} {best.accuracy:.1%} then."


def _allowed(found: Findings) -> str:
    return in_digits(found.budget or 0.0)


def _named(found: Findings, one: Compared) -> str:
    options = ", ".join(f"{name}={value}" for name, value in one.options.items())
    voted = f", {one.runs} runs voted on" if one.runs > 1 else ""
    return f"{one.method} ({options}{voted})" if options or voted else one.method


def _pair(found: Findings, one: str, other: str) -> Pair:
    return next(pair for pair in found.comparison.pairs if {pair.one, pair.other} == {one, other})


def _oriented(pair: Pair, first: str) -> tuple[float, tuple[float, float]]:
    """Return gap and interval of a pair, as seen from one of the two."""
    low, high = pair.interval
    return (pair.gap, (low, high)) if pair.one == first else (-pair.gap, (-high, -low))


def _points(share: float, *, sign: bool = True) -> str:
    return f"{100 * share:{'+' if sign else ''}.1f} points"


def _range(low: float, high: float) -> str:
    return f"[{100 * low:+.1f}, {100 * high:+.1f}]"


def _questions(found: Findings) -> str:
    return f"{found.study.questions:,} questions"
