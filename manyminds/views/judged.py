"""The report on a task that a judge graded, from the file that `manyminds judge --out` wrote."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from manyminds.views.sections import Grid, Section


def judged_sections(study: Mapping[str, Any], starts: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return the parts of the report; the last one says it in a sentence.

    Args:
        study: Description of the folder, and its figures.
        starts: Command, versions and data of each start.
    """
    about, found = study["about"], study["found"]
    return [
        _figures(about, found),
        *_judge(found),
        _cost(found),
        _origin(about, found, starts),
        Section("In short", [conclusion(study)], marked=True),
    ]


def ratings_table(found: Mapping[str, Any]) -> Grid:
    """Return the figures as a table."""
    rows: list[tuple[str, ...]] = []
    if found["wins"]:
        low, high = found["interval"]
        wins = found["wins"]
        rows.append(("win rate %", *(f"{100 * v:.1f}" for v in (wins["raw"], low, high)), ""))
        rows.append(("at equal lengths %", f"{100 * wins['controlled']:.1f}", "", "", ""))
    for name, (mean, (low, high), n) in (
        (name, (one["mean"], one["interval"], one["n"])) for name, one in found["ratings"].items()
    ):
        rows.append((name, *(f"{value:.3f}" for value in (mean, low, high)), str(n)))
    return Grid(("figure", "mean", "95 % low", "95 % high", "items"), rows)


def conclusion(study: Mapping[str, Any]) -> str:
    """Return the findings, in words."""
    about, found = study["about"], study["found"]
    who = f"{about['method']} on {found['items']:,} items of {about['task']}"
    caught = [one for one in found["preferences"] if one["caught"]]
    warning = "".join(
        f" The judge prefers the {one['kind']} answer ({one['share']:.0%}), so "
        + (
            "both orders were needed."
            if one["kind"] == "first"
            else "read the figure at equal lengths."
        )
        for one in caught
    )
    if found["wins"]:
        low, high = found["interval"]
        if low > 0.5:
            outcome = "is preferred to the reference"
        elif high < 0.5:
            outcome = "loses to the reference"
        else:
            outcome = "cannot be distinguished from the reference"
        return (
            f"{who}: it {outcome}: it wins {found['wins']['raw']:.1%} [{low:.1%}, {high:.1%}], at "
            f"equal lengths {found['wins']['controlled']:.1%}.{warning}"
        )
    name = "groups alike" if "groups alike" in found["ratings"] else "all"
    if name not in found["ratings"]:
        return f"{who}: no verdict could be read, so nothing is known; try another judge."
    mean, (low, high) = found["ratings"][name]["mean"], found["ratings"][name]["interval"]
    return f"{who}: mean {mean:.2f} [{low:.2f}, {high:.2f}].{warning}"


def _figures(about: Mapping[str, Any], found: Mapping[str, Any]) -> Section:
    lines = [f"{about['task']} ({about['paper']}), {found['items']:,} items."]
    if found["wins"]:
        effect = found["wins"]["difficulty_effect"]
        terms = (
            "difference of lengths and difficulty of each instruction, fitted as the authors do"
            if effect is not None
            else "difference of lengths; the authors' difficulty of instructions was not given"
        )
        lines.append(f"Each answer met the reference in both orders. At equal lengths: {terms}.")
    if found["unanswered"]:
        lines.append(f"{found['unanswered']:,} items have no answer and count as the worst.")
    if found["ungraded"]:
        lines.append(
            f"{found['ungraded']:,} items have no verdict that could be read; not counted."
        )
    return Section("What was found", lines, tables=[ratings_table(found)])


def _judge(found: Mapping[str, Any]) -> Iterator[Section]:
    lines = [str(one["says"]) for one in found["preferences"]]
    if found["consistency"] is not None:
        lines.append(f"In both orders, the same answer won in {found['consistency']:.0%} of pairs.")
    same = found["repeatability"]
    if same:
        lines.append(
            f"Asked {found['repeats']} times, the judge gave the same verdict in "
            f"{same['agreement']:.0%} of {same['items']:,} cases (Fleiss' kappa "
            f"{same['kappa']:.2f})."
        )
    if lines:
        yield Section("The judge", lines)


def _cost(found: Mapping[str, Any]) -> Section:
    rows = [
        (
            name,
            *(f"{found[name][key]:,}" for key in ("calls", "failed", "tokens")),
            "unknown" if found[name]["cost"] is None else f"{found[name]['cost']:.4f}",
        )
        for name in ("method", "judge")
    ]
    return Section("What it cost", tables=[Grid(("", "calls", "failed", "tokens", "$"), rows)])


def _origin(
    about: Mapping[str, Any], found: Mapping[str, Any], starts: Sequence[Mapping[str, Any]]
) -> Section:
    options = ", ".join(f"{name}={value}" for name, value in about["options"].items())
    lines = [
        f"Method: {about['method']}{f' ({options})' if options else ''}; members: "
        f"{', '.join(map(str, about['members']))}; prompts: "
        f"{', '.join(about['prompts']) or 'none'}; seed {about['seed']}.",
        f"Judge: {found['judge_model'] or 'none'}; prompt: {found['prompt'] or 'none'}.",
    ]
    for start in starts:
        versions = ", ".join(f"{name} {value}" for name, value in start["versions"].items())
        lines.append(
            f"{start['time']}: {versions}; {start['data']}, sha256 {str(start['sha256'])[:16]}."
        )
    codes = list(dict.fromkeys(str(start["command"]) for start in starts))
    return Section("Where this comes from", lines, codes=codes)
