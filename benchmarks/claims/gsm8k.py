"""Claims measured on the recorded final answers of 44 models to GSM8K, which the package brings.

Half of the questions choose (members, weights, the best model), the other half measures, where
something has to be chosen. Each question has its own random order of the models; abstentions do
not vote.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from claims.common import Claim, Finding, compared, percent, winner
from manyminds.evals.mixture import optimal_mixture
from manyminds.evals.statistics.ceiling import ceiling, regret
from manyminds.evals.statistics.coverage import fit_power_law, pass_at_k
from manyminds.evals.statistics.paired import difference
from manyminds.evals.statistics.scaling import fit_vote_law, recommend
from manyminds.models.bundled import bundled
from manyminds.reading.numbers import key
from manyminds.votes import stopping
from manyminds.votes.selection import choose, encoded, weighted_vote
from manyminds.votes.unlabelled import agreement_weights

SET, MOST, SEED = "gsm8k-44", 40, 0
SIZES = (1, 3, 5, 10, 20, 40)
RULES = (
    "fixed:40", "unbeatable:40", "beta:0.95", "esc:5", "ahead:3", "ahead:4", "certified:0.05",
    "certified:0.01",
)  # fmt: skip
DATA = (
    "GSM8K, 1,319 test questions, one greedy answer of each of 44 models from 2B to 405B "
    "(WildEval/ZeroEval, Apache-2.0)."
)
STRONG = "These models are mostly strong on these questions, and differ: other data will differ."
Codes = NDArray[np.int64]
RIGHT = 0


class Data(NamedTuple):
    """The recorded answers as numbers.

    Attributes:
        names: Models.
        codes: Answer of each model to each question: 0 is right, -1 none, others are wrong ones.
        orders: For each question, the models in random order, those without an answer left out.
        whole: Models that were recorded on every question.
    """

    names: list[str]
    codes: Codes
    orders: list[Codes]
    whole: list[int]

    def votes(self, question: int, size: int, among: set[int] | None = None) -> list[int]:
        """Return the first answers to a question, in its order of models."""
        order = self.orders[question]
        chosen = [m for m in order if among is None or int(m) in among]
        return [int(self.codes[m, question]) for m in chosen[:size]]


@cache
def data() -> Data:
    """Return the bundled set as numbers."""
    found = bundled(SET)
    names = list(found.answers)
    rows = [[key(a) if a else None for a in found.answers[name]] for name in names]
    codes = encoded(rows, [key(gold) for gold in found.gold])
    orders: list[Codes] = []
    for question, id in enumerate(found.ids):
        order = list(range(len(names)))
        random.Random(f"{SEED}:{id}").shuffle(order)
        given = [m for m in order if found.answers[names[m]][question]]
        orders.append(np.array(given, dtype=np.int64))
    whole = [m for m, name in enumerate(names) if None not in found.answers[name]]
    return Data(names, codes, orders, whole)


def voted(size: int, among: set[int] | None = None) -> list[bool]:
    """Return whether the vote of so many models is right, for each question."""
    d = data()
    return [winner(d.votes(q, size, among)) == RIGHT for q in range(len(d.orders))]


def scaling() -> Finding:
    found = {size: voted(size) for size in SIZES}
    rows: list[tuple[str, ...]] = [("models", "right", "95 % interval", "coverage (pass@k)")]
    d = data()
    right = [(d.votes(q, 99).count(RIGHT), len(d.orders[q])) for q in range(len(d.orders))]
    covered = {size: fmean(pass_at_k(n, c, size) for c, n in right) for size in SIZES}
    rows += [(str(size), *percent(found[size]), f"{100 * covered[size]:.1f} %") for size in SIZES]
    law = fit_vote_law(SIZES, [fmean(found[size]) for size in SIZES])
    best, power = recommend(law, law.most), fit_power_law(SIZES, [covered[size] for size in SIZES])
    return Finding(
        rows,
        " ".join(
            [
                compared(found[10], found[1], "10 models against 1"),
                compared(found[40], found[10], "40 models against 10"),
                f"The law of arXiv 2403.02419, fitted, misses the points by {100 * law.error:.1f} "
                f"points and recommends {best.samples} models; coverage follows exp("
                f"{power.scale:.2f} k^{power.slope:.2f}) (arXiv 2407.21787).",
            ]
        ),
    )


def small_against_large() -> Finding:
    d = data()
    half = len(d.orders) // 2
    accuracy = (d.codes[:, :half] == RIGHT).mean(axis=1)
    ranked = [int(m) for m in np.argsort(-accuracy)]
    best, weak = ranked[0], set(ranked[len(ranked) // 2 :])
    tested = range(half, len(d.orders))
    ways = {
        "one of the weaker 22": [winner(d.votes(q, 1, weak)) == RIGHT for q in tested],
        "vote of 5 of the weaker 22": [winner(d.votes(q, 5, weak)) == RIGHT for q in tested],
        "vote of all weaker 22": [winner(d.votes(q, 22, weak)) == RIGHT for q in tested],
        "the best model (chosen on the other half)": [
            bool(d.codes[best, q] == RIGHT) for q in tested
        ],
    }
    rows: list[tuple[str, ...]] = [("answered by", "right", "95 % interval")]
    rows += [(name, *percent(right)) for name, right in ways.items()]
    *_, votes, single = ways.values()
    return Finding(
        rows,
        compared(votes, single, "All weaker models against the best single one"),
    )


def stopping_rules() -> Finding:
    d = data()
    rows: list[tuple[str, ...]] = [
        (
            "rule",
            "answers a question",
            "saved",
            "right",
            "95 % interval",
            "against 40, points",
            "same answer as 40",
        )
    ]
    full = [winner(d.votes(q, MOST)) for q in range(len(d.orders))]
    base = [float(answer == RIGHT) for answer in full]
    told = list[str]()
    for name in RULES:
        asked, given = stopped(name, [d.votes(q, MOST) for q in range(len(d.orders))])
        same = sum(a == b for a, b in zip(given, full, strict=True)) / len(full)
        mean = float(np.mean(asked))
        right = [float(answer == RIGHT) for answer in given]
        gap, (low, high) = difference(right, base)
        rows.append(
            (
                f"`{name}`", f"{mean:.1f}", f"{1 - mean / MOST:.0%}", *percent(right),
                f"{100 * gap:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]", f"{100 * same:.1f} %",
            )
        )  # fmt: skip
        if name == "certified:0.05":
            short = [n for n, one in enumerate(asked) if one < len(d.votes(n, MOST))]
            wrong = sum(given[n] != full[n] for n in short)
            told.append(
                f"`{name}` certified its answer on {len(short)} questions, of which {wrong} differ "
                f"from the vote of 40 ({wrong / len(short):.1%}; at most 5 % is promised)."
            )
    return Finding(rows, " ".join(told))


def stopped(name: str, votes: Sequence[list[int]]) -> tuple[list[int], list[object]]:
    """Return after how many answers a rule stops on each question, and what the vote is then."""
    rule, asked, given = stopping.rule(name, cap=MOST), list[int](), list[object]()
    for one in votes:
        count = 1
        while count < len(one) and rule.stop(one[:count]) is None:
            count += 1
        asked.append(count)
        given.append(winner(one[:count]))
    return asked, given


def selection() -> Finding:
    d, half = data(), len(data().orders) // 2
    gold = [RIGHT] * half
    learned = choose({n: d.codes[m, :half].tolist() for m, n in enumerate(d.names)}, gold)
    index = {name: m for m, name in enumerate(d.names)}
    rows_of = [index[one.name] for one in learned.members]
    held = d.codes[:, half:]
    best = held[index[learned.best_single]] == RIGHT
    plain = [winner([int(c) for c in held[:, q] if c >= 0]) == RIGHT for q in range(held.shape[1])]
    chosen = _right(held, rows_of, np.array([one.weight for one in learned.members]))
    mixture = optimal_mixture(d.codes[:, :half])
    order = [int(m) for m in np.argsort(-mixture.weights, kind="stable") if mixture.weights[m] > 0]
    mixed = _right(held, order, mixture.weights[order])
    votes = [[None if c < 0 else int(c) for c in column] for column in d.codes[:, :half].T]
    trust = np.array(agreement_weights(votes))
    ranks = [int(m) for m in np.argsort(-trust, kind="stable")]
    agreed = _right(held, ranks, trust[ranks])
    rows = [
        ("way", "right", "95 % interval"),
        ("majority of all 44", *percent(plain)),
        (f"{len(rows_of)} chosen greedily, weighted by accuracy", *percent(chosen)),
        (f"optimal mixture, {len(order)} models (integer programming)", *percent(mixed)),
        ("all 44, weights without labels (agreement)", *percent(agreed)),
        ("the best model (chosen on the other half)", *percent(best.tolist())),
    ]
    return Finding(
        rows,
        " ".join(
            [
                compared(chosen, best.tolist(), "Chosen and weighted against the best model"),
                compared(chosen, plain, "Against the majority of all"),
                compared(mixed, chosen, "Optimal mixture against the greedy choice"),
                f"On its own half the mixture is right on {mixture.right} of {half} questions "
                f"(no weights on more than {mixture.bound}).",
            ]
        ),
    )


def _right(codes: Codes, rows: Sequence[int], weights: NDArray[np.float64]) -> list[bool]:
    return [bool(answer == RIGHT) for answer in weighted_vote(codes[list(rows)], weights)]


def ceilings() -> Finding:
    d = data()
    right = {d.names[m]: (d.codes[m] == RIGHT).tolist() for m in d.whole}
    everyone = voted(len(d.names), set(d.whole))
    weak = sorted(d.whole, key=lambda m: float((d.codes[m] == RIGHT).mean()))[:5]
    few = {d.names[m]: (d.codes[m] == RIGHT).tolist() for m in weak}
    rows: list[tuple[str, ...]] = [
        (
            "members", "ceiling 1 - beta", "95 % (exact)", "best member", "vote",
            "regret of the vote", "effective votes",
        )
    ]  # fmt: skip
    for name, members, answered in (
        (f"all {len(right)} recorded on every question", right, everyone),
        ("the five weakest", few, voted(5, set(weak))),
    ):
        found, lost = ceiling(members), regret(members, answered)
        rows.append(
            (
                name,
                f"{100 * found.ceiling:.1f} %",
                f"{100 * found.interval[0]:.1f} to {100 * found.interval[1]:.1f}",
                f"{100 * found.best_accuracy:.1f} %",
                percent(answered)[0],
                f"{100 * lost.share:.1f} % [{100 * lost.interval[0]:.1f}, "
                f"{100 * lost.interval[1]:.1f}]",
                f"{found.effective_votes:.1f}",
            )
        )
    found = ceiling(right)
    return Finding(
        rows,
        f"{len(right)} models' votes are worth {found.effective_votes:.1f} independent ones; "
        f"still, on only {round(found.beta * found.n)} of {found.n:,} questions all fail, which "
        "their correlation does not tell.",
    )


def difficulty() -> Finding:
    d = data()
    # Every other model sorts the questions, the rest vote: a question is not easy by its own luck.
    sorts, votes = set(range(0, len(d.names), 2)), set(range(1, len(d.names), 2))
    prior = np.array(
        [np.mean([c == RIGHT for c in d.votes(q, 99, sorts)]) for q in range(len(d.orders))]
    )
    single, many = voted(1, votes), voted(99, votes)
    rows = [("share of other models right", "questions", "one model", "vote of 22", "gain, points")]
    bands: list[tuple[str, Callable[[float], bool]]] = [
        ("under 30 %", lambda p: p < 0.3),
        ("30 to 60 %", lambda p: 0.3 <= p < 0.6),
        ("60 to 90 %", lambda p: 0.6 <= p < 0.9),
        ("90 % and more", lambda p: p >= 0.9),
    ]
    gained: dict[str, float] = {}
    for name, inside in bands:
        at = [q for q, p in enumerate(prior) if inside(float(p))]
        one, vote = [single[q] for q in at], [many[q] for q in at]
        gap, (low, high) = difference([float(x) for x in vote], [float(x) for x in one])
        gained[name] = gap
        rows.append(
            (
                name, str(len(at)), percent(one)[0], percent(vote)[0],
                f"{100 * gap:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
            )
        )  # fmt: skip
    top = max(gained, key=lambda name: gained[name])
    return Finding(rows, f"The largest gain is {100 * gained[top]:.0f} points, at {top}.")


CLAIMS = [
    Claim(
        "scaling",
        "Accuracy grows with the number of agents, and the gain flattens",
        "More Agents Is All You Need, arXiv 2402.05120",
        "GSM8K, one model sampled 40 times: 35 to 59 % (Llama2-13B), 54 to 74 % (Llama2-70B), 73 "
        "to 85 % (GPT-3.5-Turbo); the curve flattens after about 10 samples.",
        DATA,
        "Here different models vote, where the paper samples one; the gain starts at a high level. "
        + STRONG,
        scaling,
    ),
    Claim(
        "small-against-large",
        "Small models that vote reach a large one",
        "More Agents Is All You Need, arXiv 2402.05120",
        "15 to 20 samples of Llama2-13B (59 %) reach Llama2-70B (54 %) on GSM8K.",
        DATA + " The best model and the weaker half are chosen on one half of the questions.",
        "The vote reaches the best single model and is not shown to pass it; it costs 22 calls.",
        small_against_large,
    ),
    Claim(
        "stopping",
        "A vote can stop early at no loss",
        "Adaptive-Consistency, arXiv 2305.11860; ESC, arXiv 2401.10480; certified, arXiv "
        "2510.17472",
        "Adaptive-Consistency: up to 6.0 times fewer samples at under 0.1 % loss; ESC: 80 % of the "
        "samples saved on GSM8K, 34 % on MATH.",
        DATA + " Models in a random order for each question, at most 40.",
        "Savings are large because the models agree; on game of 24 (below) ESC and the "
        "certified rule save 1 %. Only `unbeatable` gives the answer of 40 by construction.",
        stopping_rules,
    ),
    Claim(
        "selection",
        "A chosen ensemble beats the best single model",
        "Selection as in MoA (arXiv 2406.04692); log odds (Nitzan and Paroush 1982); optimal "
        "mixture, Best-of-infinity (arXiv 2509.21091); weights without labels, arXiv 2510.01499",
        "Best-of-infinity: mixtures beat every single model.",
        DATA,
        "Choosing gains little over the plain majority here; the optimal mixture overfits its "
        "calibration questions.",
        selection,
    ),
    Claim(
        "ceiling",
        "A vote is bounded by how often all members fail",
        "Co-failure ceiling, arXiv 2606.27288; effective votes, arXiv 2605.29800; Large Language "
        "Monkeys, arXiv 2407.21787",
        "Nine judges are worth about two independent votes; pairwise correlation cannot tell beta.",
        DATA,
        "The ceiling bounds choices among answers; an aggregator that writes its own may exceed "
        "it.",
        ceilings,
    ),
    Claim(
        "prior-recorded",
        "A vote amplifies what is likely, and loses what is not",
        "More Agents Is All You Need, arXiv 2402.05120, section on difficulty",
        "The gain grows, then falls, with difficulty.",
        DATA + " Every other model sorts the questions, the others answer them.",
        "Few questions are hard for these models, so the hardest band is small.",
        difficulty,
    ),
]
