"""The data card: what a file of training data is made of, in Markdown."""

from collections import Counter
from collections.abc import Iterator

from manyminds.export.counts import Counts
from manyminds.export.exporter import Exporter
from manyminds.export.plan import Plan

_MOST = 20


def card(plan: Plan, form: Exporter, counts: Counts) -> str:
    """Return the card; the same plan and sources give the same text."""
    about = f" ({form.paper})" if form.paper else ""
    lines = [
        "# Data card",
        "",
        f"{counts.rows} rows in the form `{form.name}`: {form.about}{about}.",
        f"Made by manyminds from {counts.used} of {counts.total} trajectories.",
        "",
        *_table("Sources", "trajectories", counts.read),
        *_table("Dropped", "trajectories", counts.dropped),
        *_table("Runs without a trajectory", "runs", counts.runs),
        *_table("Models", "trajectories used", counts.models),
        *_table("Methods", "trajectories used", counts.methods),
        *_table("Roles", "trajectories used", counts.roles),
        *_table("Rewards", "trajectories used", counts.rewards),
        "## Choice",
        "",
        *(f"- {line}" for line in _choices(plan, form)),
        "",
        "## Use",
        "",
        "The replies were written by the models above: their terms say whether other models may "
        "be trained on them. Nobody has checked the replies beyond the filters named here.",
        "",
    ]
    return "\n".join(lines)


def _choices(plan: Plan, form: Exporter) -> Iterator[str]:
    yield f"conversations: {plan.take or form.take}"
    limits = plan.limits
    for name, value in (
        ("least reward", limits.min_reward),
        ("least rating", limits.min_rating),
        ("least agreement of the vote", limits.min_agreement),
        ("characters at most", limits.max_chars),
        ("reference answers", plan.gold and plan.gold.name),
        ("ratios", ", ".join(f"{ratio:g}" for ratio in plan.ratios)),
        ("seed of the mix", plan.seed if plan.ratios else None),
        ("rows at most", plan.limit),
    ):
        if value not in (None, ""):
            yield f"{name}: {value}"
    yield f"duplicates: {'dropped' if limits.dedupe else 'kept'}"
    if plan.against is None:
        yield "decontamination: none"
    else:
        yield f"decontamination: no {plan.ngram} words in a row shared with {plan.against.name}"


def _table(title: str, unit: str, counted: Counter[str]) -> Iterator[str]:
    if not counted:
        return
    yield from (f"## {title}", "", f"| | {unit} |", "|---|---:|")
    common = counted.most_common()
    for name, number in common[:_MOST]:
        yield f"| {_cell(name)} | {number} |"
    if len(common) > _MOST:
        yield f"| {len(common) - _MOST} others | {sum(n for _, n in common[_MOST:])} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
