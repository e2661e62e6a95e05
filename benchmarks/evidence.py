"""Claims of the papers, measured on recorded answers of 44 real models to 1,319 questions (GSM8K).

The answers come with the package (`recorded:gsm8k-44`, from ZeroEval), so every figure is computed
from real answers, without a call. Half of the questions choose (members, weights, the best model),
the other half measures, where something has to be chosen. Each question is put to its own random
order of the models; abstentions do not vote.

Prints the report in Markdown. With --out FILE it is written there, as EVIDENCE.md was:

    python benchmarks/evidence.py --out EVIDENCE.md

`make evidence` does the same.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.evals.statistics.intervals import wilson
from manyminds.evals.statistics.paired import difference
from manyminds.models.bundled import BundledSet, bundled
from manyminds.reading.numbers import key
from manyminds.votes import stopping
from manyminds.votes.selection import choose, encoded, weighted_vote

SET, MOST = "gsm8k-44", 40
SIZES = (1, 3, 5, 10, 20, 40)
RULES = ("fixed:40", "unbeatable:40", "beta:0.95", "esc:5", "ahead:3", "ahead:4")
Codes = NDArray[np.int64]
RIGHT, ABSENT = 0, -1


class Claim(NamedTuple):
    """One claim, and what was measured.

    Attributes:
        claim: What a paper says.
        paper: Title and arXiv number.
        rows: Header and rows of the table of figures.
        finding: What the figures say of the claim.
    """

    claim: str
    paper: str
    rows: Sequence[tuple[str, ...]]
    finding: str


class Data(NamedTuple):
    """The recorded answers as numbers.

    Attributes:
        names: Models.
        codes: Answer of each model to each question: 0 is right, -1 none, others are wrong ones.
        orders: For each question, the models in random order, those without an answer left out.
    """

    names: list[str]
    codes: Codes
    orders: list[Codes]

    def votes(self, question: int, size: int, among: set[int] | None = None) -> list[int]:
        """Return the first answers to a question, in its order of models."""
        order = self.orders[question]
        chosen = [m for m in order if among is None or int(m) in among]
        return [int(self.codes[m, question]) for m in chosen[:size]]


def read(data: BundledSet, seed: int) -> Data:
    """Return a bundled set as numbers."""
    names = list(data.answers)
    rows = [[key(a) if a else None for a in data.answers[name]] for name in names]
    codes = encoded(rows, [key(gold) for gold in data.gold])
    orders: list[Codes] = []
    for question, id in enumerate(data.ids):
        order = list(range(len(names)))
        random.Random(f"{seed}:{id}").shuffle(order)
        given = [m for m in order if data.answers[names[m]][question]]
        orders.append(np.array(given, dtype=np.int64))
    return Data(names, codes, orders)


def winner(votes: Sequence[int]) -> int:
    """Return the answer with most votes, the first one of a tie; -1 without a vote."""
    counts: dict[int, int] = {}
    for vote in votes:
        counts[vote] = counts.get(vote, 0) + 1
    return max(counts, key=lambda vote: counts[vote]) if counts else ABSENT


def percent(right: Sequence[bool]) -> tuple[str, str]:
    """Return an accuracy and its 95 % interval as text."""
    share = sum(right) / len(right)
    low, high = wilson(share, len(right))
    return f"{100 * share:.1f} %", f"{100 * low:.1f} to {100 * high:.1f}"


def compared(one: Sequence[bool], other: Sequence[bool], what: str) -> str:
    """Return a sentence on the paired difference between two ways of answering."""
    mean, (low, high) = difference([float(x) for x in one], [float(x) for x in other])
    told = "a difference" if low > 0 or high < 0 else "no difference that can be told apart"
    return f"{what}: {100 * mean:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}], {told}."


def scaling(data: Data) -> Claim:
    """More agents are better, and the gain flattens."""
    found = {
        size: [winner(data.votes(q, size)) == RIGHT for q in range(len(data.orders))]
        for size in SIZES
    }
    rows: list[tuple[str, ...]] = [("models", "right", "95 % interval")]
    rows += [(str(size), *percent(right)) for size, right in found.items()]
    gain = compared(found[10], found[1], "10 models against 1")
    late = compared(found[40], found[10], "40 models against 10")
    return Claim(
        "Accuracy grows with the number of agents, and the gain flattens.",
        "More Agents Is All You Need, arXiv 2402.05120",
        rows,
        f"{gain} {late}",
    )


def small_against_large(data: Data) -> Claim:
    """Many weak models, voting, against one strong model."""
    half = len(data.orders) // 2
    accuracy = (data.codes[:, :half] == RIGHT).mean(axis=1)
    ranked = [int(m) for m in np.argsort(-accuracy)]
    best, weak = ranked[0], set(ranked[len(ranked) // 2 :])
    tested = range(half, len(data.orders))
    ways = {
        "one of the weaker 22": [winner(data.votes(q, 1, weak)) == RIGHT for q in tested],
        "vote of 5 of the weaker 22": [winner(data.votes(q, 5, weak)) == RIGHT for q in tested],
        "vote of all weaker 22": [winner(data.votes(q, 22, weak)) == RIGHT for q in tested],
        "the best model (chosen on the other half)": [
            bool(data.codes[best, q] == RIGHT) for q in tested
        ],
    }
    rows: list[tuple[str, ...]] = [("answered by", "right", "95 % interval")]
    rows += [(name, *percent(right)) for name, right in ways.items()]
    *_, votes, single = ways.values()
    return Claim(
        "Small models that vote reach a large one.",
        "More Agents Is All You Need, arXiv 2402.05120",
        rows,
        compared(votes, single, "All weaker models against the best single one"),
    )


def stopping_rules(data: Data) -> Claim:
    """What stopping rules save."""
    rows: list[tuple[str, ...]] = [
        ("rule", "answers a question", "right", "95 % interval", "same answer as 40")
    ]
    full = [winner(data.votes(q, MOST)) for q in range(len(data.orders))]
    least, spec = float(MOST), RULES[0]
    for name in RULES:
        rule = stopping.rule(name, cap=MOST)
        asked, given = list[int](), list[int]()
        for question in range(len(data.orders)):
            votes = data.votes(question, MOST)
            count = 1
            while count < len(votes) and rule.stop(votes[:count]) is None:
                count += 1
            asked.append(count)
            given.append(winner(votes[:count]))
        same = sum(a == b for a, b in zip(given, full, strict=True)) / len(full)
        mean = float(np.mean(asked))
        if same > 0.99 and mean < least:
            least, spec = mean, name
        right = [answer == RIGHT for answer in given]
        rows.append((f"`{name}`", f"{mean:.1f}", *percent(right), f"{100 * same:.1f} %"))
    return Claim(
        "A vote can stop early at no loss.",
        "Adaptive-Consistency, arXiv 2305.11860; ESC, arXiv 2401.10480",
        rows,
        f"`{spec}` gives the answer of 40 models in more than 99 % of the questions with "
        f"{least:.1f} answers a question, {least / MOST:.0%} of the answers.",
    )


def weights(data: Data) -> Claim:
    """Weights and choice of members learned on other questions."""
    half = len(data.orders) // 2
    gold = [RIGHT] * half
    learned = choose({n: data.codes[m, :half].tolist() for m, n in enumerate(data.names)}, gold)
    held = data.codes[:, half:]
    index = {name: m for m, name in enumerate(data.names)}
    rows_of = [index[one.name] for one in learned.members]
    chosen = weighted_vote(held[rows_of], np.array([one.weight for one in learned.members]))
    plain = [winner([int(c) for c in held[:, q] if c >= 0]) == RIGHT for q in range(held.shape[1])]
    best = [bool(held[index[learned.best_single], q] == RIGHT) for q in range(held.shape[1])]
    weighted = [bool(answer == RIGHT) for answer in chosen]
    rows = [
        ("way", "right", "95 % interval"),
        ("majority of all 44", *percent(plain)),
        (f"{len(rows_of)} chosen models, weighted", *percent(weighted)),
        ("the best model (chosen on the other half)", *percent(best)),
    ]
    return Claim(
        "Choosing members and weighting them by accuracy beats the plain majority.",
        "Selection on calibration questions; weights are log odds (Nitzan and Paroush 1982)",
        rows,
        " ".join(
            [
                compared(weighted, plain, "Chosen and weighted against the majority"),
                compared(weighted, best, "Chosen and weighted against the best model"),
            ]
        ),
    )


def ceiling(data: Data) -> Claim:
    """What no vote can get right."""
    everyone = [data.votes(q, len(data.names)) for q in range(len(data.orders))]
    any_right = [RIGHT in votes for votes in everyone]
    mode = [winner(votes) == RIGHT for votes in everyone]
    most_wrong = [votes.count(RIGHT) * 2 < len(votes) for votes in everyone]
    rows = [
        ("of the questions", "share", "95 % interval"),
        ("some model is right (a perfect selector)", *percent(any_right)),
        ("the most frequent answer is right (a vote of all)", *percent(mode)),
        ("fewer than half of the models are right", *percent(most_wrong)),
    ]
    share = sum(any_right) - sum(mode)
    return Claim(
        "A vote is bounded by how often the right answer is the most frequent one.",
        "Large Language Monkeys, arXiv 2407.21787",
        rows,
        f"A selector that always found the right answer would gain {share} of "
        f"{len(mode)} questions over the vote.",
    )


def difficulty(data: Data) -> Claim:
    """The gain by how often one answer is right."""
    everyone = [data.votes(q, len(data.names)) for q in range(len(data.orders))]
    prior = np.array([votes.count(RIGHT) / max(1, len(votes)) for votes in everyone])
    rows = [("share of models that are right", "questions", "one model", "vote of 40")]
    bands: list[tuple[str, Callable[[float], bool]]] = [
        ("under 30 %", lambda p: p < 0.3),
        ("30 to 60 %", lambda p: 0.3 <= p < 0.6),
        ("60 to 90 %", lambda p: 0.6 <= p < 0.9),
        ("90 % and more", lambda p: p >= 0.9),
    ]
    gains: dict[str, float] = {}
    for name, inside in bands:
        chosen = [q for q, p in enumerate(prior) if inside(float(p))]
        one = [winner(data.votes(q, 1)) == RIGHT for q in chosen]
        vote = [winner(data.votes(q, MOST)) == RIGHT for q in chosen]
        gains[name] = 100 * (sum(vote) - sum(one)) / max(1, len(chosen))
        rows.append((name, str(len(chosen)), percent(one)[0], percent(vote)[0]))
    top = max(gains, key=lambda name: gains[name])
    return Claim(
        "The gain depends on the probability of a single right answer: a vote amplifies what is "
        "likely, and loses what is not.",
        "More Agents Is All You Need, arXiv 2402.05120, section on difficulty",
        rows,
        f"The largest gain is {gains[top]:.0f} points, at {top}; below 30 % a vote changes "
        f"{gains['under 30 %']:+.0f} points.",
    )


def report(claims: Sequence[Claim], about: BundledSet) -> Iterator[str]:
    """Yield the lines of the report."""
    yield "# Evidence"
    yield ""
    yield "Claims of the papers, measured on real answers. Written by:"
    yield ""
    yield "```sh"
    yield "python benchmarks/evidence.py --out EVIDENCE.md"
    yield "```"
    yield ""
    yield f"Data: {about.about} Source: {about.source} ({about.licence})."
    yield "Intervals are Wilson's, 95 %; differences are paired, with a bootstrap over questions."
    yield "These models are mostly strong on these questions: other data will differ."
    for number, one in enumerate(claims, 1):
        yield f"\n## {number}. {one.claim}\n"
        yield f"{one.paper}.\n"
        head, *rows = one.rows
        yield f"| {' | '.join(head)} |"
        yield f"|{' --- |' * len(head)}"
        for row in rows:
            yield f"| {' | '.join(row)} |"
        yield f"\n{one.finding}"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="file to write")
    parser.add_argument("--seed", type=int, default=0, help="drives the random orders")
    options = parser.parse_args()
    about = bundled(SET)
    data = read(about, options.seed)
    parts = (scaling, small_against_large, stopping_rules, weights, ceiling, difficulty)
    text = "\n".join(report([part(data) for part in parts], about)) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
