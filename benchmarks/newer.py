"""Cascade, certified stop, weights without labels and tournament, each against its plain rival.

Recorded parts use the final answers of 44 real models on GSM8K that come with the package
(`recorded:gsm8k-44`); parts called simulated use no real model. Claims:

- cascade: over panels of 3, 8 and the other models, at most 0.3 points below a vote of 40 models
  with a quarter of the calls, the whole interval (recorded; paired over many random orders of the
  models, the same for both; the graph itself runs on some questions and must agree);
- certified stop: an error of at most alpha over 10,000 simulated questions of each kind, at any
  time it stops, shown next to the error and the samples of the Beta rule;
- weights without labels: at least the accuracy of the majority, on panels of 5 and of all models
  (recorded, and CRUX where its file is present; the weights never see the right answers);
- tournament: with a noisy judge, better than one listwise pick, and compared with as many listwise
  picks as it makes comparisons (simulated).

Prints a line a claim, with 95 % intervals over questions; exits 1 where a claim does not hold.
"""

import argparse
import asyncio
import gzip
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage

from manyminds import Member
from manyminds.evals.resample import shuffled
from manyminds.evals.statistics.intervals import interval
from manyminds.evals.statistics.paired import difference
from manyminds.fence import parse_numbered
from manyminds.graphs.cascade import create_cascade
from manyminds.graphs.tournament import create_tournament
from manyminds.models.bundled import BundledSet, bundled
from manyminds.reading.answers import Extractor, extractor
from manyminds.testing import Metadata, ScriptedChatModel
from manyminds.votes.certified import Bets, certified
from manyminds.votes.odds import majority_probability
from manyminds.votes.unlabelled import agreement_weights
from manyminds.votes.votes import labels, majority, weighted

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[2] / "shared" / "data"))
NUMBER = extractor("number")
PANELS = (3, 8)  # models of the first two stages; the last has the others
CHECKED, MOST = 40, 40
ALPHA, CAP = 0.05, 200
QUESTIONS = ([0.5, 0.45, 0.05], [0.4, 0.3, 0.3], [0.7, 0.2, 0.1], [0.3, *[0.1] * 7])
ENTRANTS, NOISE = 8, 1.0


def equal(answer: str | None, gold: str) -> bool:
    """Tell whether an answer is the accepted one."""
    return answer is not None and NUMBER.equivalent(answer, gold)


def shown(right: Sequence[float]) -> str:
    """Return a share with its 95 % interval."""
    low, high = interval(right)
    return f"{100 * sum(right) / len(right):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def gained(right: Sequence[float], other: Sequence[float]) -> tuple[float, str]:
    """Return the paired difference in points, and the same with its interval."""
    gain, (low, high) = difference([float(one) for one in right], [float(one) for one in other])
    return 100 * gain, f"{100 * gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}] points"


def saying(answer: str | None) -> ScriptedChatModel:
    """Return a model that states an answer, or fails where none was recorded."""
    if answer is None:
        return ScriptedChatModel(ValueError("not recorded"))
    return ScriptedChatModel(f"The answer is {answer}." if answer else "I do not know.")


def cascaded(given: Sequence[str | None]) -> tuple[str | None, int]:
    """Return what a cascade over panels answers, and how many models it asks.

    It does what `create_cascade` does, without running a graph; `checked` compares the two.

    Args:
        given: Answer of each model, in order; None failed, empty abstains.
    """
    ends = [PANELS[0], sum(PANELS), len(given)]
    before: str | None = None
    for start, end in zip([0, *ends], ends, strict=False):
        good = [answer for answer in given[start:end] if answer is not None]
        ballot = majority([answer or None for answer in good], extractor=NUMBER)
        leader = ballot["answer"]
        if leader is not None and (
            (len(good) > 1 and ballot["groups"][0]["weight"] == len(good))
            or (before is not None and NUMBER.equivalent(leader, before))
        ):
            return leader, end
        before = leader
    later_first = [*given[ends[1] :], *given[ends[0] : ends[1]], *given[: ends[0]]]
    return majority([answer or None for answer in later_first], extractor=NUMBER)["answer"], ends[2]


async def checked(orders: Sequence[Sequence[str | None]]) -> None:
    """Run the graph itself on some questions, which must do what `cascaded` says."""
    for given in orders:
        members = [Member(saying(answer), name=f"m{n}") for n, answer in enumerate(given)]
        first, second = PANELS
        stages = [members[:first], members[first : first + second], members[first + second :]]
        app = create_cascade(stages, samples=1, extract="number", prompt=None).compile()
        result = await app.ainvoke("What is the result?")
        answer, asked = cascaded(given)
        assert result["report"]["calls"] == asked, (given, asked)
        assert NUMBER.extract(result["answer"]) == answer, (given, answer)


def cascade(data: BundledSet, places: Sequence[int], orders: int, seed: int) -> bool:
    """Compare a cascade over panels with a vote of 40 models, over random orders of the models."""
    models = list(data.answers)
    right, voted, calls = list[float](), list[float](), 0
    asyncio.run(checked([_ordered(data, models, place, seed, 0) for place in places[:CHECKED]]))
    for place in places:
        one, other = 0, 0
        for order in range(orders):
            given = _ordered(data, models, place, seed, order)
            answer, asked = cascaded(given)
            calls += asked
            one += equal(answer, data.gold[place])
            plain = majority([answer or None for answer in given], extractor=NUMBER)
            other += equal(plain["answer"], data.gold[place])
        right.append(one / orders)
        voted.append(other / orders)
    lost, words = gained(right, voted)
    low = 100 * difference(right, voted)[1][0]
    mean = calls / len(places) / orders
    held = low >= -0.3 and mean <= 10
    print(
        f"cascade, recorded, {len(places)} questions x {orders} orders: {shown(right)} with "
        f"{mean:.1f} calls a question; vote of 40 models: {shown(voted)}; {words} "
        f"({lost:+.2f}, from {low:+.2f}): {'holds' if held else 'FALLS SHORT'}"
    )
    return held


def _ordered(
    data: BundledSet, models: Sequence[str], place: int, seed: int, order: int
) -> list[str | None]:
    numbers = shuffled(len(models), seed, data.ids[place], order)
    return [data.answers[models[n]][place] for n in numbers[:MOST]]


def sampled(
    chances: Sequence[float], draw: random.Random, done: Callable[[Bets], bool]
) -> tuple[object | None, int]:
    """Sample one question until a rule stops; return its answer, None at the cap, and samples."""
    bets = Bets()
    for asked in range(1, CAP + 1):
        bets.add(draw.choices(range(len(chances)), chances)[0])
        if done(bets):
            return bets.leader, asked
    return None, CAP


def beta_stops(bets: Bets) -> bool:
    """Tell whether the Beta rule at 0.95 stops."""
    top = [*sorted(bets.counts.values(), reverse=True), 0]
    return majority_probability(top[0], top[1]) >= 1 - ALPHA


def certificate(questions: int, seed: int) -> bool:
    """Count wrong certificates over simulated questions."""
    rule, held = certified(ALPHA), True
    for chances in QUESTIONS:
        draw = random.Random(f"{seed}:{chances}")
        parts = []
        for name, done in (("certified", rule.certain), ("beta", beta_stops)):
            found = [sampled(chances, draw, done) for _ in range(questions)]
            wrong = [answer not in (0, None) for answer, _ in found]
            mean = sum(asked for _, asked in found) / questions
            stopped = sum(answer is not None for answer, _ in found) / questions
            parts.append(f"{name}: wrong {shown(wrong)}, stopped {stopped:.0%}, {mean:.1f} samples")
            if name == "certified":
                held &= sum(wrong) / questions <= ALPHA
        mode = ", ".join(f"{chance:g}" for chance in chances[:3])
        print(f"certified:{ALPHA}, {questions} simulated, answers at {mode}...: {'; '.join(parts)}")
    print(f"certified stop: error at most alpha: {'holds' if held else 'FALLS SHORT'}")
    return held


class Recorded(NamedTuple):
    """Recorded answers: for each model its answer to each question, and the accepted ones."""

    name: str
    kind: Extractor
    answers: Mapping[str, Sequence[str | None]]
    gold: Sequence[str]


def recorded(data: BundledSet, places: Sequence[int]) -> Iterator[Recorded]:
    """Yield the recorded sets: GSM8K of the package, CRUX where its file is present."""
    columns = {
        model: [column[place] or None for place in places] for model, column in data.answers.items()
    }
    yield Recorded("GSM8K", NUMBER, columns, [data.gold[place] for place in places])
    path = DATA / "crux_zeroeval_51models_000-199.jsonl.gz"
    if not path.exists():
        print(f"{path.name} is not here: set MANYMINDS_DATA to measure on CRUX, too")
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    literal = extractor("literal")
    read = [{s["model"]: literal.extract(s["text"]) for s in row["samples"]} for row in rows]
    models = list(dict.fromkeys(model for answers in read for model in answers))
    crux = {model: [answers.get(model) for answers in read] for model in models}
    yield Recorded("CRUX", literal, crux, [row["answer"] for row in rows])


def unlabelled(known: Recorded, seed: int) -> bool:
    """Compare a vote with weights from agreement with the majority."""
    held = True
    for size in (5, len(known.answers)):
        panel = random.Random(f"{seed}:{size}").sample(list(known.answers), size)
        votes = [list(row) for row in zip(*(known.answers[m] for m in panel), strict=True)]
        weights = agreement_weights([labels(row, known.kind) for row in votes])
        plain: list[bool] = []
        better: list[bool] = []
        for row, gold in zip(votes, known.gold, strict=True):
            for found, ballot in (
                (plain, majority(row, extractor=known.kind)),
                (better, weighted(row, weights, extractor=known.kind)),
            ):
                answer = ballot["answer"]
                found.append(answer is not None and known.kind.equivalent(answer, gold))
        gain, words = gained(better, plain)
        held &= gain >= 0
        print(
            f"weights without labels, {known.name} recorded, {size} models: {shown(better)}; "
            f"majority: {shown(plain)}; {words}: {'holds' if gain >= 0 else 'FALLS SHORT'}"
        )
    return held


async def tournament(questions: int, seed: int) -> bool:
    """Compare a tournament with listwise picks of a judge that is as noisy."""
    kinds: dict[str, list[bool]] = {"tournament": [], "one pick": [], "as many picks": []}
    for question in range(questions):
        draw = random.Random(f"{seed}:{question}")
        quality = [draw.gauss(0, 1) for _ in range(ENTRANTS)]
        best = max(range(ENTRANTS), key=lambda n: quality[n])

        def pick(numbers: Sequence[int], draw: random.Random = draw, quality: Any = quality) -> int:
            return max(numbers, key=lambda n: quality[n] + draw.gauss(0, NOISE))

        def judge(messages: Sequence[BaseMessage], _data: Metadata, pick: Any = pick) -> str:
            told = parse_numbered("\n".join(message.text for message in messages))
            entrants = [int(text.split()[-1]) for _, text in told]
            return json.dumps({"choice": entrants.index(pick(entrants)) + 1})

        writer = ScriptedChatModel(lambda _messages, data: f"answer {data['index']}")
        graph = create_tournament(writer, judge=ScriptedChatModel(judge), samples=ENTRANTS)
        result = await graph.compile().ainvoke("Which?")
        compared = result["report"]["calls"] - ENTRANTS
        picks = Counter(pick(range(ENTRANTS)) for _ in range(compared))
        kinds["tournament"].append(result["answer"] == f"answer {best}")
        kinds["one pick"].append(pick(range(ENTRANTS)) == best)
        kinds["as many picks"].append(picks.most_common(1)[0][0] == best)
    gain, words = gained(kinds["tournament"], kinds["one pick"])
    _, against = gained(kinds["tournament"], kinds["as many picks"])
    for name, right in kinds.items():
        print(f"tournament, simulated, best of {ENTRANTS} found by {name}: {shown(right)}")
    held = gain > 0
    print(
        f"tournament: {words} to one pick: {'holds' if held else 'FALLS SHORT'}; "
        f"{against} to a vote of as many picks"
    )
    return held


def main() -> int:
    """Run every part and return 1 where a claim falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--questions", type=int, metavar="N", help="recorded ones; default: all")
    parser.add_argument("--orders", type=int, default=20, metavar="N", help="orders of the models")
    parser.add_argument(
        "--simulated", type=int, default=10_000, metavar="N", help="a certified row"
    )
    parser.add_argument("--tournaments", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    given = parser.parse_args()
    began, data = time.monotonic(), bundled("gsm8k-44")
    count = min(given.questions or len(data.ids), len(data.ids))
    places = random.Random(given.seed).sample(range(len(data.ids)), count)
    held = [
        cascade(data, places, given.orders, given.seed),
        certificate(given.simulated, given.seed),
        *(unlabelled(known, given.seed) for known in recorded(data, places)),
        asyncio.run(tournament(given.tournaments, given.seed)),
    ]
    print(f"{sum(held)} of {len(held)} claims hold; {time.monotonic() - began:.0f} s")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
