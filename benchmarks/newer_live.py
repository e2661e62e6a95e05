"""The live part of `benchmarks/newer.py`: one small real model, many replies a question.

The replies of SmolLM2-135M come with the package (`recorded:smollm2`); `benchmarks/live.py`
generated them. Everything here is counted on them, so nothing is asked again.
"""

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from manyminds.evals.statistics.intervals import interval
from manyminds.evals.statistics.paired import difference
from manyminds.models.bundled import Reply, bundled
from manyminds.reading.answers import extractor
from manyminds.votes.certified import Bets, certified
from manyminds.votes.odds import majority_probability
from manyminds.votes.votes import labels, majority

SET = "smollm2"
ANSWER = extractor("final")
FIRST = 3  # samples of the first stage, which stands where they agree
ALPHA = 0.05


class Asked(NamedTuple):
    """A question's replies, in order, with the accepted answer."""

    replies: Sequence[Reply]
    gold: str


def shown(right: Sequence[float]) -> str:
    """Return a share with its 95 % interval."""
    low, high = interval(right)
    return f"{100 * sum(right) / len(right):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def gained(right: Sequence[float], other: Sequence[float]) -> tuple[float, str]:
    """Return the paired difference in points, and the same with its interval."""
    gain, (low, high) = difference([float(one) for one in right], [float(one) for one in other])
    return 100 * gain, f"{100 * gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}] points"


def live() -> bool:
    """Measure cascade, certified stop and recorded methods on the replies of a real model."""
    try:
        data = bundled(SET)
    except KeyError:
        print(f"recorded:{SET} is not in this installation: its part is left out")
        return True
    (column,) = data.replies.values()
    asked = [Asked(given, gold) for given, gold in zip(column, data.gold, strict=True) if given]
    cascade(asked)
    for name, replies in data.methods.items():
        pairs = zip(column, data.gold, replies, strict=True)
        against(name, [(Asked(given, gold), one) for given, gold, one in pairs if one is not None])
    return certificate(asked)


def voted(replies: Sequence[Reply]) -> str | None:
    """Return the answer that most replies state."""
    return majority([reply.answer for reply in replies], extractor=ANSWER)["answer"]


def right(answer: str | None, gold: str) -> bool:
    """Tell whether an answer is the accepted one."""
    return answer is not None and ANSWER.equivalent(answer, gold)


def cascade(asked: Sequence[Asked]) -> None:
    """Compare a cascade of one model with the vote of all its replies, and with one of its cost.

    The first stage is `FIRST` replies; where they do not agree, a vote of all others follows. This
    is `create_cascade([model, create_agent_forest(model, samples=24)], confirm=False)`.
    """
    found, calls = list[float](), 0
    for given, gold in asked:
        first = majority([one.answer for one in given[:FIRST]], extractor=ANSWER)
        agreed = bool(first["groups"]) and first["groups"][0]["weight"] == FIRST
        calls += FIRST if agreed else len(given)
        found.append(right(first["answer"] if agreed else voted(given[FIRST:]), gold))
    mean = calls / len(asked)
    whole = [float(right(voted(given), gold)) for given, gold in asked]
    equal = [float(right(voted(given[: round(mean)]), gold)) for given, gold in asked]
    alone = [float(right(given[0].answer, gold)) for given, gold in asked]
    print(
        f"cascade, live ({SET}), {len(asked)} questions: {shown(found)} with {mean:.1f} calls; "
        f"one reply: {shown(alone)}; vote of all {len(asked[0].replies)}: {shown(whole)}, "
        f"{gained(found, whole)[1]}; vote of {round(mean)}, equal cost: {shown(equal)}, "
        f"{gained(found, equal)[1]}"
    )


def certificate(asked: Sequence[Asked]) -> bool:
    """Compare the stopped answer with the most frequent one of all replies, for each rule.

    The true mode is not known: that of all replies stands for it, where no other is as frequent.
    """
    rule, held = certified(ALPHA, cap=len(asked[0].replies)), True
    for name, done in (("certified", rule.certain), ("beta", _beta)):
        wrong, used, stopped, accurate = list[float](), 0, 0, list[float]()
        for given, gold in asked:
            votes = labels([one.answer for one in given], ANSWER)
            count = _until(votes, done)
            used += count or len(given)
            stopped += count is not None
            part = given if count is None else given[:count]
            accurate.append(right(voted(part), gold))
            if (mode := _mode(votes)) is not None:
                wrong.append(count is not None and _mode(votes[:count]) != mode)
        if name == "certified":
            held = sum(wrong) <= ALPHA * len(wrong)
        print(
            f"{name}, live: wrong {shown(wrong)} of {len(wrong)}, stopped "
            f"{stopped / len(asked):.0%}, {used / len(asked):.1f} replies, {shown(accurate)} right"
        )
    print(f"certified stop, live: error at most alpha: {'holds' if held else 'FALLS SHORT'}")
    return held


def _beta(bets: Bets) -> bool:
    top = [*sorted(bets.counts.values(), reverse=True), 0]
    return majority_probability(top[0], top[1]) >= 1 - ALPHA


def _until(votes: Sequence[Hashable | None], done: Callable[[Bets], bool]) -> int | None:
    bets = Bets()
    for count, vote in enumerate(votes, 1):
        if vote is not None:
            bets.add(vote)
            if done(bets):
                return count
    return None


def _mode(votes: Sequence[Hashable | None]) -> Hashable | None:
    """Return the most frequent vote, None where two are as frequent."""
    top = Counter(vote for vote in votes if vote is not None).most_common(2)
    return None if not top or (len(top) > 1 and top[0][1] == top[1][1]) else top[0][0]


def against(name: str, pairs: Sequence[tuple[Asked, Reply]]) -> None:
    """Compare a recorded method with a vote of as many tokens on the same questions."""
    found = [float(right(one.answer, asked.gold)) for asked, one in pairs]
    votes = [
        float(right(voted(worth(asked.replies, one.tokens)), asked.gold)) for asked, one in pairs
    ]
    print(
        f"{name}, live, {len(pairs)} questions: {shown(found)}; vote of as many tokens: "
        f"{shown(votes)}; {gained(found, votes)[1]}"
    )


def worth(replies: Sequence[Reply], tokens: int) -> Sequence[Reply]:
    """Return as many replies as cost no more than `tokens`, and at least one."""
    total = 0
    for count, reply in enumerate(replies):
        total += reply.tokens
        if total > tokens:
            return replies[: max(1, count)]
    return replies


if __name__ == "__main__":
    sys.exit(0 if live() else 1)
