"""Claims measured on recorded samples of one model, which lie next to the project where present.

Their texts are not part of the project; the figures are. Where a file is missing, the section stays
as it was last measured.
"""

import gzip
import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from claims.common import Claim, Finding, compared, percent, winner
from claims.gsm8k import stopped
from manyminds.evals.statistics.coverage import pass_at_k
from manyminds.evals.statistics.debate import persuasion
from manyminds.evals.statistics.paired import difference
from manyminds.reading.answers import extractor
from manyminds.votes.similarity import matrix

FOLDER = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[3] / "shared" / "data"))
GAME24 = FOLDER / "game24_gpt4_cot100.jsonl.gz"
MATH = FOLDER / "math_dylan_gpt35_4agents.jsonl.gz"
CRUX = FOLDER / "crux_zeroeval_51models_000-199.jsonl.gz"
HUMANEVAL = FOLDER / "humaneval_codegen16b_s00-49.jsonl.gz"
PASSED = FOLDER / "humaneval_codegen16b_s00-49_passed.jsonl.gz"
ORDERS, SEED = 20, 0
EQUAL = extractor("math")
Question = list[tuple[str | None, bool]]
"""Answer of each sample, and whether it is right."""


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def answers(path: Path) -> list[Question]:
    return [
        [(sample["answer"], bool(sample["correct"])) for sample in row["samples"]]
        for row in lines(path)
    ]


def shuffled(question: Question, at: int) -> Iterator[Question]:
    draw = random.Random(f"{SEED}:{at}")
    for _ in range(ORDERS):
        yield draw.sample(question, len(question))


def is_right(votes: Question) -> bool:
    """Return whether a vote's winner is right: by the flag of the first sample with that answer."""
    won = winner([answer for answer, _ in votes])
    return next((right for answer, right in votes if answer == won), False) if won else False


def curve(questions: Sequence[Question], sizes: Sequence[int]) -> Finding:
    rows: list[tuple[str, ...]] = [("samples", "vote right", "95 % interval", "coverage (pass@k)")]
    shares: dict[int, list[float]] = {size: [] for size in sizes}
    for at, question in enumerate(questions):
        orders = list(shuffled(question, at))
        for size in sizes:
            shares[size].append(sum(is_right(order[:size]) for order in orders) / ORDERS)
    for size in sizes:
        covered = [pass_at_k(len(q), sum(right for _, right in q), size) for q in questions]
        mean = fmean(covered)
        rows.append((str(size), *percent(shares[size]), f"{100 * mean:.1f} %"))
    least, most = sizes[0], sizes[-1]
    said = compared(shares[most], shares[least], f"{most} samples against {least}")
    return Finding(rows, said, len(questions))


def game24() -> Finding:
    return curve(answers(GAME24), (1, 3, 5, 10, 20, 40, 100))


def game24_stopping() -> Finding:
    questions = [question[:40] for question in answers(GAME24)]
    rows: list[tuple[str, ...]] = [
        ("rule", "answers a question", "saved", "right", "95 % interval", "against 40, points")
    ]
    base = [float(is_right(question)) for question in questions]
    for name in ("fixed:40", "beta:0.95", "esc:5", "ahead:3", "certified:0.05"):
        # Numbered answers: what a rule sees is only which are equal.
        votes = list[list[int]]()
        for question in questions:
            known: dict[str | None, int] = {}
            votes.append([known.setdefault(answer, len(known)) for answer, _ in question])
        asked, _ = stopped(name, votes)
        right = [float(is_right(q[:n])) for q, n in zip(questions, asked, strict=True)]
        gap, (low, high) = difference(right, base)
        mean = float(np.mean(asked))
        rows.append(
            (
                f"`{name}`", f"{mean:.1f}", f"{1 - mean / 40:.0%}", *percent(right),
                f"{100 * gap:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
            )
        )  # fmt: skip
    saved = [row[2] for row in rows[2:]]
    text = (
        f"The rules save {min(saved, key=_share_of)} to {max(saved, key=_share_of)} of the samples."
    )
    return Finding(rows, f"{text} The vote of 40 is right on {rows[1][3]} of the puzzles.")


def _share_of(written: str) -> int:
    return int(written.removesuffix("%"))


def math() -> Finding:
    questions = answers(MATH)
    found = curve(questions, (1, 3))
    everyone = [is_right(question) for question in questions]
    # Where three agree, the source asks no fourth: it could not change the vote.
    rows = [*found.rows, ("4", *percent(everyone), "")]
    three = [fmean(map(is_right, (o[:3] for o in shuffled(q, n)))) for n, q in enumerate(questions)]
    four = [float(right) for right in everyone]
    text = f"{found.text} {compared(four, three, '4 samples against 3')}"
    return Finding(rows, text, len(questions))


def debate() -> Finding:
    """Compare the vote of the first answers with that of the last, of agents that read each other.

    The source keeps two to four agents for a second or third round where the first answers differ.
    """
    kept = [row for row in lines(MATH) if row["rounds"]]
    opened = [_graded([agent[0] for agent in row["rounds"]], row) for row in kept]
    closed = [_graded([agent[-1] for agent in row["rounds"]], row) for row in kept]
    told = {
        "vote of all first answers": [is_right(_graded(row["samples"], row)) for row in kept],
        "vote of the same agents' first answers": list(map(is_right, opened)),
        "vote of their last answers": list(map(is_right, closed)),
    }
    debates = [
        [[right for _, right in one] for one in rounds]
        for rounds in zip(opened, closed, strict=True)
    ]
    first, same, last = told.values()
    found = persuasion(debates, last)
    rows: list[tuple[str, ...]] = [("answered by", "right", "95 % interval")]
    rows += [(name, *percent(right)) for name, right in told.items()]
    said = [
        compared(last, same, "Last answers against the same agents' first"),
        compared(last, first, "Against the vote of all first answers"),
        f"A wrong answer next to a right one became right in {found.adoption:.1%} "
        f"{_share(found.adoption_interval)}, a right one next to a wrong one wrong in "
        f"{found.vulnerability:.1%} {_share(found.vulnerability_interval)}; on "
        f"{found.oracle_gap:.1%} {_share(found.gap_interval)} of the questions an agent was right "
        "at first and the last vote is not.",
    ]
    return Finding(rows, " ".join(said), len(kept))


def _graded(answers: Sequence[dict[str, Any]], row: dict[str, Any]) -> Question:
    given = [one["answer"] for one in answers]
    return [(a, a is not None and EQUAL.equivalent(a, row["answer"])) for a in given]


def _share(interval: tuple[float, float]) -> str:
    return f"[{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def crux() -> Finding:
    return curve(answers(CRUX), (1, 3, 5, 10, 20, 40))


def humaneval() -> Finding:
    sizes = (1, 5, 10, 20, 50)
    shares: dict[int, list[float]] = {size: [] for size in sizes}
    counts = list[tuple[int, int]]()
    flags = {row["id"]: row["passed"] for row in lines(PASSED)}
    for at, row in enumerate(lines(HUMANEVAL)):
        programs, passed = row["samples"], flags[row["id"]]
        alike = matrix(programs, metric="bleu")
        draw = random.Random(f"{SEED}:{at}")
        orders = [draw.sample(range(len(programs)), len(programs)) for _ in range(ORDERS)]
        for size in sizes:
            won = [part[_consensus(alike, part)] for part in (order[:size] for order in orders)]
            shares[size].append(sum(passed[place] for place in won) / ORDERS)
        counts.append((len(programs), sum(passed)))
    rows: list[tuple[str, ...]] = [("samples", "pick right", "95 % interval", "coverage (pass@k)")]
    for size in sizes:
        covered = fmean(pass_at_k(n, c, size) for n, c in counts)
        rows.append((str(size), *percent(shares[size]), f"{100 * covered:.1f} %"))
    return Finding(rows, compared(shares[50], shares[1], "50 programs against 1"), len(counts))


def _consensus(alike: np.ndarray[Any, np.dtype[np.float64]], part: Sequence[int]) -> int:
    block = alike[np.ix_(part, part)]
    return int(np.argmax(np.round(block.sum(axis=1) - np.diag(block), 9)))


MORE = "More Agents Is All You Need, arXiv 2402.05120"
CLAIMS = [
    Claim(
        "math",
        "MATH: accuracy against the number of answers",
        MORE,
        "MATH, 40 samples: 29 to 39 % (GPT-3.5-Turbo), 3 to 9 % (Llama2-13B).",
        "{n} questions, three or four first answers of gpt-3.5-turbo-0301 at temperature 0.2 "
        "(SALT-NLP/DyLAN, MIT), with the source's reading of answers and flags.",
        "The source has four answers at most, and asks for the fourth only where three disagree: "
        "that is enough for the vote of 4, not for its coverage.",
        math,
        (MATH,),
    ),
    Claim(
        "debate",
        "Debate: reading each other's answers adds little to the vote of the first ones",
        "Debate or Vote, arXiv 2508.17536; Stop Overvaluing Multi-Agent Debate, arXiv 2502.08788; "
        "Improving Factuality and Reasoning through Multiagent Debate, arXiv 2305.14325",
        "2305.14325: a debate raises the accuracy on arithmetic and GSM8K. 2508.17536: voting "
        "explains most of that gain; 2502.08788: debates often lose to self-consistency.",
        "{n} questions of MATH on which first answers of gpt-3.5-turbo-0301 differ, so that the "
        "source lets agents read each other (SALT-NLP/DyLAN, MIT); graded by equality in value.",
        "The source drops agents between rounds and uses one weak model, at temperature 0.2; "
        "members that differ more may convince each other better.",
        debate,
        (MATH,),
    ),
    Claim(
        "crux",
        "CRUX: different models vote on what a program returns",
        MORE,
        "Not on this task; GSM8K +12 to +24 points.",
        "{n} programs, one greedy answer of each of 51 models (WildEval/ZeroEval, Apache-2.0), "
        "with the source's reading of answers and flags.",
        "Different models, where the paper samples one.",
        crux,
        (CRUX,),
    ),
    Claim(
        "game24",
        "Game of 24: a vote hardly helps where the right answer is rare",
        f"{MORE}; Tree of Thoughts, arXiv 2305.10601",
        "Tree of Thoughts: self-consistency of 100 samples reaches 9 %, one sample 4 %.",
        "{n} puzzles, 100 samples of GPT-4 at temperature 0.7 (tree-of-thought-llm, MIT).",
        "Coverage grows with every sample, the vote hardly does: a check of the sum would find far "
        "more of the right answers.",
        game24,
        (GAME24,),
    ),
    Claim(
        "game24-stopping",
        "Game of 24: stopping rules save little where answers scatter",
        "ESC, arXiv 2401.10480; Adaptive-Consistency, arXiv 2305.11860; certified, arXiv "
        "2510.17472",
        "ESC saves 34 % on MATH, the hardest of its sets.",
        "The first 40 samples of each puzzle, as recorded.",
        "A rule that stops early stops where the samples agree on a wrong answer just as well.",
        game24_stopping,
        (GAME24,),
    ),
    Claim(
        "humaneval",
        "HumanEval: the program most like the others is right more often",
        MORE,
        "Llama2-13B 14 to 18 %, Llama2-70B 24 to 33 %, GPT-3.5-Turbo 67 to 73 % (BLEU, 40 "
        "samples).",
        "{n} problems, 50 programs of codegen-16B at temperature 0.8 (microsoft/CodeT); graded by "
        "their tests.",
        "Likeness finds far less than tests would: coverage is far above the pick.",
        humaneval,
        (HUMANEVAL, PASSED),
    ),
]
