"""Claims measured on a small model that runs on this machine: SmolLM2-135M, 27 replies a question.

The final answers come with the package (`recorded:smollm2`), written by `benchmarks/live.py`
with `--record`; nothing is asked here.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from statistics import fmean

from claims.common import Claim, Finding, compared, percent, winner
from manyminds.evals.by_difficulty import by_difficulty
from manyminds.evals.resample import Figure, Resampling
from manyminds.evals.samples import Drawn, bundled_samples
from manyminds.models.bundled import BundledSet, Reply, bundled
from manyminds.reading.answers import extractor

SET, ORDERS, SEED = "smollm2", 20, 0
FILE = Path(__file__).parents[2] / "manyminds" / "models" / "recordings" / f"{SET}.json.gz"
SIZES = (1, 3, 9, 27)
RULES = ("beta:0.95", "esc:5", "ahead:3", "certified:0.05", "unbeatable:27")
Rows = list[tuple[str, ...]]


@cache
def data() -> tuple[BundledSet, dict[str, list[Drawn]]]:
    """Return the set, and its samples by kind of question, those right most often first."""
    found = bundled(SET)
    kinds: dict[str, list[Drawn]] = {}
    for kind, drawn in zip(found.groups, bundled_samples(found), strict=True):
        kinds.setdefault(kind, []).append(drawn)
    shares = {kind: fmean(fmean(one.right) for one in each) for kind, each in kinds.items()}
    return found, {kind: kinds[kind] for kind in sorted(kinds, key=lambda kind: -shares[kind])}


def resampled(drawn: Sequence[Drawn]) -> Resampling:
    return Resampling(drawn, orders=ORDERS, most=SIZES[-1], seed=SEED)


def shown(one: Figure) -> tuple[str, str]:
    low, high = one.interval
    return f"{100 * one.accuracy:.1f} %", f"{100 * low:.1f} to {100 * high:.1f}"


def votes() -> Finding:
    rows: Rows = [("questions", "replies", "vote right", "95 % interval", "coverage (pass@k)")]
    told = list[str]()
    for kind, drawn in data()[1].items():
        run = resampled(drawn)
        for size in SIZES:
            one = run.size(size)
            covered = f"{100 * (one.coverage or 0):.1f} %"
            rows.append((f"{kind} ({len(drawn)})", str(size), *shown(one), covered))
        single = [fmean(one.right) for one in drawn]
        whole = [float(_won(one)) for one in drawn]
        told.append(compared(whole, single, f"{kind}, vote of 27 against one reply"))
    return Finding(rows, " ".join(told))


def _won(one: Drawn) -> bool:
    label = winner(one.labels)
    return label is not None and one.right[list(one.labels).index(int(str(label)))]


def rules() -> Finding:
    head = ("questions", "rule", "replies", "saved", "right", "95 % interval", "same as 27")
    rows: Rows = [head]
    saved: dict[str, list[float]] = {name: [] for name in RULES}
    for kind, drawn in data()[1].items():
        run = resampled(drawn)
        for name in RULES:
            one = run.rule(name)
            saved[name].append(1 - one.samples / SIZES[-1])
            rows.append(
                (
                    f"{kind} ({len(drawn)})", f"`{name}`", f"{one.samples:.1f}",
                    f"{saved[name][-1]:.0%}", *shown(one), f"{one.same:.1%}",
                )
            )  # fmt: skip
    parts = [f"`{name}` saves {min(each):.0%} to {max(each):.0%}" for name, each in saved.items()]
    return Finding(rows, f"By kind of question, {', '.join(parts)}.")


def difficulty() -> Finding:
    drawn = [one for each in data()[1].values() for one in each]
    found = by_difficulty(drawn, "difficulty", orders=ORDERS, seed=SEED)
    rows: Rows = [("share of other replies right", "questions", "one reply", "vote of 13", "gain")]
    for one in found:
        low, high = one.gain_interval
        rows.append(
            (
                str(one.group), str(one.n), f"{100 * one.single:.1f} %", f"{100 * one.voted:.1f} %",
                f"{100 * one.gain:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
            )
        )  # fmt: skip
    top = max(found, key=lambda one: one.gain)
    least = min(found, key=lambda one: one.gain)
    return Finding(
        rows,
        f"The largest gain is {100 * top.gain:.1f} points, at {top.group}; the least "
        f"{100 * least.gain:+.1f} points, at {least.group}.",
    )


def methods() -> Finding:
    found, kind = data()[0], extractor(data()[0].kind)
    (replies,) = found.replies.values()
    rows: Rows = [
        ("method", "questions", "right", "95 % interval", "vote", "tokens", "of the vote")
    ]
    told = list[str]()
    for name, given in found.methods.items():
        pairs = [(place, one) for place, one in enumerate(given) if one is not None]
        right = [_right(one.answer, found.gold[place], found.kind) for place, one in pairs]
        same = [_worth(replies[place], one.tokens) for place, one in pairs]
        voted = [
            _right(
                _majority([each.answer for each in some], found.kind), found.gold[place], kind.name
            )
            for (place, _), some in zip(pairs, same, strict=True)
        ]
        costs = [fmean(one.tokens for _, one in pairs)]
        costs += [fmean(sum(each.tokens for each in some) for some in same)]
        accuracy = (*percent(right), percent(voted)[0])
        rows.append((name, str(len(pairs)), *accuracy, *(f"{cost:.0f}" for cost in costs)))
        told.append(compared(right, voted, f"{name} against a vote of no more tokens"))
    return Finding(rows, " ".join(told))


def _right(answer: str | None, gold: str, kind: str) -> float:
    return float(bool(answer) and extractor(kind).equivalent(str(answer), gold))


def _majority(answers: Sequence[str | None], kind: str) -> str | None:
    keys = [None if answer is None else extractor(kind).key(answer) for answer in answers]
    won = winner(keys)
    return None if won is None else answers[keys.index(won)]


def _worth(given: Sequence[Reply], tokens: int) -> Sequence[Reply]:
    """Return as many replies as cost no more than `tokens`, and at least one."""
    total = 0
    for count, reply in enumerate(given):
        total += reply.tokens
        if count and total > tokens:
            return given[:count]
    return given


def about() -> str:
    if not FILE.exists():
        return "LIVE: SmolLM2-135M on this machine."
    found = bundled(SET)
    return f"LIVE: {found.about} Recorded by `{found.source.partition(', ')[0]}`, " + (
        f"{found.source.partition(', ')[2]}."
    )


SMALL = "A model of 135 million parameters: larger ones behave otherwise."
CLAIMS = [
    Claim(
        "live-votes",
        "A small local model, live: votes help where the right answer is the most likely one",
        "More Agents Is All You Need, arXiv 2402.05120; 2403.02419",
        "GSM8K, Llama2-13B: 35 to 59 % with 40 samples; votes can also lose where one sample is "
        "mostly wrong (2403.02419).",
        about(),
        SMALL,
        votes,
        (FILE,),
    ),
    Claim(
        "live-stopping",
        "A small local model, live: replies saved by stopping rules",
        "Adaptive-Consistency, arXiv 2305.11860; ESC, arXiv 2401.10480; certified, arXiv "
        "2510.17472",
        "Adaptive-Consistency: up to 6.0 times fewer samples; ESC: 34 % saved on MATH.",
        about() + " At most 27 replies, in 20 random orders.",
        SMALL + " Where replies scatter, rules save little.",
        rules,
        (FILE,),
    ),
    Claim(
        "live-difficulty",
        "A small local model, live: the gain rises, then falls, with difficulty",
        "More Agents Is All You Need, arXiv 2402.05120",
        "The gain first grows, then falls, with difficulty.",
        about() + " Half of the replies sort the questions, the others vote.",
        SMALL,
        difficulty,
        (FILE,),
    ),
]
if FILE.exists() and bundled(SET).methods:
    CLAIMS.append(
        Claim(
            "live-methods",
            "A small local model, live: self-refine and debate against a vote of the same tokens",
            "Debate, arXiv 2305.14325; self-correction alone, arXiv 2605.00914; Debate or Vote, "
            "arXiv 2508.17536",
            "Debate gains over one answer; most of the gain is the vote's (2508.17536).",
            about(),
            SMALL + " Few questions were asked of the methods.",
            methods,
            (FILE,),
        )
    )
