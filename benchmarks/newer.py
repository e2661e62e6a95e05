"""Cascade, certified stop, weights without labels and tournament, each against its plain rival.

Recorded parts use the final answers of 44 real models on GSM8K that come with the package
(`recorded:gsm8k-44`); parts called simulated use no real model. Claims:

- cascade: over panels of 3, 8 and the other models, at most 0.3 points below a vote of 40 models
  with a quarter of the calls, the whole interval (recorded; paired over many random orders of the
  models, the same for both; the graph itself runs on some questions and must agree);
- single: the same cascade next to the one model that is best on other questions than those counted:
  each half of the questions is counted against the model that is best on the other half (recorded,
  no claim);
- ladder: a cascade of three models of one maker, cheap to expensive, one answer each, is not worse
  than its most expensive model alone, which it asks only where the others differ (recorded; the
  graph itself; five makers);
- certified stop: an error of at most alpha over 10,000 simulated questions of each kind, at any
  time it stops, shown next to the error and the samples of the Beta rule;
- weights without labels: at least the accuracy of the majority, on 20 random panels of 3 and of 5
  and on all models (recorded, and CRUX where its file is present; the weights never see the right
  answers), learned from all questions at once, and from one question after another as
  `weights="agreement"` does;
- tournament: with a noisy judge, better than one listwise pick, and compared with as many listwise
  picks as it makes comparisons (simulated);
- live: cascade, certified stop and the recorded methods on many replies of a small real model to
  each question (`newer_live.py`), against votes of equal cost.

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
from newer_cascade import LADDERS, NUMBER, cascade, ladder
from newer_live import gained, live, shown

from manyminds.fence import parse_numbered
from manyminds.graphs.tournament import create_tournament
from manyminds.models.bundled import BundledSet, bundled
from manyminds.reading.answers import Extractor, extractor
from manyminds.testing import Metadata, ScriptedChatModel
from manyminds.votes.agreement import by_agreement
from manyminds.votes.certified import Bets, certified
from manyminds.votes.odds import majority_probability
from manyminds.votes.unlabelled import AgreementWeights
from manyminds.votes.votes import majority, weighted_together

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[2] / "shared" / "data"))
PANELS_OF = 20  # random panels of three and of five models, whose weights are learned
ALPHA, CAP = 0.05, 200
QUESTIONS = ([0.5, 0.45, 0.05], [0.4, 0.3, 0.3], [0.7, 0.2, 0.1], [0.3, *[0.1] * 7])
ENTRANTS, NOISE = 8, 1.0


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
    """Return whether the Beta rule at 0.95 stops."""
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
    """Compare votes with weights from agreement with the majority.

    "at once" learns from all questions, then votes; "one by one" votes on each question with what
    those before it taught, in the order of the set.
    """
    held = True
    for size, panels in ((3, PANELS_OF), (5, PANELS_OF), (len(known.answers), 1)):
        draw, right = random.Random(f"{seed}:{size}"), dict[str, list[float]]()
        for _ in range(panels):
            panel = draw.sample(list(known.answers), size)
            for name, shares in learned(known, panel).items():
                before = right.get(name, [0.0] * len(shares))
                right[name] = [x + y / panels for x, y in zip(before, shares, strict=True)]
        for name in ("at once", "one by one"):
            gain, words = gained(right[name], right["majority"])
            held &= gain >= 0
            print(
                f"weights without labels, {name}, {known.name} recorded, {size} models, {panels} "
                f"panels: {shown(right[name])}; majority: {shown(right['majority'])}; {words}: "
                f"{'holds' if gain >= 0 else 'FALLS SHORT'}"
            )
    return held


def learned(known: Recorded, panel: Sequence[str]) -> dict[str, list[bool]]:
    """Return whether each way of voting is right, for each question."""
    votes, weights = list(zip(*(known.answers[m] for m in panel), strict=True)), AgreementWeights()
    kinds = {
        "majority": [majority(row, extractor=known.kind) for row in votes],
        "at once": weighted_together(votes, extractor=known.kind),
        "one by one": [by_agreement(row, panel, weights, extractor=known.kind) for row in votes],
    }
    return {
        name: [
            (found := ballot["answer"]) is not None and known.kind.equivalent(found, gold)
            for ballot, gold in zip(ballots, known.gold, strict=True)
        ]
        for name, ballots in kinds.items()
    }


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
        *(asyncio.run(ladder(data, names, places)) for names in LADDERS),
        certificate(given.simulated, given.seed),
        *(unlabelled(known, given.seed) for known in recorded(data, places)),
        asyncio.run(tournament(given.tournaments, given.seed)),
        live(),
    ]
    print(f"{sum(held)} of {len(held)} claims hold; {time.monotonic() - began:.0f} s")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
