"""The report on an evaluation or a comparison, from its figures."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from manyminds.evals.advice import advice
from manyminds.evals.comparison import Compared
from manyminds.evals.debates import persuaded
from manyminds.evals.findings import Findings
from manyminds.evals.resample import Figure
from manyminds.evals.statistics.judges import consistency
from manyminds.evals.statistics.scaling import VoteLaw
from manyminds.views.sections import Grid, Plot, Section
from manyminds.views.style import counted

_METHODS = (
    "method", "options", "accuracy %", "95 % low", "95 % high", "gain, points", "gain low",
    "gain high", "calls", "tokens", "dollars", "seconds", "unanswered", "unread",
)  # fmt: skip
_PAIRS = ("method", "against", "gap, points", "95 % low", "95 % high", "p", "p (Holm)", "questions")


def sections(found: Findings) -> list[Section]:
    """Return the parts of the report; the last one is the advice.

    Plots are left out where matplotlib is not installed, and the report says so.
    """
    return [
        _methods(found),
        *_together(found),
        *_costs(found),
        *_samples(found),
        *_members(found),
        *_debate(found),
        *_judge(found),
        _origin(found),
        Section("Advice", [advice(found)], marked=True),
    ]


def methods_table(found: Findings) -> Grid:
    """Return every method's figures."""
    base = found.comparison[0]
    return Grid(_METHODS, [_row(one, gains=one is not base) for one in found.comparison])


def pairs_table(found: Findings) -> Grid:
    """Return every two methods' difference."""
    return Grid(
        _PAIRS,
        [
            (
                pair.one,
                pair.other,
                *(f"{100 * value:.1f}" for value in (pair.gap, *pair.interval)),
                f"{pair.p:.3g}",
                f"{pair.adjusted:.3g}",
                str(pair.n),
            )
            for pair in found.comparison.pairs
        ],
    )


def _row(one: Compared, *, gains: bool) -> list[str]:
    gained = (one.gain, *one.gain_interval)
    options = ", ".join(f"{name} {value}" for name, value in one.options.items())
    runs = f"{one.runs} runs, voted on" if one.runs > 1 else ""
    return [
        one.method,
        ", ".join(part for part in (options, runs, one.who) if part),
        *(f"{100 * value:.1f}" for value in (one.accuracy, *one.interval)),
        *(f"{100 * value:.1f}" if gains else "" for value in gained),
        f"{one.calls:.2f}",
        f"{one.tokens:.0f}",
        "" if one.cost is None else f"{one.cost:.6f}",
        f"{one.seconds:.3f}",
        str(one.unanswered),
        str(one.unread),
    ]


def _methods(found: Findings) -> Section:
    study = found.study
    lines = [
        f"{counted(study.questions, 'question')}, {counted(study.repeats, 'run')} of each. "
        "Accuracy with Wilson's 95 % interval; where questions come in groups, or are repeated, "
        f"the question or group is the unit. Gains are over {found.comparison[0].method}, paired "
        "by question. Calls, tokens, dollars and seconds are means for a question; seconds are "
        "those of the slowest call in each layer, added up."
    ]
    if study.simulated:
        lines.insert(0, "SIMULATED: members are simulated; no figure is one of a real model.")
    missing = [one for one in found.comparison if one.unanswered or one.unread]
    lines += [
        f"{one.method}: {one.unanswered} runs ended without an answer, and in {one.unread} nothing "
        "could be read; both count as not correct."
        for one in missing
    ]
    plots = _plots("accuracy", found)
    if not plots:
        lines.append('Plots are left out: they need matplotlib, pip install "manyminds[eval]".')
    return Section("Methods", lines, plots, [methods_table(found)])


def _together(found: Findings) -> Iterator[Section]:
    if not found.comparison.pairs:
        return
    alike = [", ".join(names) for names in found.comparison.alike if len(names) > 1]
    lines = [
        "McNemar's exact test, or a permutation test where results are shares, corrected for all "
        "pairs after Holm; intervals are not corrected. "
        + (
            f"Cannot be distinguished: {'; '.join(alike)}."
            if alike
            else "All can be distinguished."
        ),
        f"{counted(found.study.questions, 'question')} can show a true difference of "
        f"{100 * found.detectable:.1f} points 8 times of 10, if two methods differ on a fifth of "
        "the questions.",
    ]
    yield Section("Which differ", lines, tables=[pairs_table(found)])


def _costs(found: Findings) -> Iterator[Section]:
    if len(found.comparison) < 2 or not found.fronts:
        return
    lines = [
        f"Accuracy against {kind}: no method beats these in both: {', '.join(names)}."
        for kind, names in found.fronts.items()
    ]
    yield Section("What is worth its cost", lines, _plots("cost", found))


def _law(law: VoteLaw) -> str:
    """Say what chances the fitted law gives to a sample."""
    if round(law.easy, 2) in (0.0, 1.0):
        chance = law.p_easy if law.easy > 0.5 else law.p_hard
        return f"a sample is right with a chance of {chance:.2f} on every question"
    return (
        f"{law.easy:.0%} of the questions are easy, with a chance of {law.p_easy:.2f}, the others "
        f"have {law.p_hard:.2f}"
    )


def _samples(found: Findings) -> Iterator[Section]:
    if not found.votes.sizes:
        return
    lines = [
        "Majority votes over the stored answers, in many random orders of each question. Coverage "
        "is unbiased pass@k: what a perfect choice would reach."
    ]
    law, best = found.law, found.recommended
    if law is not None and best is not None:
        lines.append(
            f"Fitted law (arXiv 2403.02419): {_law(law)}; its error is "
            f"{100 * law.error:.1f} points. Recommended: {counted(best.samples, 'sample')}, with "
            f"{best.accuracy:.1%}{'' if best.measured else ' by the law'}"
            f"{'' if best.reached else '; the target is not reached'}."
        )
    tables = [
        Grid(
            ("samples", "vote %", "95 % low", "95 % high", "coverage %"),
            [
                (one.name, *_accuracy(one), f"{100 * (one.coverage or 0.0):.1f}")
                for one in found.votes.sizes
            ],
        )
    ]
    if found.votes.rules:
        lines.append("Stopping rules, on the same answers; same: as the vote of all.")
        tables.append(
            Grid(
                ("rule", "samples used", "vote %", "95 % low", "95 % high", "same answer %"),
                [
                    (one.name, f"{one.samples:.1f}", *_accuracy(one), f"{100 * one.same:.1f}")
                    for one in found.votes.rules
                ],
            )
        )
    yield Section("Samples", lines, _plots("samples", found), tables)


def _accuracy(one: Figure) -> list[str]:
    return [f"{100 * value:.1f}" for value in (one.accuracy, *one.interval)]


def _members(found: Findings) -> Iterator[Section]:
    ceiling = found.comparison.ceiling
    if ceiling is None:
        return
    low, high = ceiling.interval
    lines = [
        f"On {ceiling.beta:.1%} of {ceiling.n:,} questions every member's first answer is wrong, "
        f"so no vote and no choice among them exceeds {ceiling.ceiling:.1%} "
        f"[{low:.1%}, {high:.1%}] (arXiv 2606.27288; exact interval). {ceiling.advice}"
    ]
    tables = list[Grid]()
    if found.comparison.regrets:
        tables.append(_regrets(found))
        lines.append("Regret: questions on which a member was right and the method was not.")
    if found.difficulty:
        tables.append(_by_difficulty(found))
        lines.append(
            "By how many members are right, the most accurate method against the mean member. "
            "Where its votes are these same answers, the gain in the middle is flattered."
        )
    yield Section("What the members can reach", lines, tables=tables)


def _regrets(found: Findings) -> Grid:
    return Grid(
        ("method", "regret %", "95 % low", "95 % high", "right where no member was %"),
        [
            (
                name,
                *(f"{100 * value:.1f}" for value in (one.share, *one.interval)),
                f"{100 * one.rescued:.1f}",
            )
            for name, one in found.comparison.regrets.items()
        ],
    )


def _by_difficulty(found: Findings) -> Grid:
    return Grid(
        ("members", "questions", "mean member %", "method %", "gain, points", "low", "high"),
        [
            (
                str(one.group),
                str(one.n),
                *(f"{100 * v:.1f}" for v in (one.single, one.voted, one.gain)),
                *(f"{100 * v:.1f}" for v in one.gain_interval),
            )
            for one in found.difficulty
        ],
    )


def _debate(found: Findings) -> Iterator[Section]:
    talk = persuaded(found.study.debates)
    if talk is None:
        return
    rows = [
        (name, *(f"{100 * value:.1f}" for value in (share, *around)))
        for name, share, around in (
            (
                "adoption: wrong, next to a right one, then right",
                talk.adoption,
                talk.adoption_interval,
            ),
            (
                "vulnerability: right, next to a wrong one, then wrong",
                talk.vulnerability,
                talk.vulnerability_interval,
            ),
            (
                "oracle gap: someone right at first, the answer wrong",
                talk.oracle_gap,
                talk.gap_interval,
            ),
        )
    ]
    lines = [
        f"Debaters are right on {talk.first:.1%} in the first round and on {talk.last:.1%} in the "
        "last. A debate gains only where adoption outweighs vulnerability (arXiv 2605.00914)."
    ]
    grid = Grid(("debate", "share %", "95 % low", "95 % high"), rows)
    yield Section("What the debate does", lines, tables=[grid])


def _judge(found: Findings) -> Iterator[Section]:
    if not found.judge:
        return
    lines = [str(one) for one in found.judge]
    same, pairs = consistency(found.study.judgements)
    if pairs:
        lines.append(f"Shown in both orders, the same answer won in {same:.0%} of {pairs} pairs.")
    yield Section("The judge", lines)


def _origin(found: Findings) -> Section:
    study = found.study
    lines = [f"Members: {', '.join(map(str, study.about.get('members', ())))}."]
    lines.append(
        f"Seed: {study.about.get('seed', 0)}. Answers are read as: {study.about.get('extract')}."
    )
    for start in study.starts:
        versions = ", ".join(f"{name} {value}" for name, value in start["versions"].items())
        lines.append(
            f"{start['time']}: {versions}; {start['data']}, sha256 {str(start['sha256'])[:16]}."
        )
    table = Grid(
        ("method", "prompts, with hashes"),
        [(name, ", ".join(prompts) or "none") for name, prompts in study.prompts.items()],
    )
    codes = list(dict.fromkeys(str(start["command"]) for start in study.starts))
    return Section("Where this comes from", lines, tables=[table], codes=codes)


def _plots(what: str, found: Findings) -> Sequence[Plot]:
    if find_spec("matplotlib") is None:
        return ()
    from manyminds.views import study_plots

    if what == "accuracy":
        return [Plot.of(what, study_plots.accuracies(found.comparison))]
    if what == "samples":
        return [Plot.of(what, study_plots.scaling(found))]
    return [Plot.of(f"cost-{kind}", study_plots.trade_off(found, kind)) for kind in found.fronts]
